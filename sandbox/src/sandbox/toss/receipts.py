"""Cash receipts. Whether the type fits the identifier is not checked here, as it is not there: a phone number passes as
an expense receipt, and whoever calls must know better."""

import json
import secrets
from typing import Any

from sandbox.clock import Clock, wire_time
from sandbox.settings import Settings
from sandbox.store import Store
from sandbox.toss import checks
from sandbox.toss.errors import TossRefusal


class CashReceipts:
    def __init__(self, settings: Settings, clock: Clock, store: Store) -> None:
        self._settings = settings
        self._clock = clock
        self._store = store

    def issue(self, body: dict[str, Any]) -> dict[str, Any]:
        amount = checks.whole(body.get("amount"), least=1)
        order_id = checks.order_id(body.get("orderId"))
        order_name = checks.text(body.get("orderName"), most=100, code="INVALID_ORDER_NAME")
        identity = checks.text(body.get("customerIdentityNumber"), most=30)
        kind = body.get("type")
        if kind not in ("소득공제", "지출증빙") or not identity.isdigit():
            raise TossRefusal("INVALID_REQUEST")
        if self._store.row("SELECT 1 FROM toss_cash_receipts WHERE order_id = ? AND cancelled = 0", order_id):
            raise TossRefusal("DUPLICATED_CASH_RECEIPT")
        key = secrets.token_hex(24)
        receipt = {
            "receiptKey": key,
            "issueNumber": f"{secrets.randbelow(10**9):09d}",
            "issueStatus": "COMPLETED",
            "amount": amount,
            "taxFreeAmount": checks.whole(body.get("taxFreeAmount") or 0),
            "orderId": order_id,
            "orderName": order_name,
            "type": kind,
            "transactionType": "CONFIRM",
            "businessNumber": "1234567890",
            "customerIdentityNumber": _masked(identity),
            "failure": None,
            "requestedAt": wire_time(self._clock.now()),
            "receiptUrl": f"{self._settings.base_url}/toss/receipts/{key}",
        }
        self._store.run(
            "INSERT INTO toss_cash_receipts (receipt_key, order_id, cancelled, data) VALUES (?, ?, 0, ?)",
            key, order_id, json.dumps(receipt, ensure_ascii=False),
        )  # fmt: skip
        return receipt

    def cancel(self, receipt_key: str, body: dict[str, Any]) -> dict[str, Any]:
        """All of it unless an amount is said; a part leaves the rest issued."""
        row = self._store.row("SELECT * FROM toss_cash_receipts WHERE receipt_key = ?", receipt_key)
        if row is None:
            raise TossRefusal("NOT_FOUND")
        receipt = json.loads(row["data"])
        amount = checks.optional_whole(body.get("amount"), least=1) or receipt["amount"]
        if row["cancelled"] or amount > receipt["amount"]:
            raise TossRefusal("INVALID_REQUEST")
        left = receipt["amount"] - amount
        self._store.run(
            "UPDATE toss_cash_receipts SET cancelled = ?, data = ? WHERE receipt_key = ?",
            int(left == 0), json.dumps({**receipt, "amount": left}, ensure_ascii=False), receipt_key,
        )  # fmt: skip
        now = wire_time(self._clock.now())
        return {**receipt, "amount": amount, "transactionType": "CANCEL", "requestedAt": now}

    def listing(self) -> list[dict[str, Any]]:
        rows = self._store.rows("SELECT * FROM toss_cash_receipts ORDER BY rowid")
        return [{**json.loads(row["data"]), "cancelled": bool(row["cancelled"])} for row in rows]


def _masked(identity: str) -> str:
    return identity[:3] + "*" * max(0, len(identity) - 6) + identity[-3:]
