"""What callers send."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, StrictInt, StringConstraints, model_validator

from common.wire import NFC, Body, Quantity, Sku, plain_text
from scm.commands import PackedLine

CentreCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
# Dates at the ends of the calendar cannot be turned into every zone, and nobody means them.
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC))]
Revision = Annotated[StrictInt, Field(ge=1, description="the request's revision as the centre read it", examples=[1])]


class AcceptBody(Body):
    revision: Revision | None = None


class ShortItem(Body):
    sku: Sku
    quantity: Annotated[StrictInt, Field(ge=1, le=10_000_000, examples=[1])]


class RejectBody(Body):
    reason: Annotated[str, plain_text(200), NFC] = Field(examples=["stock shortage"])
    short: Annotated[list[ShortItem], Field(max_length=1000)] = Field(
        default_factory=list, description="units of `pick` that are not on the shelves; of a set its parts"
    )

    @model_validator(mode="after")
    def _each_sku_once(self) -> Self:
        _no_doubles("short", [item.sku for item in self.short])
        return self

    def missing(self) -> tuple[tuple[str, int], ...]:
        return tuple((item.sku, item.quantity) for item in self.short)


class PackedLineBody(Body):
    line_id: UUID
    quantity: Quantity | None = Field(default=None, description="left out: all that is left of the line")
    sku: Sku | None = Field(default=None, description="checked against the line when given")


class WaybillBody(Body):
    carrier: Annotated[str, plain_text(40)] = Field(
        examples=["cj"], description="a code of /v1/carriers, ours or a channel's"
    )
    waybill: Annotated[str, plain_text(60)] = Field(
        examples=["6804-1234-5673"], description="hyphens and spaces are taken out"
    )
    lines: Annotated[list[PackedLineBody], Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="left out: everything that is left; given: only these leave under this waybill"
    )
    revision: Revision | None = None

    @model_validator(mode="after")
    def _each_line_once(self) -> Self:
        _no_doubles("lines", [line.line_id for line in self.lines or ()])
        return self

    def packed(self) -> tuple[PackedLine, ...] | None:
        return (
            None
            if self.lines is None
            else tuple(PackedLine(line.line_id, line.quantity, line.sku) for line in self.lines)
        )


class DeliveredBody(Body):
    waybill: str | None = Field(
        default=None,
        max_length=60,
        description="one parcel; left out: all that were shipped",
        examples=["680412345673"],
    )
    delivered_at: Moment | None = Field(default=None, description="left out: now")


class ReassignBody(Body):
    centre: CentreCode = Field(examples=["icheon"])


class CentreBody(Body):
    name: Annotated[str, plain_text(100), NFC] = Field(examples=["이천 센터"])
    mode: Literal["pull", "poll"] = Field(description="pull: its job calls us; poll: we call its API")
    active: bool = Field(default=True, description="false: it gets no new requests; those it has stay")


class RouteBody(Body):
    centre: CentreCode = Field(examples=["icheon"])


class CountedItem(Body):
    sku: Sku
    on_hand: Annotated[StrictInt, Field(ge=0, le=10_000_000, examples=[120])]


class StockCountBody(Body):
    items: Annotated[list[CountedItem], Field(min_length=1, max_length=1000)]

    @model_validator(mode="after")
    def _each_sku_once(self) -> Self:
        _no_doubles("items", [item.sku for item in self.items])
        return self


def _no_doubles(what: str, values: list[Any]) -> None:
    doubled = [value for value, count in Counter(values).items() if count > 1]
    if doubled:
        raise ValueError(f"{what} names {doubled[0]} twice")
