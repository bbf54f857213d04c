"""Each promise about orders, broken in a real database, is found with the ids of what breaks it."""

import pytest
from deploy.local.tests.integration.audit.breaking import DID, TOLD, broken, check
from deploy.local.tests.integration.audit.world import named

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ADA, BEA, CHO, DAN, EVE = (named("order", name) for name in ("ada", "bea", "cho", "dan", "eve"))
WORTH = "an accepted cancel is worth its units and shipping, and all cancels no more than the order"
UNITS = "a line's cancelled units are those of its accepted cancels, its withheld ones those of open cancels"


ORDERS = [
    broken(
        "one cart makes one order",
        "DROP INDEX orders.orders_one_per_cart",
        f"UPDATE orders.orders SET cart_id = '{named('cart', 'bea')}' WHERE order_id = '{ADA}'",
        offenders=(named("cart", "bea"),),
    ),
    broken(
        "an order's lines and shipping are its total",
        f"UPDATE orders.orders SET total_amount = total_amount + 1 WHERE order_id = '{DAN}'",
        offenders=(DAN,),
    ),
    broken(
        UNITS,
        f"UPDATE orders.order_cancel_lines SET quantity = 2 WHERE order_id = '{BEA}'",
        offenders=(f"{BEA} {named('line', 'bea', 'OATS')}",),
        also=("units that orders lost by cancelling are back in stock",),
    ),
    broken(
        "a cancelled order has no unit left",
        f"UPDATE orders.order_lines SET cancelled_quantity = 1 WHERE order_id = '{CHO}'",
        offenders=(CHO,),
        also=(UNITS,),
    ),
    broken(
        "an order is returned when nothing that was bought is left of what arrived",
        f"UPDATE orders.orders SET status = 'returned', returned_at = now() WHERE order_id = '{ADA}'",
        offenders=(ADA,),
        also=("an order is where its story has led it",),
    ),
    broken(
        WORTH,
        f"UPDATE orders.order_cancels SET amount = amount + 1 WHERE order_id = '{CHO}'",
        offenders=(CHO, named("cancel", "cho")),
    ),
    broken(
        "the story of an order begins with its placing and only moves forward",
        f"UPDATE orders.order_history SET status = 'cancelled' WHERE order_id = '{ADA}' AND name = 'order-paid'",
        offenders=(f"{ADA}: cancelled → shipped",),
    ),
    broken(
        "an order is where its story has led it",
        f"DELETE FROM orders.order_history WHERE order_id = '{ADA}' AND name = 'order-completed'",
        offenders=(f"{ADA}: completed, not delivered",),
    ),
    broken(
        "an order that nobody paid is given up in time",
        f"UPDATE orders.orders SET payment_due_at = now() - interval '1 hour' WHERE order_id = '{DAN}'",
        offenders=(DAN,),
    ),
    broken(
        "a paid order moves on within a week",
        f"UPDATE orders.orders SET paid_at = now() - interval '8 days' WHERE order_id = '{EVE}'",
        offenders=(EVE,),
    ),
    broken(
        "every cancel is answered",
        "INSERT INTO orders.order_cancels (cancel_id, order_id, position, reason, actor, status, shipping_amount,"
        " amount, vat_amount, tax_free_amount, refund_amount, requested_at)"
        f" VALUES ('{named('open')}', '{EVE}', 1, 'customer_request', 'x', 'requested', 0, 0, 0, 0, 0, now())",
        offenders=(named("open"),),
    ),
]

