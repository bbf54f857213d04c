"""Where payments and money movements are kept, and the books an auditor reads."""

from collections.abc import Iterator
from typing import Any

from sandbox.clock import Clock, epoch, from_epoch, wire_time
from sandbox.store import Store
from sandbox.toss.errors import TossRefusal
from sandbox.toss.payment import Payment

MONEY_IN = ("card_approved", "transfer_approved", "deposit")


class Ledger:
    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self._clock = clock

    def add(self, payment: Payment) -> None:
        seq = self.store.next_number("toss_payments")
        self.store.run(
            "INSERT INTO toss_payments (payment_key, seq, order_id, status, account, deadline, data) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            payment.payment_key, seq, payment.order_id, payment.status, payment.account_number, payment.deadline,
            payment.dump(),
        )  # fmt: skip

    def save(self, payment: Payment) -> None:
        self.store.run(
            "UPDATE toss_payments SET status = ?, account = ?, deadline = ?, data = ? WHERE payment_key = ?",
            payment.status, payment.account_number, payment.deadline, payment.dump(), payment.payment_key,
        )  # fmt: skip

    def find(self, payment_key: str) -> Payment | None:
        row = self.store.row("SELECT data FROM toss_payments WHERE payment_key = ?", payment_key)
        return Payment.load(row["data"]) if row else None

    def get(self, payment_key: str) -> Payment:
        payment = self.find(payment_key)
        if payment is None:
            raise TossRefusal("NOT_FOUND_PAYMENT")
        return payment

    def of_order(self, order_id: str) -> Payment | None:
        """The payment that counts for an order: the accepted one, else the latest try."""
        found = self._where("order_id = ?", order_id)
        accepted = [payment for payment in found if payment.accepted]
        best = accepted or found
        return best[-1] if best else None

    def of_account(self, account_number: str) -> Payment | None:
        return next(iter(self._where("account = ?", account_number)), None)

    def all(self) -> list[Payment]:
        return self._where("1 = 1")

    def order_used(self, order_id: str) -> bool:
        return any(payment.accepted for payment in self._where("order_id = ?", order_id))

    def overdue(self) -> list[Payment]:
        now = epoch(self._clock.now())
        return self._where("deadline <= ? AND status IN ('IN_PROGRESS', 'WAITING_FOR_DEPOSIT')", now)

    def refunds_to_finish(self) -> list[Payment]:
        now = epoch(self._clock.now())
        return self._where("json_extract(data, '$.refund_done_at') <= ?", now)

    def _where(self, condition: str, *values: Any) -> list[Payment]:
        sql = f"SELECT data FROM toss_payments WHERE {condition} ORDER BY seq"  # noqa: S608 - one of our literals
        return [Payment.load(row["data"]) for row in self.store.rows(sql, *values)]

    def move(self, payment: Payment, kind: str, amount: int, note: str = "") -> None:
        """Money in (positive), money out (negative), or 0 for what the bank turned away."""
        self.store.run(
            "INSERT INTO toss_movements (payment_key, at, kind, amount, note) VALUES (?, ?, ?, ?, ?)",
            payment.payment_key, epoch(self._clock.now()), kind, amount, note,
        )  # fmt: skip

    def held(self, payment: Payment) -> int:
        """What lies there of its money."""
        row = self.store.row("SELECT sum(amount) FROM toss_movements WHERE payment_key = ?", payment.payment_key)
        return int(row[0] or 0) if row else 0

    def books(self) -> dict[str, Any]:
        """Per payment and in total: taken (reversals taken off), refunded, balance = taken - refunded. KRW."""
        entries = list(self._entries())
        names = ("taken", "reversed", "refunded", "balance")
        totals = {name: sum(entry[name] for entry in entries) for name in names}
        return {"payments": entries, "totals": {"payments": len(entries), **totals}}

    def _entries(self) -> Iterator[dict[str, Any]]:
        movements: dict[str, list[dict[str, Any]]] = {}
        for row in self.store.rows("SELECT * FROM toss_movements ORDER BY id"):
            movements.setdefault(row["payment_key"], []).append(
                {
                    "at": wire_time(from_epoch(row["at"])),
                    "kind": row["kind"],
                    "amount": row["amount"],
                    "note": row["note"],
                }
            )
        for payment in self.all():
            moved = movements.get(payment.payment_key, [])
            gross = sum(entry["amount"] for entry in moved if entry["kind"] in MONEY_IN)
            reversed_ = -sum(entry["amount"] for entry in moved if entry["kind"] == "reversal")
            refunded = -sum(entry["amount"] for entry in moved if entry["kind"] == "refund")
            yield {
                "orderId": payment.order_id,
                "paymentKey": payment.payment_key,
                "method": payment.method,
                "status": payment.status,
                "totalAmount": payment.total,
                "taken": gross - reversed_,
                "reversed": reversed_,
                "refunded": refunded,
                "balance": gross - reversed_ - refunded,
                "accountNumber": payment.account_number,
                "bank": payment.virtual_account["bankCode"] if payment.virtual_account else None,
                "dueDate": payment.virtual_account["dueDate"] if payment.virtual_account else None,
                "movements": moved,
            }
