"""Said by stats."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from pydantic import StrictInt

from contracts import topics
from contracts.envelope import Event
from contracts.shared import Currency, MallId


class DailyReportReady(Event):
    """The figures of one business day (Asia/Seoul) of one mall are final enough to read."""

    type: ClassVar[str] = "daily-report-ready"
    topic = topics.REPORTS
    key_field = "mall_id"

    mall_id: MallId
    day: date
    currency: Currency
    orders: int
    paid_amount: StrictInt
    cancelled_amount: StrictInt
    occurred_at: datetime
