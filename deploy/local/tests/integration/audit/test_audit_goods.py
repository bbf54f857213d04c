"""Exchanges, returned sets, pre-orders: nothing is found while they balance, and the one that does not is found."""

import pytest
from deploy.local.tests.integration.audit.outside import CENTRES
from deploy.local.tests.integration.audit.world import NOW, named

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ADA, EVE, CLAIM = named("order", "ada"), named("order", "eve"), named("claim")
LINE, REPLACED = named("line", "ada", "OATS"), named("replacement")
SENT = "every exchange that came to its end has the shipment of its replacements"
FOR_WHAT_CAME = "replacements leave for the units that came back, and for no others"
AGREED = "orders and scm agree on what came back"
RESTOCKED = "units that came back in order, and replacements that are not sent, are in stock again"
HELD = "what is reserved and sold is what reservations hold"
SUMS = "the counters of stock are the sums of their movements"
WAITS = "whoever waits for a pre-order was told until when"
REACHED = "every open request has reached the centre that fetches it"
RETURN_REACHED = "every return has reached the centre that fetches it"
FOUND_ALIKE = "what a centre found of returned goods is what was written here"
SETTLED = {"status": "completed", "fault": "seller", "approved_at": NOW, "settled_at": NOW}
ONCE = "no centre was asked to send a unit twice"


async def came_back(copy, kind: str, *, resellable: int = 1, damaged: int = 1) -> None:
    """Both of ada's oats: the claim, what scm saw of it, and, for an exchange, what was sent for them."""
    found = {"resellable": resellable, "damaged": damaged, "missing": 0, "quantity": 2}
    claim = {"claim_id": CLAIM, "order_id": ADA}
    rows = [
        ("orders.order_claims", claim | SETTLED | {"position": 1, "kind": kind}),
        ("orders.order_claim_lines", claim | {"line_id": LINE, "position": 1} | found),
        ("scm.returns", claim | {"centre": "icheon", "status": "received", "received_at": NOW}),
        ("scm.return_lines", {"claim_id": CLAIM, "line_id": LINE, "place": 1, "sku": "OATS"} | found),
    ]  # fmt: skip
    if kind == "exchange":
        rows += [
            (
                "scm.shipments",
                {"id": REPLACED, "order_id": ADA, "claim_id": CLAIM, "centre": "icheon", "stage": "requested",
                 "status": "requested", "revision": 1},
            ),
            ("scm.shipment_lines", {"shipment_id": REPLACED, "line_id": LINE, "sku": "OATS", "quantity": 2}),
        ]  # fmt: skip
    await copy.add(*rows)


class TestExchanges:
    async def test_replacements_for_what_came_are_right(self, copy):
        await came_back(copy, "exchange")

        assert not {SENT, FOR_WHAT_CAME, AGREED} & (await copy.wrong()).keys()

    async def test_replacements_that_nobody_sends_are_found(self, copy):
        await came_back(copy, "exchange")
        await copy.run(f"DELETE FROM scm.shipments WHERE id = '{REPLACED}'")

        assert (await copy.wrong())[SENT] == (str(CLAIM),)

    @pytest.mark.parametrize(
        "change",
        [
            f"UPDATE scm.shipment_lines SET quantity = 3 WHERE shipment_id = '{REPLACED}'",
            f"UPDATE orders.order_claims SET kind = 'return' WHERE claim_id = '{CLAIM}'",
            f"UPDATE orders.order_claim_lines SET replacement_sku = 'JERKY' WHERE claim_id = '{CLAIM}'",
            f"DELETE FROM orders.order_claims WHERE claim_id = '{CLAIM}'",
        ],
    )
    async def test_replacements_for_anything_else_are_found(self, copy, change):
        await came_back(copy, "exchange")
        await copy.run(change)

        assert (await copy.wrong())[FOR_WHAT_CAME] == (f"{CLAIM} {LINE}",)