DELIVERY = [
    broken(
        "every paid order has its shipment request",
        f"DELETE FROM scm.shipments WHERE order_id = '{EVE}'",
        offenders=(EVE,),
        also=(DID, "all that centres were given, and every waybill we took from them, is known here"),
    ),
    broken(
        "no order has two shipment requests, and none that nobody paid for has one",
        f"UPDATE scm.shipments SET order_id = '{DAN}' WHERE order_id = '{EVE}'",
        offenders=(DAN,),
        also=("every paid order has its shipment request", "a request asks for the lines of its order"),
    ),
    broken(
        "parcels hold no unit twice, and none that was cancelled",
        f"UPDATE scm.parcel_lines SET quantity = 3 WHERE parcel_id = '{named('shipment', 'bea')}'",
        offenders=(f"{BEA} {named('line', 'bea', 'OATS')}",),
    ),
    broken(
        "nothing of an order that was cancelled whole has left",
        "INSERT INTO scm.parcels (id, shipment_id, place, carrier, waybill, status, shipped_at)"
        f" VALUES ('{named('ghost')}', '{named('shipment', 'fay')}', 1, 'cj', 'ADA1', 'shipped', now())",
        offenders=(named("order", "fay"),),
        also=(TOLD, "every order, account, payment, parcel, cancel, claim and refund has its message"),
    ),
    broken(
        "a request asks for the lines of its order",
        f"UPDATE scm.shipment_lines SET sku = 'OTHER' WHERE line_id = '{named('line', 'ada', 'OATS')}'",
        offenders=(ADA,),
    ),
    broken(
        "orders and scm agree on what was cancelled",
        f"UPDATE scm.shipment_lines SET cancelled = 0 WHERE line_id = '{named('line', 'bea', 'OATS')}'",
        offenders=(f"{BEA} {named('line', 'bea', 'OATS')}",),
    ),
    broken(
        "an order is shipped and delivered when its parcels are",
        f"UPDATE scm.shipments SET status = 'shipped' WHERE order_id = '{EVE}'",
        offenders=(EVE,),
    ),
    broken(
        "no order is further than its parcels",
        f"UPDATE scm.shipments SET status = 'in_transit' WHERE order_id = '{ADA}'",
        offenders=(f"{ADA}: completed, its shipment in_transit",),
    ),
    broken(
        "an option is changed where scm says so, and nowhere else",
        "UPDATE scm.option_changes SET refused_because = 'centre_accepted'",
        offenders=(named("change", "gil"),),
    ),
    broken(
        "every option that was asked for is decided",
        "INSERT INTO orders.order_option_changes (change_id, order_id, position, line_id, sku, new_sku, quantity,"
        f" status, actor, requested_at) VALUES ('{named('wish')}', '{ADA}', 0, '{named('line', 'ada', 'OATS')}',"
        " 'OATS', 'JERKY', 2, 'requested', 'customer', now())",
        offenders=(named("wish"),),
    ),
    broken(
        "scm answers every cancel and hears of every release",
        "INSERT INTO scm.cancels (cancel_id, order_id, mall_id, whole, lines, reason, state, final, requested_at)"
        f" VALUES ('{named('open')}', '{EVE}', 'intake', true, '[]', 'x', 'pending', false, now())",
        offenders=(f"cancel {named('open')}",),
    ),
]


class TestOrders:
    @pytest.mark.parametrize("one", ORDERS)
    async def test_a_broken_promise_is_found(self, copy, one):
        await check(copy, one)

    async def test_cancels_worth_more_than_their_order_are_found(self, copy):
        """Each of them is worth its units; together they are too much."""
        await copy.run(
            "INSERT INTO orders.order_cancels SELECT gen_random_uuid(), order_id, 9, reason, actor, 'accepted',"
            f" {10**6}, {10**6}, 0, 0, 0, NULL, now(), now() FROM orders.order_cancels WHERE order_id = '{CHO}'"
        )

        assert (await copy.wrong())[WORTH] == (str(CHO),)

    async def test_an_order_that_waits_for_a_deposit_is_given_more_time(self, copy):
        await copy.run(
            f"UPDATE orders.orders SET payment_due_at = now() - interval '1 hour', awaited_payment_id = order_id"
            f" WHERE order_id = '{DAN}'"
        )

        assert await copy.wrong() == {}


class TestDelivery:
    @pytest.mark.parametrize("one", DELIVERY)
    async def test_a_broken_promise_is_found(self, copy, one):
        await check(copy, one)

    async def test_a_second_request_of_an_order_is_found(self, copy):
        await copy.run(
            "DROP INDEX scm.shipments_one_per_order",
            "INSERT INTO scm.shipments SELECT gen_random_uuid(), order_id, order_number, mall_id, centre, stage,"
            " status, revision, reason, attention, requested_at, updated_at"
            f" FROM scm.shipments WHERE order_id = '{ADA}'",
        )

        doubled = "no order has two shipment requests, and none that nobody paid for has one"
        assert (await copy.wrong())[doubled] == (str(ADA),)
