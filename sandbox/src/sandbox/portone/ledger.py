"""PortOne's books: payments, money movements, what the amounts were locked to."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sandbox.banks import sold
from sandbox.clock import Clock, epoch, from_epoch, wire_time
from sandbox.portone.payment import Api, Payment
from sandbox.portone.refusals import PortOneRefusal
from sandbox.store import Store

TABLES = """
CREATE TABLE IF NOT EXISTS portone_payments (
    tx_id TEXT PRIMARY KEY, seq INTEGER NOT NULL, api TEXT NOT NULL, payment_id TEXT NOT NULL, status TEXT NOT NULL,
    account TEXT, deadline REAL, changed_at REAL NOT NULL, data TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS portone_by_payment ON portone_payments (api, payment_id);
CREATE INDEX IF NOT EXISTS portone_by_deadline ON portone_payments (deadline);
CREATE TABLE IF NOT EXISTS portone_movements (
    id INTEGER PRIMARY KEY, tx_id TEXT NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL, amount INTEGER NOT NULL,
    note TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS portone_movements_of ON portone_movements (tx_id);
CREATE TABLE IF NOT EXISTS portone_prepared (
    api TEXT NOT NULL, payment_id TEXT NOT NULL, amount INTEGER NOT NULL, PRIMARY KEY (api, payment_id));
CREATE TABLE IF NOT EXISTS portone_tokens (token TEXT PRIMARY KEY, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS portone_pending (
    tx_id TEXT NOT NULL, cancellation_id TEXT PRIMARY KEY, due_at REAL NOT NULL)
"""
OPEN = ("READY", "FAILED")


class Ledger:
    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self._clock = clock
        for table in TABLES.split(";"):
            store.run(table)

    def add(self, payment: Payment) -> None:
        self.store.run(
            "INSERT INTO portone_payments (tx_id, seq, api, payment_id, status, account, deadline, changed_at, data) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            payment.tx_id, self.store.next_number("portone_payments"), payment.api, payment.payment_id, payment.status,
            None if payment.account is None else payment.account["number"], payment.deadline,
            epoch(self._clock.now()), payment.dump(),
        )  # fmt: skip

    def save(self, payment: Payment) -> None:
        payment.changed_at = wire_time(self._clock.now())
        self.store.run(
            "UPDATE portone_payments SET status = ?, account = ?, deadline = ?, changed_at = ?, data = ? "
            "WHERE tx_id = ?",
            payment.status, None if payment.account is None else payment.account["number"], payment.deadline,
            epoch(self._clock.now()), payment.dump(), payment.tx_id,
        )  # fmt: skip

    def of_tx(self, tx_id: str) -> Payment | None:
        return next(iter(self._where("tx_id = ?", tx_id)), None)

    def of_payment(self, api: Api, payment_id: str) -> Payment | None:
        """The try that counts: one that took money or gave an account, else the latest."""
        found = self._where("api = ? AND payment_id = ?", api, payment_id)
        real = [payment for payment in found if payment.status not in OPEN]
        best = real or found
        return best[-1] if best else None

    def get(self, api: Api, payment_id: str) -> Payment:
        payment = self.of_payment(api, payment_id)
        if payment is None:
            raise PortOneRefusal("PAYMENT_NOT_FOUND")
        return payment

    def of_account(self, number: str) -> Payment | None:
        return next(iter(self._where("account = ?", number)), None)

    def overdue(self) -> list[Payment]:
        now = epoch(self._clock.now())
        return self._where("deadline <= ? AND status = 'VIRTUAL_ACCOUNT_ISSUED'", now)

    def changed(self, api: Api, since: float, until: float) -> list[Payment]:
        return self._where("api = ? AND changed_at >= ? AND changed_at < ?", api, since, until)

    def _where(self, condition: str, *values: Any) -> list[Payment]:
        sql = f"SELECT data FROM portone_payments WHERE {condition} ORDER BY seq"  # noqa: S608 - one of our literals
        return [Payment.load(row["data"]) for row in self.store.rows(sql, *values)]

    def move(self, payment: Payment, kind: str, amount: int, note: str = "") -> None:
        """Money in (positive), money out (negative), or 0 for what the bank turned away."""
        self.store.run(
            "INSERT INTO portone_movements (tx_id, at, kind, amount, note) VALUES (?, ?, ?, ?, ?)",
            payment.tx_id, epoch(self._clock.now()), kind, amount, note,
        )  # fmt: skip

    def held(self, payment: Payment) -> int:
        """What lies there of its money."""
        row = self.store.row("SELECT sum(amount) FROM portone_movements WHERE tx_id = ?", payment.tx_id)
        return int(row[0] or 0) if row else 0

    def lock_amount(self, api: Api, payment_id: str, amount: int, *, again: bool) -> None:
        """`again`: whether a second lock may replace the first (V2), or is refused (V1)."""
        if not again and self.locked(api, payment_id) is not None:
            raise PortOneRefusal("ALREADY_REGISTERED")
        self.store.run(
            "INSERT INTO portone_prepared (api, payment_id, amount) VALUES (?, ?, ?) "
            "ON CONFLICT (api, payment_id) DO UPDATE SET amount = excluded.amount",
            api, payment_id, amount,
        )  # fmt: skip

    def locked(self, api: Api, payment_id: str) -> int | None:
        row = self.store.row(
            "SELECT amount FROM portone_prepared WHERE api = ? AND payment_id = ?", api, payment_id
        )  # fmt: skip
        return None if row is None else int(row["amount"])

    def books(self, api: Api | None = None) -> dict[str, Any]:
        """Per payment and in total: taken, reversed, refunded, and what is left. KRW."""
        entries = [entry for entry in self._entries() if api in (None, entry["api"])]
        names = ("taken", "reversed", "refunded", "balance")
        totals = {name: sum(entry[name] for entry in entries) for name in names}
        return {"payments": entries, "totals": {"payments": len(entries), **totals}}

    def _entries(self) -> Iterator[dict[str, Any]]:
        movements: dict[str, list[dict[str, Any]]] = {}
        for row in self.store.rows("SELECT * FROM portone_movements ORDER BY id"):
            shown = {name: row[name] for name in ("kind", "amount", "note")}
            movements.setdefault(row["tx_id"], []).append({"at": wire_time(from_epoch(row["at"])), **shown})
        for payment in self._where("1 = 1"):
            moved = movements.get(payment.tx_id, [])
            taken = sum(entry["amount"] for entry in moved if entry["amount"] > 0)
            reversed_ = -sum(entry["amount"] for entry in moved if entry["kind"] == "reversal")
            refunded = -sum(entry["amount"] for entry in moved if entry["kind"] == "refund")
            account = payment.account or {}
            yield {
                "api": payment.api, "paymentId": payment.payment_id, "transactionId": payment.tx_id,
                "method": payment.method, "status": payment.status, "totalAmount": payment.total, "taken": taken,
                "reversed": reversed_, "refunded": refunded, "balance": taken - reversed_ - refunded,
                "accountNumber": account.get("number"), "bank": account.get("bank"),
                "dueDate": account.get("expiredAt"), "movements": moved,
            }  # fmt: skip

    def settlement(self, api: Api, day: date, fee_rate: float) -> list[dict[str, Any]]:
        """What the PG behind it pays out for a Korean day. The PG's own list, which PortOne itself does not have."""
        listed = []
        for payment in self._where("api = ?", api):
            moves = self.store.rows("SELECT * FROM portone_movements WHERE tx_id = ? ORDER BY id", payment.tx_id)
            for row, amount in sold(moves, payment.total):
                moment, fee = from_epoch(row["at"]), round(amount * fee_rate)
                if moment.date() == day:
                    listed.append(
                        {
                            "paymentId": payment.payment_id,
                            "transactionId": payment.tx_id,
                            "at": wire_time(moment),
                            "kind": "payment" if amount > 0 else "cancel",
                            "amount": amount,
                            "fee": fee,
                            "payout": amount - fee,
                        }
                    )
        return listed

    def remember_token(self, token: str, expires_at: float) -> None:
        self.store.run("INSERT INTO portone_tokens (token, expires_at) VALUES (?, ?)", token, expires_at)

    def live_token(self, now: float) -> tuple[str, float] | None:
        row = self.store.row("SELECT * FROM portone_tokens WHERE expires_at > ? ORDER BY expires_at DESC LIMIT 1", now)
        return None if row is None else (row["token"], row["expires_at"])

    def token_is_good(self, token: str, now: float) -> bool:
        return self.store.row("SELECT 1 FROM portone_tokens WHERE token = ? AND expires_at > ?", token, now) is not None

    def revoke_tokens(self) -> int:
        return self.store.run("DELETE FROM portone_tokens")

    def pend(self, payment: Payment, cancellation_id: str, due_at: float) -> None:
        self.store.run(
            "INSERT INTO portone_pending (tx_id, cancellation_id, due_at) VALUES (?, ?, ?)",
            payment.tx_id, cancellation_id, due_at,
        )  # fmt: skip

    def pending_due(self, tx_id: str | None = None) -> list[tuple[Payment, str]]:
        """(payment, cancellation id) the bank is done with by now; with `tx_id`, all of that payment at once."""
        if tx_id is None:
            rows = self.store.rows("SELECT * FROM portone_pending WHERE due_at <= ?", epoch(self._clock.now()))
        else:
            rows = self.store.rows("SELECT * FROM portone_pending WHERE tx_id = ?", tx_id)
        found = ((self.of_tx(row["tx_id"]), row["cancellation_id"]) for row in rows)
        return [(payment, cancellation_id) for payment, cancellation_id in found if payment is not None]

    def unpend(self, cancellation_id: str) -> None:
        self.store.run("DELETE FROM portone_pending WHERE cancellation_id = ?", cancellation_id)
