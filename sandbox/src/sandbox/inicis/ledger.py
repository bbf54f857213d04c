"""Where tries and money movements are kept, the books an auditor reads, and the daily settlement list."""

from datetime import timedelta
from typing import Any

from sandbox.banks import sold
from sandbox.clock import Clock, epoch, from_epoch, wire_time
from sandbox.inicis.payment import Payment
from sandbox.inicis.settings import InicisSettings
from sandbox.store import Store

TABLES = """
CREATE TABLE IF NOT EXISTS inicis_payments (
    token TEXT PRIMARY KEY, seq INTEGER NOT NULL, mid TEXT NOT NULL, oid TEXT NOT NULL, tid TEXT, account TEXT,
    status TEXT NOT NULL, data TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS inicis_by_order ON inicis_payments (oid);
CREATE INDEX IF NOT EXISTS inicis_by_tid ON inicis_payments (tid);
CREATE TABLE IF NOT EXISTS inicis_movements (
    id INTEGER PRIMARY KEY, token TEXT NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL, amount INTEGER NOT NULL,
    reference TEXT NOT NULL, note TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS inicis_movements_of ON inicis_movements (token)
"""
MONEY_IN = ("approved", "deposit")
UNDONE = ("net_cancel", "reversal")


class Ledger:
    def __init__(self, settings: InicisSettings, store: Store, clock: Clock) -> None:
        self.store = store
        self._settings = settings
        self._clock = clock
        for statement in TABLES.split(";"):
            store.run(statement)

    def add(self, payment: Payment) -> None:
        self.store.run(
            "INSERT INTO inicis_payments (token, seq, mid, oid, tid, account, status, data) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            payment.token, self.store.next_number("inicis_payments"), payment.mid, payment.oid, payment.tid,
            payment.account, payment.status, payment.dump(),
        )  # fmt: skip

    def save(self, payment: Payment) -> None:
        self.store.run(
            "UPDATE inicis_payments SET tid = ?, account = ?, status = ?, data = ? WHERE token = ?",
            payment.tid, payment.account, payment.status, payment.dump(), payment.token,
        )  # fmt: skip

    def of_token(self, token: str) -> Payment | None:
        return next(iter(self._where("token = ?", token)), None)

    def of_tid(self, tid: str, mid: str) -> Payment | None:
        return next((found for found in self._where("tid = ?", tid) if found.mid == mid), None)

    def of_order(self, oid: str, mid: str) -> Payment | None:
        """The newest that was approved; what was only agreed or declined is no payment."""
        found = [payment for payment in self._where("oid = ?", oid) if payment.mid == mid and payment.approved_at]
        return found[-1] if found else None

    def of_account(self, account: str) -> Payment | None:
        return next(iter(self._where("account = ?", account)), None)

    def newest(self, oid: str) -> Payment | None:
        found = [payment for payment in self._where("oid = ?", oid) if payment.approved_at]
        return found[-1] if found else None

    def _where(self, condition: str, *values: Any) -> list[Payment]:
        sql = f"SELECT data FROM inicis_payments WHERE {condition} ORDER BY seq"  # noqa: S608 - one of our literals
        return [Payment.load(row["data"]) for row in self.store.rows(sql, *values)]

    def move(self, payment: Payment, kind: str, amount: int, reference: str = "", note: str = "") -> None:
        """Money in (positive), money out (negative), or 0 for what the bank turned away."""
        self.store.run(
            "INSERT INTO inicis_movements (token, at, kind, amount, reference, note) VALUES (?, ?, ?, ?, ?, ?)",
            payment.token, epoch(self._clock.now()), kind, amount, reference, note,
        )  # fmt: skip

    def held(self, payment: Payment) -> int:
        """What lies there of its money."""
        row = self.store.row("SELECT sum(amount) FROM inicis_movements WHERE token = ?", payment.token)
        return int(row[0] or 0) if row else 0

    def books(self) -> dict[str, Any]:
        """Per payment and in total: taken, reversed (net cancels too), refunded, and what is left. KRW."""
        moved: dict[str, list[dict[str, Any]]] = {}
        for row in self.store.rows("SELECT * FROM inicis_movements ORDER BY id"):
            entry = {name: row[name] for name in ("kind", "amount", "reference", "note")}
            moved.setdefault(row["token"], []).append({"at": wire_time(from_epoch(row["at"])), **entry})
        entries = [_entry(payment, moved.get(payment.token, [])) for payment in self._where("1 = ?", 1)]
        names = ("taken", "reversed", "refunded", "balance")
        totals = {name: sum(entry[name] for entry in entries) for name in names}
        return {"payments": entries, "totals": {"payments": len(entries), **totals}}

    def settled(self, mid: str, day: str) -> list[dict[str, Any]]:
        """memory: the list's shape. What moved for a merchant on a day (YYYYMMDD, Korean time). KRW.

        What was undone, by a net cancel or by the bank, is not on it. Neither is the undoing, nor what lies beyond the
        price.
        """
        rows: list[dict[str, Any]] = []
        for payment in self._where("mid = ?", mid):
            moves = self.store.rows("SELECT * FROM inicis_movements WHERE token = ? ORDER BY id", payment.token)
            rows += [
                self._settled(payment, row, abs(amount))
                for row, amount in sold(moves, payment.price)
                if f"{from_epoch(row['at']):%Y%m%d}" == day
            ]
        return rows

    def _settled(self, payment: Payment, row: Any, amount: int) -> dict[str, Any]:
        fee = (amount * self._settings.fee_permille * 2 + 1000) // 2000
        settled = {
            "kind": "CANCEL" if row["kind"] == "refund" else "APPROVAL",
            "tid": payment.tid,
            "oid": payment.oid,
            "paymethod": payment.method,
            "price": str(amount),
            "fee": str(fee),
            "settleDate": f"{from_epoch(row['at']) + timedelta(days=self._settings.payout_days):%Y%m%d}",
        }
        return settled | ({"cancelTid": row["reference"]} if row["kind"] == "refund" else {})


def _entry(payment: Payment, moved: list[dict[str, Any]]) -> dict[str, Any]:
    taken = sum(row["amount"] for row in moved if row["kind"] in MONEY_IN)
    undone = -sum(row["amount"] for row in moved if row["kind"] in UNDONE)
    refunded = -sum(row["amount"] for row in moved if row["kind"] == "refund")
    return {
        "orderId": payment.oid,
        "tid": payment.tid,
        "mid": payment.mid,
        "method": payment.method,
        "status": payment.status,
        "totalAmount": payment.price,
        "taken": taken,
        "reversed": undone,
        "refunded": refunded,
        "balance": taken - undone - refunded,
        "accountNumber": payment.account,
        "bank": payment.bank if payment.account else None,
        "dueDate": payment.due,
        "movements": moved,
    }
