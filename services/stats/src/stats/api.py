"""Routes for staff: parse, ask, render."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from common import idempotency, ids
from common.auth import CurrentStaff, Staff, require
from common.http import DatabaseDep
from common.idempotency import Claim
from common.problems import responses
from common.wire import MallId
from stats import handlers
from stats.commands import RequestRebuild
from stats.domain.figures import Dimension
from stats.domain.periods import MOST_DAYS, By, span
from stats.handlers import Defaults, Question
from stats.schemas import HeardView, OrdersView, RebuildBody, RebuildView, SalesView

router = APIRouter()

_A_DAY_OR_MOMENT = "a day in Seoul (`2026-11-22`) or an RFC 3339 moment"


async def _stats_staff(who: CurrentStaff) -> Staff:
    require(who, "stats")
    return who


StatsStaff = Annotated[Staff, Depends(_stats_staff)]
Mall = Annotated[MallId | None, Query(description="without it: all malls", examples=["intake"])]
From = Annotated[str | None, Query(alias="from", max_length=40, description=f"{_A_DAY_OR_MOMENT}; 30 days before `to`")]
To = Annotated[
    str | None,
    Query(max_length=40, description=f"{_A_DAY_OR_MOMENT}: a day is included, a moment is not; through today"),
]
Currency = Annotated[str | None, Query(pattern=r"^[A-Z]{3}$", description="amounts of others are left out")]
OptionalKey = Annotated[str | None, Header(description="makes a repeat of this request harmless")]


async def _defaults(request: Request) -> Defaults:
    defaults: Defaults = request.app.state.defaults
    return defaults


DefaultsDep = Annotated[Defaults, Depends(_defaults)]


@router.get(
    "/v1/stats/sales",
    response_model=SalesView,
    responses=responses(401, 403, 422),
    summary="Sales by time and product, category, SKU, channel or mall",
    description="A sale is booked at the moment its order was paid, a cancel of paid units at the moment of the "
    "cancel. Hours up to 31 days, days up to 400, weeks and months up to ten years.",
)
async def read_sales(
    *,
    defaults: DefaultsDep,
    _who: StatsStaff,
    database: DatabaseDep,
    mall: Mall = None,
    start: From = None,
    to: To = None,
    by: By = By.DAY,
    dimension: Dimension = Dimension.MALL,
    currency: Currency = None,
) -> SalesView:
    asked = span(start, to, database.clock.now(), MOST_DAYS[by])
    question = Question(asked, currency or defaults.currency, mall)
    async with database.read() as connection:
        found = await handlers.read_sales(question, by, dimension, defaults.max_rows, connection)
    return SalesView.of(question, by, dimension, found)


@router.get(
    "/v1/stats/orders",
    response_model=OrdersView,
    responses=responses(401, 403, 422),
    summary="How many orders were placed, paid, cancelled, completed",
)
async def read_orders(
    *,
    defaults: DefaultsDep,
    _who: StatsStaff,
    database: DatabaseDep,
    mall: Mall = None,
    start: From = None,
    to: To = None,
    currency: Currency = None,
) -> OrdersView:
    asked = span(start, to, database.clock.now(), MOST_DAYS[By.MONTH])
    question = Question(asked, currency or defaults.currency, mall)
    async with database.read() as connection:
        return OrdersView.of(question, await handlers.read_orders(question, connection))


@router.get(
    "/v1/stats/events",
    response_model=HeardView,
    responses=responses(401, 403),
    summary="How many events the figures are made of",
)
async def read_events(_who: StatsStaff, database: DatabaseDep) -> HeardView:
    async with database.read() as connection:
        return HeardView.of(await handlers.read_heard(connection))


@router.post(
    "/v1/stats/rebuilds",
    status_code=202,
    response_model=RebuildView,
    responses=responses(400, 401, 403, 409, 413, 422),
    summary="Rebuild the figures from the topics and compare",
    description="Reads every event from the first, compares with the figures in use, and with `swap` uses the rebuilt "
    "ones. Sales go on being counted meanwhile.",
)
async def request_rebuild(
    request: Request, body: RebuildBody, who: StatsStaff, database: DatabaseDep, idempotency_key: OptionalKey = None
) -> Response:
    async def work(claim: Claim) -> Response:
        command = RequestRebuild(claim.resource_id, body.swap, who.subject)
        async with database.transaction() as tx:
            tx.then(lambda: request.app.state.wake_job("rebuilds"))
            found = await handlers.request_rebuild(command, tx)
            return await claim.remember(tx, 202, RebuildView.of(found))

    key = str(ids.new_id()) if idempotency_key is None else idempotency.check_key(idempotency_key)
    return await idempotency.once(database, request, key, work, caller=who.subject)


@router.get(
    "/v1/stats/rebuilds/{rebuild_id}",
    response_model=RebuildView,
    responses=responses(401, 403, 404, 422),
    summary="How far a rebuild has come, and what it found",
)
async def read_rebuild(rebuild_id: UUID, _who: StatsStaff, database: DatabaseDep) -> RebuildView:
    async with database.read() as connection:
        return RebuildView.of(await handlers.read_rebuild(rebuild_id, connection))
