"""Whether another variant can still be packed instead of the one that was bought."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from scm.commands import ChangeOption
from scm.domain import addressing
from scm.domain.addressing import Unmoved
from scm.domain.shipment import Shipment, Units
from scm.domain.shortage import without


class Unlike(StrEnum):
    """The request is not for what the change is of; goes out as the reason of `shipment-option-decided`."""

    LINE = "unknown_line"
    UNITS = "units_differ"


def refusal(shipment: Shipment | None, wanted: ChangeOption, *, released: bool) -> Unmoved | Unlike | None:
    """None: the new variant is packed. As late as an address may change, an option may.

    `shipment` None: `order-paid` comes before any change of its order, so this order never will have a request.
    """
    if shipment is None:
        return Unlike.LINE
    if (late := addressing.refusal(shipment, released=released)) is not None:
        return late
    line = shipment.line(wanted.line_id)
    if line is None or line.sku != wanted.sku:
        return Unlike.LINE
    return None if line.left == wanted.quantity else Unlike.UNITS


def changed(shipment: Shipment, wanted: ChangeOption, short: Units = ()) -> Shipment:
    """A centre that read the old variant must read the request again before it accepts. `short`: units of the old one
    that are missed no more."""
    lines = tuple(
        replace(line, sku=wanted.new_sku, variant_name=wanted.new_variant_name, changed_at=wanted.requested_at)
        if line.line_id == wanted.line_id
        else line
        for line in shipment.lines
    )
    return shipment.to(lines=lines, revision=shipment.revision + 1, short=without(shipment.short, short))
