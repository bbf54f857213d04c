"""Where payments and money movements are kept, the books an auditor reads, and the daily settlement listing."""

from datetime import timedelta
from typing import Any

from sandbox.clock import Clock, epoch, from_epoch, wire_time
from sandbox.kakaopay.errors import KakaoPayRefusal
from sandbox.kakaopay.payment import Payment
from sandbox.store import Store

TABLES = """
CREATE TABLE IF NOT EXISTS kakaopay_payments (
    tid TEXT PRIMARY KEY, seq INTEGER NOT NULL, ticket TEXT NOT NULL UNIQUE, partner_order_id TEXT NOT NULL,
    status TEXT NOT NULL, data TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS kakaopay_by_order ON kakaopay_payments (partner_order_id);
CREATE TABLE IF NOT EXISTS kakaopay_movements (
    id INTEGER PRIMARY KEY, tid TEXT NOT NULL, aid TEXT NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL,
    amount INTEGER NOT NULL, note TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS kakaopay_movements_of ON kakaopay_movements (tid)
"""
KINDS = {"payment": "PAYMENT", "refund": "CANCEL"}


class Ledger:
    def __init__(self, store: Store, clock: Clock, *, fee_permille: int, payout_days: int) -> None:
        self.store = store
        self._clock = clock
        self._fee_permille = fee_permille
        self._payout_days = payout_days
        for statement in TABLES.split(";"):
            store.run(statement)

    def add(self, payment: Payment) -> None:
        seq = self.store.next_number("kakaopay_payments")
        self.store.run(
            "INSERT INTO kakaopay_payments (tid, seq, ticket, partner_order_id, status, data) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            payment.tid, seq, payment.ticket, payment.partner_order_id, payment.status, payment.dump(),
        )  # fmt: skip

    def save(self, payment: Payment) -> None:
        self.store.run(
            "UPDATE kakaopay_payments SET status = ?, data = ? WHERE tid = ?",
            payment.status, payment.dump(), payment.tid,
        )  # fmt: skip

    def get(self, tid: str, cid: str) -> Payment:
        """Another merchant's tid is none."""
        found = self._where("tid = ?", tid)
        if not found or found[0].cid != cid:
            raise KakaoPayRefusal(-721)
        return found[0]

    def of_ticket(self, ticket: str) -> Payment | None:
        return next(iter(self._where("ticket = ?", ticket)), None)

    def of_order(self, partner_order_id: str) -> Payment | None:
        """The newest try. Only the sandbox can look so: the company's API knows payments by tid alone."""
        found = self._where("partner_order_id = ?", partner_order_id)
        return found[-1] if found else None

    def all(self) -> list[Payment]:
        return self._where("1 = ?", 1)

    def _where(self, condition: str, *values: Any) -> list[Payment]:
        sql = f"SELECT data FROM kakaopay_payments WHERE {condition} ORDER BY seq"  # noqa: S608 - one of our literals
        return [Payment.load(row["data"]) for row in self.store.rows(sql, *values)]

    def move(self, payment: Payment, kind: str, amount: int, aid: str, note: str = "") -> None:
        """Money in (positive) or out (negative)."""
        self.store.run(
            "INSERT INTO kakaopay_movements (tid, aid, at, kind, amount, note) VALUES (?, ?, ?, ?, ?, ?)",
            payment.tid, aid, epoch(self._clock.now()), kind, amount, note,
        )  # fmt: skip

    def books(self) -> dict[str, Any]:
        """Per payment and in total: taken, refunded, balance = taken - refunded. KRW."""
        moved: dict[str, list[dict[str, Any]]] = {}
        for row in self.store.rows("SELECT * FROM kakaopay_movements ORDER BY id"):
            entry = {"at": wire_time(from_epoch(row["at"])), "kind": row["kind"], "amount": row["amount"]}
            moved.setdefault(row["tid"], []).append(entry | {"note": row["note"], "aid": row["aid"]})
        entries = [_entry(payment, moved.get(payment.tid, [])) for payment in self.all()]
        names = ("taken", "reversed", "refunded", "balance")
        totals = {name: sum(entry[name] for entry in entries) for name in names}
        return {"payments": entries, "totals": {"payments": len(entries), **totals}}

    def settled(self, cid: str, day: str) -> list[dict[str, Any]]:
        """What moved on one day (YYYY-MM-DD, Korean time), with the fee and what is paid out. KRW."""
        payments = {payment.tid: payment for payment in self.all() if payment.cid == cid}
        rows = []
        for row in self.store.rows("SELECT * FROM kakaopay_movements ORDER BY id"):
            at, payment = from_epoch(row["at"]), payments.get(row["tid"])
            if payment is None or at.date().isoformat() != day:
                continue
            fee = self._fee(row["amount"])
            rows.append(
                {
                    "tid": row["tid"],
                    "aid": row["aid"],
                    "partner_order_id": payment.partner_order_id,
                    "payment_method_type": payment.method,
                    "type": KINDS[row["kind"]],
                    "amount": row["amount"],
                    "fee": fee,
                    "payout_amount": row["amount"] - fee,
                    "payout_date": (at + timedelta(days=self._payout_days)).date().isoformat(),
                    "approved_at": at.replace(tzinfo=None).isoformat(timespec="seconds"),
                }
            )
        return rows

    def _fee(self, amount: int) -> int:
        """With its sign: a refund gives the fee back."""
        fee = (abs(amount) * self._fee_permille * 2 + 1000) // 2000
        return fee if amount >= 0 else -fee


def _entry(payment: Payment, moved: list[dict[str, Any]]) -> dict[str, Any]:
    taken = sum(row["amount"] for row in moved if row["amount"] > 0)
    refunded = -sum(row["amount"] for row in moved if row["amount"] < 0)
    return {
        "orderId": payment.partner_order_id,
        "tid": payment.tid,
        "cid": payment.cid,
        "method": payment.method,
        "status": payment.status,
        "totalAmount": payment.total,
        "taken": taken,
        "reversed": 0,
        "refunded": refunded,
        "balance": taken - refunded,
        "movements": moved,
    }
