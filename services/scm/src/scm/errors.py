"""Why scm refuses. The codes are stable; a centre's job branches on them."""

from __future__ import annotations

from common.errors import DomainError, Kind


class OrderNotFound(DomainError):
    """No such order here, or the token is not its token: the caller is not told which."""

    code = "order.not_found"
    kind: Kind = "not_found"


class ShipmentNotFound(DomainError):
    """No such shipment request, or it is another centre's."""

    code = "shipment.not_found"
    kind: Kind = "not_found"


class ShipmentCancelled(DomainError):
    """The order was cancelled: the centre must stop."""

    code = "shipment.cancelled"
    kind: Kind = "conflict"


class ShipmentRejected(DomainError):
    code = "shipment.rejected"
    kind: Kind = "conflict"


class ShipmentAlreadyAccepted(DomainError):
    code = "shipment.already_accepted"
    kind: Kind = "conflict"


class ShipmentAlreadyShipped(DomainError):
    code = "shipment.already_shipped"
    kind: Kind = "conflict"


class ShipmentNotShipped(DomainError):
    code = "shipment.not_shipped"
    kind: Kind = "conflict"


class DeliveredInFuture(DomainError):
    """Nothing has arrived that will arrive: the days for returns count from the delivery."""

    code = "shipment.delivered_in_future"


class ShipmentChanged(DomainError):
    """Lines were cancelled since the caller read the request; it must read it again before packing."""

    code = "shipment.changed"
    kind: Kind = "conflict"


class ShipmentAtCentre(DomainError):
    """A polled centre holds a release of it; that must be stopped there first."""

    code = "shipment.at_centre"
    kind: Kind = "conflict"


class ReturnNotFound(DomainError):
    """No such return, or it is another centre's."""

    code = "return.not_found"
    kind: Kind = "not_found"


class ReturnReceived(DomainError):
    code = "return.already_received"
    kind: Kind = "conflict"


class ReturnClosed(DomainError):
    """The claim was rejected or withdrawn."""

    code = "return.closed"
    kind: Kind = "conflict"


class InspectionIncomplete(DomainError):
    """`quantity` in the problem is how many units of the line were to come."""

    code = "return.inspection_incomplete"


class InspectionDiffers(DomainError):
    code = "return.inspection_differs"
    kind: Kind = "conflict"


class ParcelUnknown(DomainError):
    code = "parcel.not_found"
    kind: Kind = "not_found"


class LineUnknown(DomainError):
    code = "line.unknown"


class LineNotOpen(DomainError):
    """More units than are left to ship."""

    code = "line.not_open"
    kind: Kind = "conflict"


class ShortageUnknown(DomainError):
    """Units are said to be missing that nobody asked for. `pick` in the problem: how many of the SKU were."""

    code = "shortage.unknown"


class CarrierUnknown(DomainError):
    code = "carrier.unknown"


class WaybillInvalid(DomainError):
    code = "waybill.invalid"


class WaybillUsed(DomainError):
    """The number is on other goods already."""

    code = "waybill.used"
    kind: Kind = "conflict"


class CentreUnknown(DomainError):
    code = "centre.unknown"


class CursorInvalid(DomainError):
    code = "cursor.invalid"
