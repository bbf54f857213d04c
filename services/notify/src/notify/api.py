"""Staff see what was sent; the text provider reports what became of it."""

from __future__ import annotations

import secrets
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Query, Request
from opentelemetry import trace

from common.auth import CurrentStaff, require
from common.db import Database
from common.http import DatabaseDep
from common.problems import responses
from common.wire import Page
from notify import handlers
from notify.errors import CallbackRefused
from notify.repository import deliveries
from notify.schemas import DeliveryStatus, NotificationView, Report, ReportsTaken, cursor_of, read_cursor

router = APIRouter()

# So many reports in one transaction: a commit for each would take longer than a provider waits.
_AT_ONCE = 100

_Reports = Annotated[
    list[dict[str, Any]],
    Body(
        max_length=1000,
        examples=[
            [
                {
                    "messageId": "M4V20261122093000ABCDEFGHIJKLMNO",
                    "groupId": "G4V20261122093000ABCDEFGHIJKLMNO",
                    "type": "ATA",
                    "to": "01012345678",
                    "statusCode": "4000",
                    "customFields": {"notificationId": "6f6b3f3e-5e0c-5d2a-9c55-3c1c7a1d5b10"},
                }
            ]
        ],
    ),
]


@router.get(
    "/v1/notifications",
    response_model=Page[NotificationView],
    responses=responses(401, 403, 422),
    summary="Messages and their outcome, newest first",
    tags=["Notifications"],
)
async def notifications(
    database: DatabaseDep,
    who: CurrentStaff,
    *,
    order_id: Annotated[UUID | None, Query(description="only of this order")] = None,
    status: Annotated[DeliveryStatus | None, Query(description="only with this status")] = None,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[NotificationView]:
    """For staff with the role `notify`. Recipients are masked."""
    require(who, "notify")
    before = read_cursor(cursor)
    async with database.read() as connection:
        found = await deliveries.page(connection, order_id=order_id, status=status, before=before, most=limit + 1)
    shown = found[:limit]
    following = cursor_of(shown[-1]) if len(found) > limit else None
    return Page[NotificationView](items=[NotificationView.of(one) for one in shown], next_cursor=following)


@router.post(
    "/v1/callbacks/solapi",
    response_model=ReportsTaken,
    responses=responses(403, 422),
    summary="Delivery reports of the text provider",
    tags=["Callbacks"],
)
async def solapi_reports(reports: _Reports, request: Request, database: DatabaseDep) -> ReportsTaken:
    """May come twice, late or never: every report is a hint about one message.

    With a callback token set, the provider shows it in the path or in the configured header, and is then believed
    when it says that a message arrived. Without one, reports only make us ask the provider.
    """
    return await _take(reports, request, database, None)


@router.post(
    "/v1/callbacks/solapi/{token}",
    response_model=ReportsTaken,
    responses=responses(403, 422),
    summary="Delivery reports of the text provider, with the secret in the path",
    tags=["Callbacks"],
)
async def solapi_reports_with_token(
    token: str, reports: _Reports, request: Request, database: DatabaseDep
) -> ReportsTaken:
    """For providers that cannot be given a header: the address they are given holds the secret."""
    _cut_from_span("/v1/callbacks/solapi/[cut]")
    return await _take(reports, request, database, token)


async def _take(reports: list[dict[str, Any]], request: Request, database: Database, shown: str | None) -> ReportsTaken:
    """An item that cannot be read must not hold up the others, so it is left out and not refused."""
    state = request.app.state
    trusted = _trusted(state.callback_token, shown or request.headers.get(state.callback_header))
    read = [report for item in reports if (report := Report.read(item)) is not None]
    commands = [command for report in read if (command := report.to_command(trusted=trusted)) is not None]
    taken = 0
    for first in range(0, len(commands), _AT_ONCE):
        async with database.transaction() as tx:
            taken += await handlers.take_reports(commands[first : first + _AT_ONCE], state.policy, tx)
            tx.then(state.wake)
    return ReportsTaken(received=len(reports), taken=taken)


def _trusted(secret: str, shown: str | None) -> bool:
    """Raises `CallbackRefused` when a secret is set and not shown."""
    if not secret:
        return False
    if shown is None or not secrets.compare_digest(shown.encode(), secret.encode()):
        raise CallbackRefused("the callback's secret is missing or wrong")
    return True


def _cut_from_span(path: str) -> None:
    """The secret stands in the path; the span of the request must not keep it."""
    span = trace.get_current_span()
    for attribute in ("http.target", "http.url", "url.path", "url.full"):
        span.set_attribute(attribute, path)