class TestReturns:
    async def test_what_orders_and_scm_saw_differently_is_found(self, copy):
        await came_back(copy, "return")
        await copy.run(f"UPDATE orders.order_claim_lines SET resellable = 2, damaged = 0 WHERE claim_id = '{CLAIM}'")

        assert (await copy.wrong())[AGREED] == (f"{CLAIM} {LINE}",)

    async def test_good_units_that_are_not_in_stock_again_are_found(self, copy):
        await came_back(copy, "return")
        assert (await copy.wrong())[RESTOCKED] == (f"{ADA} OATS",)

        await copy.run(f"UPDATE catalog.reservation_lines SET returned = 1 WHERE order_id = '{ADA}' AND sku = 'OATS'")

        assert RESTOCKED not in await copy.wrong()

    async def test_a_variant_sent_in_exchange_comes_back_as_itself(self, copy):
        """Ada's two oats were exchanged for jerky, and both came back: each is in stock again where it was sold."""
        await came_back(copy, "exchange", resellable=2, damaged=0)
        back = named("claim", "back")
        claim = {"claim_id": back, "order_id": ADA}
        found = {"resellable": 2, "damaged": 0, "missing": 0, "quantity": 2}
        await copy.run(f"UPDATE orders.order_claim_lines SET replacement_sku = 'JERKY' WHERE claim_id = '{CLAIM}'")
        await copy.add(
            (
                "orders.order_claims",
                claim | SETTLED | {"kind": "return", "position": 2},
            ),
            ("orders.order_claim_lines", claim | {"line_id": LINE, "position": 1, "held_sku": "JERKY"} | found),
            ("catalog.reservations", {"order_id": CLAIM, "status": "sold"}),
            ("catalog.reservation_lines", {"order_id": CLAIM, "sku": "JERKY", "quantity": 2, "returned": 0}),
        )
        assert (await copy.wrong())[RESTOCKED] == (f"{ADA} JERKY", f"{ADA} OATS")

        await copy.run(
            f"UPDATE catalog.reservation_lines SET returned = 2 WHERE order_id = '{ADA}' AND sku = 'OATS'",
            f"UPDATE catalog.reservation_lines SET returned = 2 WHERE order_id = '{CLAIM}'",
        )
        assert RESTOCKED not in await copy.wrong()

    async def test_a_set_that_came_back_is_in_stock_by_its_parts(self, copy):
        """Two sets of two oats were sold and one came back: two oats are sold."""
        order_id = named("order", "set")
        await copy.add(
            ("catalog.sets", {"sku": "PAIR"}),
            ("catalog.set_components", {"set_sku": "PAIR", "sku": "OATS", "quantity": 2}),
            ("catalog.reservations", {"order_id": order_id, "status": "sold"}),
            ("catalog.reservation_lines", {"order_id": order_id, "sku": "PAIR", "quantity": 2, "returned": 1}),
        )
        sold = ("catalog.stock_movements", {"sku": "OATS", "delta_on_hand": -4, "reason": "sold"})
        await copy.add(sold)
        await copy.run("UPDATE catalog.stock SET on_hand = on_hand - 4, sold = sold + 4 WHERE sku = 'OATS'")
        assert (await copy.wrong())[HELD] == ("OATS",)

        await copy.add(("catalog.stock_movements", {"sku": "OATS", "delta_on_hand": 2, "reason": "restocked"}))
        await copy.run("UPDATE catalog.stock SET on_hand = on_hand + 2, sold = sold - 2 WHERE sku = 'OATS'")

        assert not {HELD, SUMS} & (await copy.wrong()).keys()

    async def test_a_return_that_the_centre_never_saw_is_found(self, copy):
        await came_back(copy, "return")
        await copy.run(f"UPDATE scm.returns SET status = 'requested', received_at = NULL WHERE claim_id = '{CLAIM}'")
        assert (await copy.wrong())[RETURN_REACHED] == (str(CLAIM),)

        copy.outside.documents[CENTRES]["returns"] = [{"id": str(CLAIM), "log": []}]

        assert RETURN_REACHED not in await copy.wrong()

    async def test_findings_that_were_written_otherwise_are_found(self, copy):
        await came_back(copy, "return")
        found = {"line_id": str(LINE), "resellable": 1, "damaged": 1, "missing": 0}
        told = {"did": "received", "answer": "200", "sent": {"lines": [found]}}
        copy.outside.documents[CENTRES]["returns"] = [{"id": str(CLAIM), "log": [told]}]
        assert FOUND_ALIKE not in await copy.wrong()

        found |= {"resellable": 2, "damaged": 0}

        assert (await copy.wrong())[FOUND_ALIKE] == (str(CLAIM),)


class TestSets:
    async def test_a_centre_may_send_as_many_parts_as_the_sets_need(self, copy):
        """Bea's oats are a set of two: the centre was asked for four of the two sets left."""
        bea = named("shipment", "bea")
        await copy.run(f"UPDATE scm.shipment_lines SET sku = 'PAIR' WHERE shipment_id = '{bea}'")
        assert (await copy.wrong())[ONCE] == (f"{bea} OATS",)

        await copy.add(("catalog.set_components", {"set_sku": "PAIR", "sku": "OATS", "quantity": 2}))

        assert ONCE not in await copy.wrong()


class TestPreorders:
    async def test_a_request_that_waits_need_not_have_reached_its_centre(self, copy):
        eve = named("shipment", "eve")
        requests = copy.outside.documents[CENTRES]["requests"]
        requests[:] = [one for one in requests if one["id"] != str(eve)]
        assert (await copy.wrong())[REACHED] == (str(eve),)

        day = "now() + interval '9 days'"
        await copy.run(f"UPDATE scm.shipments SET held_until = {day}, release_at = {day} WHERE id = '{eve}'")

        wrong = await copy.wrong()
        assert REACHED not in wrong
        assert wrong[WAITS] == (str(eve),)

    async def test_whoever_waits_and_was_told_the_day_is_right(self, copy):
        eve = named("shipment", "eve")
        data = {"shipment_id": str(eve), "until": NOW.isoformat()}
        row = {"id": named("message", "held"), "kind": "preorder-held", "fact_id": named("fact"), "order_id": EVE}
        await copy.add(("notify.messages", row | {"data": data}))
        await copy.run(f"UPDATE scm.shipments SET held_until = '{NOW}', release_at = '{NOW}' WHERE id = '{eve}'")

        wrong = await copy.wrong()
        assert WAITS not in wrong
        assert "no fact has two messages, and no message is about nothing" not in wrong

    async def test_a_pre_order_that_waits_beyond_its_day_is_found(self, copy):
        eve = named("shipment", "eve")
        await copy.run(f"UPDATE scm.shipments SET held_until = now() - interval '1 hour' WHERE id = '{eve}'")

        assert (await copy.wrong())["no pre-order waits beyond its release"] == (str(eve),)
