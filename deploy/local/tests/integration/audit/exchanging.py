"""Exchanges, and those whose replacements are not sent: what came is then paid back as if it had been returned."""

from deploy.local.tests.integration.audit.traces import SHIPPING, Order
from deploy.local.tests.integration.audit.ways_back import WaysBack
from deploy.local.tests.integration.audit.world import NOW, named

from common import ids
from contracts.claims import (
    ClaimApproved,
    ClaimCompleted,
    ClaimLine,
    ClaimRequested,
    ReplacementLine,
    ReplacementStopped,
    ReplacementStopRequested,
    SettledLine,
    StoppedLine,
)
from contracts.shared import SkuQuantity
from contracts.shipments import InspectedLine, ReplacementStopDecided, ReturnReceived, ReturnUpdated, ShipmentLine

CLAIM = {"kind": "exchange", "fault": "seller"}


class Exchanging(WaysBack):
    def exchanges(self, order: Order, sku: str, new_sku: str, *, resellable: int, damaged: int) -> None:
        """All units of a line came back, and the centre has been asked for those that replace them."""
        line = next(line for line in order.lines if line["sku"] == sku)
        claim_id, units = named("claim", order.name), resellable + damaged
        found = {"quantity": units, "resellable": resellable, "damaged": damaged, "missing": 0}
        replacement = None if new_sku == sku else new_sku
        about = {"claim_id": claim_id, "order_id": order.id}
        order.claim = self.world.row(
            "orders.order_claims", **about, **CLAIM, position=1, status="completed", amount=0, shipping_amount=0,
            refund_amount=0, approved_at=NOW, settled_at=NOW,
        )  # fmt: skip
        order.claimed = self.world.row(
            "orders.order_claim_lines", **about, **found, line_id=line["line_id"], position=1, amount=0,
            replacement_sku=replacement,
        )  # fmt: skip
        goods = {"line_id": line["line_id"], "sku": sku, "product_id": named("product"), "product_name": "귀리"}
        goods |= {"category_ids": ("food", "oats"), "replacement_sku": replacement}
        asked = {**order.told, **CLAIM, "claim_id": claim_id, "lines": (ClaimLine(**goods, quantity=units),)}
        self.world.say(ClaimRequested(**asked, reason="defective", requested_at=NOW))
        self.world.say(ClaimApproved(**asked, approved_at=NOW))
        self._kept_for(order, new_sku, units)
        self._came(order, line, found)
        settled = SettledLine(**goods, **found, amount=0, bought_sku=sku)
        self.world.say(
            ClaimCompleted(
                **asked | {"lines": (settled,)}, sold_under=(order.id,), placed_at=NOW, completed_at=NOW
            )
        )  # fmt: skip
        self._returned(order, sku, resellable)
        if resellable:
            self._move(sku, resellable, 0, "restocked", order.id)
        self._fact("cancelled", claim_id, order, 0, 0, was_paid=True, whole=False)
        for step in ("requested", "approved", "completed"):
            self._story(order, f"claim-{step}", order.row["status"])
            self._message(f"claim-{step}", claim_id, order)
        self._to_be_sent(order, line, new_sku, units)

    def sends_in_exchange(self, order: Order, units: int) -> None:
        """So many of them, in a parcel of their own; the rest is still to be sent."""
        shipment_id, part = order.replacement["id"], named("parcel", order.name, "exchange")
        waybill, packed = f"{order.name}X".upper(), order.replaced | {"quantity": units}
        self.world.row(
            "scm.parcels", id=part, shipment_id=shipment_id, place=1, carrier="cj", waybill=waybill,
            status="delivered", delivered_at=NOW, told_by=order.centre,
        )  # fmt: skip
        self.world.row("scm.parcel_lines", parcel_id=part, line_id=packed["line_id"], sku=packed["sku"], quantity=units)
        for status in ("shipped", "delivered"):
            self._shipment_told(order, part, status, [packed], claim_id=order.claim["claim_id"])
        order.replaced["shipped"] = units
        order.replacement["status"] = "partly_shipped"
        self._message("exchange-shipped", part, order)
        self.outside.fetched(shipment_id, "shipped", waybill)

    def refunds_instead(self, order: Order, *, short: int, whole: bool = False) -> None:
        """What is left of the replacements is not sent: `short` of it the centre does not have."""
        claim_id, stop_id = order.claim["claim_id"], named("stop", order.name)
        sku, units = order.replaced["sku"], order.replaced["quantity"] - order.replaced["shipped"]
        line = next(line for line in order.lines if line["line_id"] == order.replaced["line_id"])
        shipping, goods = SHIPPING if whole else 0, line["unit_price"] * units
        ids_of = {"claim_id": claim_id, "stop_id": stop_id}
        missed = (SkuQuantity(sku=sku, quantity=short),)
        self._stop_decided(order, stop_id, units, missed)
        order.claim |= {"stop_id": stop_id, "stop_status": "accepted", "amount": goods + shipping}
        order.claim |= {"shipping_amount": shipping, "refund_amount": goods + shipping}
        order.claimed |= {"stopped": units, "amount": goods}
        line["returned_quantity"] = units
        stopped = StoppedLine(
            line_id=line["line_id"], sku=sku, bought_sku=line["sku"], product_id=named("product"),
            product_name="귀리", category_ids=("food", "oats"), quantity=units,
            resellable=min(units, order.claimed["resellable"]), amount=goods,
        )  # fmt: skip
        self.world.say(
            ReplacementStopped(
                **order.told, **ids_of, lines=(stopped,), short=missed, shipping_amount=shipping,
                refund_amount=goods + shipping, whole=whole, sold_under=(order.id,), placed_at=NOW, stopped_at=NOW,
            )
        )  # fmt: skip
        order.kept["returned"] = units
        self._move(sku, units, 0, "restocked", claim_id)
        self._move(sku, -short, 0, "shortage", claim_id)
        self._fact("cancelled", stop_id, order, goods, shipping, whole=False, was_paid=True)
        self._line_fact("cancel", stop_id, order, line, units, goods)
        if whole:
            order.row |= {"status": "returned", "returned_at": NOW}
        self._story(order, "replacement-stopped", order.row["status"])
        self._message("replacement-stopped", stop_id, order)
        self._refund(order, ids.derived_id("refund", str(claim_id)), order.payment, goods + shipping)
        order.row["refunded_amount"] = goods + shipping

    def _kept_for(self, order: Order, sku: str, units: int) -> None:
        """At catalog, under the claim's name."""
        claim_id = order.claim["claim_id"]
        self.world.row("catalog.reservations", order_id=claim_id, status="sold", cancel_ids=[], mall_id="intake")
        order.kept = self.world.row("catalog.reservation_lines", order_id=claim_id, sku=sku, quantity=units, returned=0)
        self._move(sku, 0, units, "reserved", claim_id)
        self._move(sku, -units, -units, "sold", claim_id)

    def _came(self, order: Order, line: dict, found: dict) -> None:
        """To the centre, which looked at each unit."""
        claim_id = order.claim["claim_id"]
        self.world.row(
            "scm.returns", claim_id=claim_id, order_id=order.id, centre=order.centre, status="received", received_at=NOW
        )
        self.world.row(
            "scm.return_lines", claim_id=claim_id, line_id=line["line_id"], place=1, sku=line["sku"], **found
        )
        about = {"claim_id": claim_id, "order_id": order.id, "mall_id": "intake", "occurred_at": NOW}
        for status in ("requested", "received"):
            self.world.say(ReturnUpdated(**about, order_number=f"N-{order.name}", centre=order.centre, status=status))
        parts = {name: found[name] for name in ("resellable", "damaged", "missing")}
        self.world.say(
            ReturnReceived(**about, lines=(InspectedLine(line_id=line["line_id"], sku=line["sku"], **parts),))
        )

    def _to_be_sent(self, order: Order, line: dict, sku: str, units: int) -> None:
        shipment_id, claim_id = named("replacement", order.name), order.claim["claim_id"]
        order.replacement = self.world.row(
            "scm.shipments", id=shipment_id, order_id=order.id, claim_id=claim_id, centre=order.centre,
            stage="accepted", status="requested", revision=1,
        )  # fmt: skip
        order.replaced = self.world.row(
            "scm.shipment_lines", shipment_id=shipment_id, line_id=line["line_id"], sku=sku, quantity=units,
            cancelled=0, shipped=0,
        )  # fmt: skip
        self._shipment_told(order, shipment_id, "requested", [order.replaced], claim_id=claim_id)

    def _stop_decided(self, order: Order, stop_id, units: int, missed: tuple[SkuQuantity, ...]) -> None:
        """The centre rejected what is left, and nobody waits for it any more."""
        claim_id, shipment_id = order.claim["claim_id"], order.replacement["id"]
        about = {"claim_id": claim_id, "stop_id": stop_id}
        left = {"line_id": order.replaced["line_id"], "sku": order.replaced["sku"], "quantity": units}
        self._shipment_told(order, shipment_id, "rejected", [left], claim_id=claim_id)
        self.world.say(
            ReplacementStopRequested(**order.told, **about, lines=(ReplacementLine(**left),), requested_at=NOW)
        )
        self.world.row(
            "scm.cancels", cancel_id=stop_id, order_id=order.id, claim_id=claim_id, state="accepted", decided_at=NOW,
            short={each.sku: each.quantity for each in missed},
        )  # fmt: skip
        self.world.say(
            ReplacementStopDecided(
                **about, order_id=order.id, mall_id="intake", accepted=True, lines=(ShipmentLine(**left),),
                short=missed, occurred_at=NOW,
            )
        )  # fmt: skip
        order.replaced["cancelled"] = units
        order.replacement["status"] = "delivered" if order.replaced["shipped"] else "cancelled"
        self._shipment_told(order, shipment_id, "cancelled", [left], claim_id=claim_id)
