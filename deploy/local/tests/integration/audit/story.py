"""Orders on their way through all services at once, step by step."""

from datetime import timedelta

from deploy.local.tests.integration.audit.exchanging import Exchanging
from deploy.local.tests.integration.audit.outside import Outside
from deploy.local.tests.integration.audit.traces import PRICES, SHIPPING, Order
from deploy.local.tests.integration.audit.world import NOW, World, named

from contracts.orders import OrderCompleted, OrderPaid, OrderPlaced
from contracts.payments import PaymentPending, VirtualAccount

RECEIVED = 100


class Story(Exchanging):
    """An order goes its way by a call of each step."""

    def __init__(self, world: World, outside: Outside) -> None:
        super().__init__(world, outside)
        world.row("catalog.products", id=named("product"), status="published", published_at=NOW, version=1)
        for place, (sku, price) in enumerate(PRICES.items()):
            variant = {"id": named(sku), "sku": sku, "product_id": named("product"), "price_amount": price}
            world.row("catalog.variants", **variant, position=place)
            world.row("cart.catalogue_variants", sku=sku, price=price, on_sale=True, tax="taxable")
            self._move(sku, RECEIVED, 0, "received", "seed")
        for code, mode in (("icheon", "pull"), ("fassto", "poll")):
            world.row("scm.centres", code=code, mode=mode)

    def finish(self) -> None:
        """Counters are what the movements say."""
        for sku in PRICES:
            moves = [row for row in self.world.rows["catalog.stock_movements"] if row["sku"] == sku]
            sold = -sum(row["delta_on_hand"] for row in moves if row["reason"] in ("sold", "restocked"))
            on_hand, reserved = (sum(row[f"delta_{name}"] for row in moves) for name in ("on_hand", "reserved"))
            self.world.row("catalog.stock", sku=sku, on_hand=on_hand, reserved=reserved, sold=sold)

    def placed(self, name: str, *wishes: tuple[str, int], centre: str = "icheon") -> Order:
        order_id = named("order", name)
        lines = [
            self.world.row(
                "orders.order_lines", order_id=order_id, line_id=named("line", name, sku), sku=sku, quantity=quantity,
                unit_price=PRICES[sku], amount=PRICES[sku] * quantity, cancelled_quantity=0, cancelling_quantity=0,
                category_ids=["food", "oats"], product_id=named("product"), product_name="귀리",
            )
            for sku, quantity in wishes
        ]  # fmt: skip
        items = sum(line["amount"] for line in lines)
        row = self.world.row(
            "orders.orders", order_id=order_id, number=f"N-{name}", cart_id=named("cart", name), currency="KRW",
            status="pending_payment", items_amount=items, shipping_amount=SHIPPING, total_amount=items + SHIPPING,
            refunded_amount=0, placed_at=NOW, payment_due_at=NOW + timedelta(days=1),
        )  # fmt: skip
        reservation = self.world.row(
            "catalog.reservations", order_id=order_id, status="confirmed", cancel_ids=[], mall_id="intake"
        )
        order = Order(name, order_id, row, lines, reservation, centre)
        for sku, quantity in wishes:
            self.world.row("catalog.reservation_lines", order_id=order_id, sku=sku, quantity=quantity, returned=0)
            self._move(sku, 0, quantity, "reserved", order_id)
        self._story(order, "order-placed", "pending_payment")
        amounts = {"items_amount": items, "discount_amount": 0, "shipping_amount": SHIPPING}
        total = {"total_amount": items + SHIPPING, "placed_at": NOW}
        self.world.say(
            OrderPlaced(**order.told, lines=order.parts, **amounts, **total, payment_due_at=row["payment_due_at"])
        )
        self._contact(order)
        self._fact("placed", order_id, order, items, SHIPPING)
        self._message("order-placed", order_id, order)
        return order

    def paid(self, order: Order, method: str = "card") -> None:
        payment_id, total = named("payment", order.name), order.row["total_amount"]
        order.payment = self._payment(order, payment_id, method)
        if method == "virtual_account":
            account = VirtualAccount(bank_code="20", bank_name="우리", account_number="1", holder="몰", due_at=NOW)
            pending = self._about(order, order.payment)
            self.world.say(PaymentPending(**pending, virtual_account=account, occurred_at=NOW))
            self._story(order, "payment-pending", "pending_payment", once=f"payment-pending:{payment_id}")
            self._message("payment-pending", payment_id, order)
            self._confirmed(order, order.payment, "created", "waiting_for_deposit")
        else:
            self._confirmed(order, order.payment)
        order.row |= {
            "status": "paid", "payment_id": payment_id, "paid_amount": total, "paid_at": NOW,
            "payment_provider": "toss", "payment_method": method,
        }  # fmt: skip
        self._story(order, "order-paid", "paid")
        self.world.say(
            OrderPaid(
                **order.told, payment_id=payment_id, provider="toss", method=method, lines=order.parts,
                shipping_amount=SHIPPING, discount_amount=0, total_amount=total, placed_at=NOW, paid_at=NOW,
            )
        )  # fmt: skip
        self._fact("paid", order.id, order, order.row["items_amount"], SHIPPING, was_paid=True)
        for line in order.lines:
            self._line_fact("sale", order.id, order, line, line["quantity"], line["amount"])
            self._move(line["sku"], -line["quantity"], -line["quantity"], "sold", order.id)
        order.reservation["status"] = "sold"
        self._message("order-paid", order.id, order)
        self._requested(order)

    def shipped(self, order: Order, *parcels: tuple[str, ...]) -> None:
        """Each parcel names its SKUs; the last one takes what is left and bears the request's id."""
        shipment_id, waybills = order.shipment["id"], []
        for number, skus in enumerate(parcels, 1):
            part = shipment_id if number == len(parcels) else named("parcel", order.name, number)
            waybill = f"{order.name}{number}".upper()
            waybills.append(waybill)
            packed = [line for line in order.lines if line["sku"] in skus]
            self.world.row(
                "scm.parcels", id=part, shipment_id=shipment_id, place=number, carrier="cj", waybill=waybill,
                status="delivered", delivered_at=NOW, told_by=order.centre,
            )  # fmt: skip
            for line in packed:
                units = line["quantity"] - line["cancelled_quantity"]
                self.world.row(
                    "scm.parcel_lines", parcel_id=part, line_id=line["line_id"], sku=line["sku"], quantity=units
                )
            for status in ("shipped", "delivered"):
                self._shipment_told(order, part, status, packed)
            self._message("order-shipped", part, order)
        for row in self._shipment_lines(order):
            row["shipped"] = row["quantity"] - row["cancelled"]
        order.shipment["status"] = "delivered"
        self._at_centre(order, "shipped", *waybills)
        for status in ("shipped", "delivered"):
            self._story(order, "shipment-updated", status)
        order.row |= {"status": "delivered", "delivered_at": NOW}

    def completed(self, order: Order) -> None:
        order.row |= {"status": "completed", "completed_at": NOW}
        self._story(order, "order-completed", "completed")
        self.world.say(OrderCompleted(**order.told, completed_at=NOW))
        self._fact("completed", order.id, order, 0, 0, was_paid=True)
        self._message("order-completed", order.id, order)

    def _requested(self, order: Order) -> None:
        shipment_id = named("shipment", order.name)
        order.shipment = self.world.row(
            "scm.shipments", id=shipment_id, order_id=order.id, centre=order.centre, stage="accepted",
            status="requested", revision=1,
        )  # fmt: skip
        for line in order.lines:
            self.world.row(
                "scm.shipment_lines", shipment_id=shipment_id, line_id=line["line_id"], sku=line["sku"],
                quantity=line["quantity"], cancelled=0, shipped=0,
            )  # fmt: skip
        self._shipment_told(order, shipment_id, "requested", order.lines)

    def _at_centre(self, order: Order, state: str, *waybills: str) -> None:
        shipment_id = order.shipment["id"]
        if order.centre == "icheon":
            self.outside.fetched(shipment_id, state, *waybills)
            return
        self.world.row(
            "scm.releases", id=named("release", order.name), shipment_id=shipment_id, number=1,
            order_no=str(shipment_id), state=state, slip_no=f"SLIP-{order.name}",
        )  # fmt: skip
        units = [(line["sku"], line["quantity"] - line["cancelled_quantity"]) for line in order.lines]
        self.outside.released(shipment_id, f"SLIP-{order.name}", "DONE", waybills[0], *units)
