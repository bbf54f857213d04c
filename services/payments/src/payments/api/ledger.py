"""The books, for staff and for the audit."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from common.auth import CurrentStaff, require
from common.http import DatabaseDep
from common.problems import responses
from common.wire import MoneyView
from payments.api.access import ROLE
from payments.repository import audit, ledger, settlement
from payments.schemas.books import (
    AuditView,
    Day,
    DifferenceView,
    JournalView,
    LedgerView,
    PostingView,
    SettlementsView,
    SettlementView,
)

_WON = "KRW"  # what providers of Korea settle in

router = APIRouter(prefix="/v1/payments", tags=["ledger"])


@router.get(
    "/ledger", response_model=LedgerView, responses=responses(401, 403), summary="An order's money, entry by entry"
)
async def order_ledger(database: DatabaseDep, staff: CurrentStaff, order_id: Annotated[UUID, Query()]) -> LedgerView:
    """Staff with the role `payments`."""
    require(staff, ROLE)
    async with database.read() as connection:
        rows = await ledger.of_order(connection, order_id)
        balances = await ledger.balances(connection, order_id)
    journals = []
    for ref, entries in groupby(rows, key=lambda row: str(row.ref)):
        lines = list(entries)
        journals.append(
            JournalView(
                ref=ref,
                kind=lines[0].kind,
                payment_id=lines[0].payment_id,
                posted_at=lines[0].posted_at,
                postings=[
                    PostingView(account=line.account, amount=MoneyView.of(line.amount, line.currency)) for line in lines
                ],
            )
        )
    return LedgerView(order_id=order_id, journals=journals, balances=_shown(balances))


@router.get("/audit", response_model=AuditView, responses=responses(401, 403, 422), summary="Do the books balance?")
async def books_audit(
    database: DatabaseDep, staff: CurrentStaff, full: Annotated[bool, Query(description="recount everything")] = False
) -> AuditView:
    """Compares the books of every payment with its state: of those that changed since the last look, of the others the
    answer is known. `full` reads the whole ledger again, and holds the running sums against it. Staff with the role
    `payments`.
    """
    require(staff, ROLE)
    async with database.read() as connection:
        wrong = await audit.wrong_payments(connection, every=full)
        unbalanced = await audit.unbalanced_journals(connection, every=full)
        counts = await audit.counts(connection)
        balances = await audit.balances(connection)
        agree = not full or await audit.sums_agree(connection)
    return AuditView(
        balanced=not wrong and not unbalanced and agree,
        counts=counts,
        balances=_shown(balances),
        wrong_payments=[dict(row._mapping) for row in wrong],  # noqa: SLF001 - the row as a mapping
        unbalanced_journals=[dict(row._mapping) for row in unbalanced],  # noqa: SLF001 - the row as a mapping
    )


@router.get(
    "/settlements",
    response_model=SettlementsView,
    responses=responses(401, 403),
    summary="The providers' accounts of a day, and where they differ from ours",
)
async def day_settlements(database: DatabaseDep, staff: CurrentStaff, day: Annotated[Day, Query()]) -> SettlementsView:
    """Every difference ever found in the day's accounts; `resolved_at` tells that it is none any more. Staff only."""
    require(staff, ROLE)
    async with database.read() as connection:
        taken, found = await settlement.of_day(connection, day)
    return SettlementsView(
        day=day,
        settlements=[
            SettlementView(
                provider=row.provider,
                merchant=row.merchant,
                lines=row.lines,
                payments=MoneyView.of(row.payments_amount, _WON),
                cancels=MoneyView.of(row.cancels_amount, _WON),
                fee=MoneyView.of(row.fee, _WON),
                payout=MoneyView.of(row.payout, _WON),
                taken_at=row.taken_at,
            )
            for row in taken
        ],
        differences=[DifferenceView.model_validate(row, from_attributes=True) for row in found],
    )


def _shown(balances: Mapping[tuple[str, str], int]) -> list[PostingView]:
    return [
        PostingView(account=account, amount=MoneyView.of(balance, currency))
        for (account, currency), balance in sorted(balances.items())
    ]
