"""Each promise about stock, broken in a real database, is found with the SKU or order that breaks it."""

import pytest
from deploy.local.tests.integration.audit.breaking import broken, check
from deploy.local.tests.integration.audit.world import named

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ADA, BEA, DAN, GIL = (named("order", name) for name in ("ada", "bea", "dan", "gil"))
SUMS = "the counters of stock are the sums of their movements"
SHORT = "units that a centre does not have are not sold again"
HELD = "what is reserved and sold is what reservations hold"


def a_hold(name, expires_at):
    return (
        "INSERT INTO catalog.reservations (order_id, mall_id, status, expires_at, created_at, changed_at)"
        f" VALUES ('{named(name)}', 'intake', 'held', {expires_at}, now(), now())"
    )


STOCK = [
    broken(
        "units sold and reserved never exceed what came in",
        "ALTER TABLE catalog.stock DROP CONSTRAINT stock_promises",
        "UPDATE catalog.stock SET on_hand = -1 WHERE sku = 'OATS'",
        offenders=("OATS",),
        also=(SUMS,),
    ),
    broken(
        "the units of all orders that stand never exceed what came in",
        f"UPDATE orders.order_lines SET quantity = 1000, unit_price = 5 WHERE order_id = '{DAN}'",
        offenders=("OATS",),
        also=("a reservation is for the units of its order",),
    ),
    broken(
        SUMS,
        "INSERT INTO catalog.stock_movements (sku, delta_on_hand, delta_reserved, reason, reference, at)"
        " VALUES ('JERKY', 1, 0, 'counted', 'x', now())",
        offenders=("JERKY",),
    ),
    broken(
        HELD,
        a_hold("nobody", "now() + interval '1 hour'"),
        f"INSERT INTO catalog.reservation_lines (order_id, sku, quantity) VALUES ('{named('nobody')}', 'OATS', 1)",
        offenders=("OATS",),
    ),
    broken(
        "every order's reservation is where the order is",
        f"UPDATE catalog.reservations SET status = 'released' WHERE order_id = '{DAN}'",
        offenders=(DAN,),
        also=(HELD,),
    ),
    broken(
        "a reservation is for the units of its order",
        f"UPDATE orders.order_lines SET sku = 'OTHER' WHERE order_id = '{DAN}'",
        offenders=(f"{DAN} OATS", f"{DAN} OTHER"),
        also=("the units of all orders that stand never exceed what came in",),
    ),
    broken(
        "units that orders lost by cancelling are back in stock",
        f"UPDATE catalog.reservation_lines SET returned = 0 WHERE order_id = '{BEA}'",
        offenders=(f"{BEA} OATS",),
        also=(HELD,),
    ),
    broken(
        "a reservation is for the units of its order",
        f"UPDATE catalog.reservation_lines SET sku = 'OTHER' WHERE order_id = '{GIL}' AND sku = 'JERKY'",
        offenders=(f"{GIL} JERKY", f"{GIL} OTHER"),
        also=(HELD,),
    ),
    broken(
        "nothing is held for an option that was decided",
        f"UPDATE catalog.reservations SET status = 'sold' WHERE order_id = '{named('change', 'gil')}'",
        offenders=(named("change", "gil"),),
        also=(HELD,),
    ),
    broken(
        SHORT,
        f"UPDATE scm.cancels SET short = '{{\"OATS\": 1}}' WHERE order_id = '{BEA}'",
        offenders=(f"{BEA} OATS",),
    ),
    broken(
        SHORT,
        "INSERT INTO catalog.stock_movements (sku, delta_on_hand, delta_reserved, reason, reference, at)"
        f" VALUES ('OATS', -1, 0, 'shortage', '{BEA}', now())",
        "UPDATE catalog.stock SET on_hand = on_hand - 1 WHERE sku = 'OATS'",
        offenders=(f"{BEA} OATS",),
    ),
    broken(
        "no hold outlives its time",
        a_hold("late", "now() - interval '11 minutes'"),
        offenders=(named("late"),),
    ),
    broken(
        "every movement of stock is added to its counter",
        "INSERT INTO catalog.pending_movements (sku, delta_on_hand, delta_reserved, reason, reference, at)"
        f" VALUES ('OATS', 0, 0, 'sold', '{ADA}', now())",
        offenders=(f"OATS {ADA}",),
    ),
    broken(
        "carts price with the catalogue's prices",
        "UPDATE cart.catalogue_variants SET price = 1 WHERE sku = 'OATS'",
        offenders=("OATS",),
    ),
]


class TestStock:
    @pytest.mark.parametrize("one", STOCK)
    async def test_a_broken_promise_is_found(self, copy, one):
        await check(copy, one)

    async def test_a_sale_that_waits_to_be_added_is_no_trouble_of_the_counters(self, copy):
        """Reserved units are taken off the hold at once and off the counters a moment later."""
        await copy.run(
            f"UPDATE catalog.reservations SET status = 'sold' WHERE order_id = '{DAN}'",
            "INSERT INTO catalog.pending_movements (sku, delta_on_hand, delta_reserved, reason, reference, at)"
            " VALUES ('OATS', -1, -1, 'sold', 'x', now())",
        )

        found = await copy.wrong()
        assert SUMS not in found
        assert HELD not in found

    async def test_units_that_are_missed_as_they_were_told_to_be_are_right(self, copy):
        """Bea was sent less of a set than it is made of: one of the oats that were cancelled is not there."""
        await copy.add(("catalog.set_components", {"set_sku": "PAIR", "sku": "OATS", "quantity": 1}))
        await copy.run(
            f"UPDATE scm.cancels SET short = '{{\"PAIR\": 1}}' WHERE order_id = '{BEA}'",
            "INSERT INTO catalog.stock_movements (sku, delta_on_hand, delta_reserved, reason, reference, at)"
            f" VALUES ('OATS', -1, 0, 'shortage', '{BEA}', now())",
            "UPDATE catalog.stock SET on_hand = on_hand - 1 WHERE sku = 'OATS'",
        )

        assert not {SHORT, SUMS, HELD} & (await copy.wrong()).keys()

    async def test_a_set_is_counted_by_its_parts(self, copy):
        """Held is one set of two oats: the counter of oats must say two."""
        await copy.run(
            "SET session_replication_role = replica;"
            "INSERT INTO catalog.sets (sku, mall_id) VALUES ('PAIR', 'intake');"
            "INSERT INTO catalog.set_components (set_sku, sku, mall_id, quantity) VALUES ('PAIR', 'OATS', 'intake', 2)",
            a_hold("pair", "now() + interval '1 hour'"),
            f"INSERT INTO catalog.reservation_lines (order_id, sku, quantity) VALUES ('{named('pair')}', 'PAIR', 1)",
        )
        assert "OATS" in (await copy.wrong())[HELD]

        await copy.run("UPDATE catalog.stock SET reserved = reserved + 2 WHERE sku = 'OATS'")

        assert HELD not in await copy.wrong()
