"""Cancels and refunds: before anything was paid, of some units, of everything, and of money nobody wanted."""

from deploy.local.tests.integration.audit.traces import PRICES, SHIPPING, Order, Traces
from deploy.local.tests.integration.audit.world import NOW, named

from common import ids
from contracts.orders import (
    OrderCancelled,
    OrderCancelRequested,
    OrderOptionChanged,
    OrderOptionChangeRequested,
    OrderRefundRequested,
)
from contracts.payments import PaymentConfirmed, PaymentRefunded
from contracts.shipments import ShipmentCancelDecided, ShipmentOptionDecided


class WaysBack(Traces):
    def given_up(self, order: Order) -> None:
        """Nobody paid it."""
        cancel_id, total = named("cancel", order.name), order.row["total_amount"]
        taken = [(line, line["quantity"]) for line in order.lines]
        order.row |= {"status": "cancelled", "cancelled_at": NOW}
        order.reservation["status"] = "released"
        self._cancel(order, cancel_id, taken, (SHIPPING, total, 0))
        self._cancelled(order, cancel_id, taken, (SHIPPING, 0), whole=True, was_paid=False)
        for line, quantity in taken:
            self._move(line["sku"], 0, -quantity, "released", order.id)

    def gives_back(self, order: Order, sku: str | None = None, quantity: int = 0) -> None:
        """Units of a paid order, or all of it: accepted by the centre, refunded and back on the shelf."""
        taken = [(line, quantity or line["quantity"]) for line in order.lines if sku in (None, line["sku"])]
        whole, cancel_id = sku is None, named("cancel", order.name)
        shipping = SHIPPING if whole else 0
        amount = sum(line["unit_price"] * units for line, units in taken) + shipping
        self.world.say(
            OrderCancelRequested(
                **order.told, cancel_id=cancel_id, whole=whole, reason="customer_request",
                lines=self._told_lines(taken), requested_at=NOW,
            )
        )  # fmt: skip
        self._stopped(order, cancel_id, taken, whole=whole)
        if whole:
            order.row |= {"status": "cancelled", "cancelled_at": NOW}
        self._cancel(order, cancel_id, taken, (shipping, amount, amount))
        self._cancelled(order, cancel_id, taken, (shipping, amount), whole=whole, was_paid=True)
        for line, units in taken:
            self._line_fact("cancel", cancel_id, order, line, units, line["unit_price"] * units)
            self._move(line["sku"], units, 0, "restocked", order.id)
        refund_id = ids.derived_id("refund", str(cancel_id))
        self._refund(order, refund_id, order.payment, amount)
        order.row["refunded_amount"] = amount

    def chooses(self, order: Order, sku: str, new_sku: str) -> None:
        """What is kept of a line becomes another option; what was cancelled of it stays what it was."""
        line = next(line for line in order.lines if line["sku"] == sku)
        change_id, units = named("change", order.name), line["quantity"] - line["cancelled_quantity"]
        about = {
            "change_id": change_id, "line_id": line["line_id"], "sku": sku, "new_sku": new_sku, "quantity": units,
        }  # fmt: skip
        told = {**order.told, **about, "product_id": named("product"), "product_name": "귀리"}
        self.world.say(OrderOptionChangeRequested(**told, requested_at=NOW))
        self.world.row("scm.option_changes", change_id=change_id, order_id=order.id, decided_at=NOW)
        decided = {"order_id": order.id, "change_id": change_id, "mall_id": "intake"}
        self.world.say(ShipmentOptionDecided(**decided, accepted=True, occurred_at=NOW))
        self.world.row(
            "orders.order_option_changes", order_id=order.id, **about, status="accepted", actor="customer",
            requested_at=NOW, settled_at=NOW,
        )  # fmt: skip
        order.row["option_changes"] = 1
        amount = line["unit_price"] * units
        self.world.say(OrderOptionChanged(**told, category_ids=("food", "oats"), amount=amount, changed_at=NOW))
        self._line_fact("changed_from", change_id, order, line, units, amount)
        for row in (*self._shipment_lines(order), line):
            row["sku"] = new_sku if row["line_id"] == line["line_id"] else row["sku"]
        for row in self.world.rows["orders.order_cancel_lines"]:
            if row["line_id"] == line["line_id"]:
                row["sku"] = sku
        self._line_fact("changed_to", change_id, order, line, units, amount)
        self._swapped(order, change_id, (sku, new_sku), units)
        self._story(order, "order-option-changed", order.row["status"])
        self._message("option-changed", change_id, order)

    def _swapped(self, order: Order, change_id, skus: tuple[str, str], units: int) -> None:
        """At catalog, where the hold is used up."""
        old, new = skus
        self.world.row("catalog.reservations", order_id=change_id, status="released", over=True, mall_id="intake")
        lines = self.world.rows["catalog.reservation_lines"]
        row = next(row for row in lines if (row["order_id"], row["sku"]) == (order.id, old))
        row["quantity"] -= units
        if not row["quantity"]:
            lines.remove(row)
        self.world.row("catalog.reservation_lines", order_id=change_id, sku=new, quantity=units, returned=0)
        self.world.row("catalog.reservation_lines", order_id=order.id, sku=new, quantity=units, returned=0)
        self._move(new, 0, units, "reserved", change_id)
        self._move(old, units, 0, "restocked", order.id)
        self._move(new, -units, -units, "sold", order.id)

    def pays_again(self, order: Order) -> None:
        """A second payment of an order that is paid: confirmed, unwanted, sent back."""
        payment_id, total = named("second payment", order.name), order.row["total_amount"]
        payment = self._payment(order, payment_id, "card")
        self._confirmed(order, payment)
        refund_id = ids.derived_id("refund", "unwanted", str(payment_id))
        self.world.row(
            "orders.order_unwanted_payments", refund_id=refund_id, order_id=order.id, payment_id=payment_id,
            amount=total, reason="unwanted",
        )  # fmt: skip
        self._refund(order, refund_id, payment, total)

    def _payment(self, order: Order, payment_id, method: str) -> dict:
        return self.world.row(
            "payments.payments", id=payment_id, order_id=order.id, status="confirmed", currency="KRW",
            amount=order.row["total_amount"], method=method, provider="toss", provider_key=str(payment_id),
            due_at=NOW, confirmed_at=NOW, confirmations=1,
        )  # fmt: skip

    def _confirmed(self, order: Order, payment: dict, *before: str) -> None:
        """`before`: the states it came through."""
        steps = [*(before or ("created", "open", "confirming")), "confirmed"]
        for came, went in zip([None, *steps], steps, strict=False):
            self.world.row("payments.payment_history", payment_id=payment["id"], from_status=came, to_status=went)
        self._journal(payment, "received", payment["amount"])
        self.outside.took(payment["id"], ("card_approved", payment["amount"]))
        self.world.say(PaymentConfirmed(**self._about(order, payment), confirmed_at=NOW))

    def _about(self, order: Order, payment: dict) -> dict:
        return {
            "payment_id": payment["id"], "order_id": order.id, "order_number": f"N-{order.name}", "mall_id": "intake",
            "currency": "KRW", "amount": payment["amount"], "provider": "toss", "method": payment["method"],
        }  # fmt: skip

    def _refund(self, order: Order, refund_id, payment: dict, amount: int) -> None:
        self.world.say(
            OrderRefundRequested(
                **order.told, refund_id=refund_id, payment_id=payment["id"], amount=amount, reason="x",
                requested_at=NOW,
            )
        )  # fmt: skip
        self.world.row(
            "payments.refunds", id=refund_id, payment_id=payment["id"], order_id=order.id, amount=amount,
            status="done", refunded_at=NOW,
        )  # fmt: skip
        self._journal(payment, "refund_owed", amount, refund_id)
        self._journal(payment, "refund_paid", amount, refund_id)
        self.outside.took(payment["id"], ("refund", -amount))
        payment["status"] = "refunded" if amount == payment["amount"] else "partially_refunded"
        self.world.row(
            "payments.payment_history", payment_id=payment["id"], from_status="confirmed", to_status=payment["status"]
        )
        left = payment["amount"] - amount
        self.world.say(
            PaymentRefunded(
                **self._about(order, payment), refund_id=refund_id, refund_amount=amount, refunded_amount=amount,
                remaining_amount=left, reason="x", refunded_at=NOW,
            )
        )  # fmt: skip
        self.world.row(
            "stats.refund_facts", generation=1, refund_id=refund_id, payment_id=payment["id"], order_id=order.id,
            mall_id="intake", currency="KRW", amount=amount, at=NOW,
        )  # fmt: skip
        self._message("payment-refunded", refund_id, order)

    def _stopped(self, order: Order, cancel_id, taken, *, whole: bool) -> None:
        self.world.row("scm.cancels", cancel_id=cancel_id, order_id=order.id, state="accepted", decided_at=NOW)
        decided = {"order_id": order.id, "cancel_id": cancel_id, "mall_id": "intake"}
        self.world.say(ShipmentCancelDecided(**decided, accepted=True, occurred_at=NOW))
        for line, units in taken:
            lines = self._shipment_lines(order)
            next(row for row in lines if row["line_id"] == line["line_id"])["cancelled"] = units
        if whole:
            order.shipment["status"] = "cancelled"
            self._shipment_told(order, order.shipment["id"], "cancelled", order.lines)

    def _cancel(self, order: Order, cancel_id, taken, money: tuple[int, int, int]) -> None:
        """`money`: shipping, worth, refund."""
        shipping, amount, refund = money
        self.world.row(
            "orders.order_cancels", cancel_id=cancel_id, order_id=order.id, reason="customer_request",
            status="accepted", shipping_amount=shipping, amount=amount, refund_amount=refund, settled_at=NOW,
        )  # fmt: skip
        for line, units in taken:
            line["cancelled_quantity"] += units
            self._returned(order, line["sku"], units)
            self.world.row(
                "orders.order_cancel_lines", cancel_id=cancel_id, order_id=order.id, line_id=line["line_id"],
                quantity=units, amount=line["unit_price"] * units,
            )  # fmt: skip
        self._story(order, "order-cancelled", order.row["status"])
        self._message("order-cancelled", cancel_id, order)

    def _cancelled(
        self, order: Order, cancel_id, taken, money: tuple[int, int], *, whole: bool, was_paid: bool
    ) -> None:
        """`money`: shipping, refund."""
        shipping, refund = money
        self.world.say(
            OrderCancelled(
                **order.told, cancel_id=cancel_id, whole=whole, was_paid=was_paid, reason="customer_request",
                lines=self._told_lines(taken), shipping_amount=shipping, refund_amount=refund, placed_at=NOW,
                cancelled_at=NOW,
            )
        )  # fmt: skip
        goods = sum(PRICES[line["sku"]] * units for line, units in taken)
        self._fact("cancelled", cancel_id, order, goods, shipping, whole=whole, was_paid=was_paid)

    def _shipment_lines(self, order: Order) -> list[dict]:
        return [r for r in self.world.rows["scm.shipment_lines"] if r["shipment_id"] == order.shipment["id"]]

    def _returned(self, order: Order, sku: str, units: int) -> None:
        lines = self.world.rows["catalog.reservation_lines"]
        next(r for r in lines if r["order_id"] == order.id and r["sku"] == sku)["returned"] = units
