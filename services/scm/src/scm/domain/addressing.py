"""Whether goods can still go to another address."""

from __future__ import annotations

from enum import StrEnum

from scm.domain.shipment import Shipment, Status


class Unmoved(StrEnum):
    """Why goods go to the old address; goes out as the reason of `shipment-address-decided`."""

    ACCEPTED = "centre_accepted"
    SHIPPED = "already_shipped"
    CANCELLED = "cancelled"
    UNKNOWN = "address_unknown"


_TOO_LATE: dict[Status, Unmoved] = {
    Status.ACCEPTED: Unmoved.ACCEPTED,
    Status.PARTLY_SHIPPED: Unmoved.SHIPPED,
    Status.SHIPPED: Unmoved.SHIPPED,
    Status.IN_TRANSIT: Unmoved.SHIPPED,
    Status.DELIVERED: Unmoved.SHIPPED,
    Status.CANCELLED: Unmoved.CANCELLED,
}


def refusal(shipment: Shipment | None, *, released: bool) -> Unmoved | None:
    """None: the goods go to the new address. `shipment` None: the order is not paid, so nobody read the old one."""
    if shipment is None:
        return None
    if shipment.parcels:
        return Unmoved.SHIPPED
    return Unmoved.ACCEPTED if released else _TOO_LATE.get(shipment.status)


def readdressed(shipment: Shipment) -> Shipment:
    """A centre that read the old address must read the request again before it accepts."""
    return shipment.to(revision=shipment.revision + 1)
