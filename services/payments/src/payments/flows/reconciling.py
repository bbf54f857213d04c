"""Every day each provider's own account of the days before is compared with our ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from common import log
from common.clock import SEOUL
from common.db import Database
from payments import errors
from payments.clients.gateway import PaymentGateway, SettledRow
from payments.clients.registry import Gateways
from payments.commands.answers import Unknown
from payments.domain.settlement import Line, compare, journal
from payments.repository import ledger as books
from payments.repository import settlement as rows

_log = log.get(__name__)


class Reconciling:
    """`days`: how many days back are taken again, for what providers tell late. `hour`: from when on, in Korea."""

    def __init__(self, database: Database, gateways: Gateways, *, days: int, hour: int) -> None:
        self._database = database
        self._gateways = gateways
        self._days = days
        self._hour = hour

    def due(self) -> list[tuple[PaymentGateway, date]]:
        """Every account of the last days, oldest first."""
        now = self._database.clock.now().astimezone(SEOUL)
        if now.hour < self._hour:
            return []
        past = [now.date() - timedelta(days=back) for back in range(self._days, 0, -1)]
        return [(gateway, day) for gateway in self._gateways.merchants() for day in past]

    async def reconcile(self, due: tuple[PaymentGateway, date]) -> bool:
        """False: it was done today already, or the provider has no such list or does not answer now."""
        gateway, day = due
        async with self._database.read() as connection:
            before = await rows.taken_at(connection, gateway.name, gateway.merchant, day)
        if (
            before is not None
            and before.astimezone(SEOUL).date() == self._database.clock.now().astimezone(SEOUL).date()
        ):
            return False
        try:
            told = await gateway.settlements(day)
        except errors.NotOffered:
            return False
        if isinstance(told, Unknown):
            _log.warning("no settlement list", provider=gateway.name, day=day.isoformat(), why=told.why)
            return False
        await self._take(gateway, day, told)
        return True

    async def _take(self, gateway: PaymentGateway, day: date, told: Sequence[SettledRow]) -> None:
        lines = [_line(row) for row in told]
        async with self._database.transaction() as tx:
            entries = await rows.entries(
                tx.connection, gateway.name, gateway.merchant, day, (line.key for line in lines)
            )
            compared = compare(lines, entries)
            agreed = [(line, entry) for line, entry in compared.agreed if not entry.settled]
            await books.post(tx.connection, [journal(gateway.name, *pair) for pair in agreed], tx.now)
            await rows.keep(tx.connection, gateway.name, gateway.merchant, day, lines, now=tx.now)
            await rows.differ(tx.connection, gateway.name, gateway.merchant, day, compared, now=tx.now)
        if compared.differences:
            _log.warning(
                "a provider's account differs from ours",
                provider=gateway.name,
                day=day.isoformat(),
                differences=len(compared.differences),
            )


def _line(row: SettledRow) -> Line:
    return Line(row.kind, row.key, row.reference or "", row.amount, row.fee, row.payout, row.currency)
