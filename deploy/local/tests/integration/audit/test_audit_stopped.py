"""Exchanges whose replacements are not sent: what they cost, where their units are, and who was told."""

import pytest
from deploy.local.tests.integration.audit.breaking import DID, REPLAY, TOLD, broken, check
from deploy.local.tests.integration.audit.world import NOW, named

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ADA, HAL, INA = (named("order", name) for name in ("ada", "hal", "ina"))
CLAIM, STOP, LINE = named("claim", "hal"), named("stop", "hal"), named("line", "hal", "OATS")
SAME, REPLACEMENT = named("claim", "ina"), named("replacement", "hal")
UNITS = (
    "a line's returned units are those of its completed returns and of replacements that are not sent, its claimed ones"
    " those of open claims and of stops that wait"
)
WORTH = "an exchange whose replacement is not sent is worth its units and shipping, and any other nothing"
AGREED = "orders and scm agree on which replacements are not sent"
DECIDED = "a replacement is stopped where scm says so, and nowhere else"
ANSWERED = "every stop of a replacement is answered"
RESTOCKED = "units that came back in order, and replacements that are not sent, are in stock again"
SHORT = "units that a centre does not have are not sold again"
HELD = "what is reserved and sold is what reservations hold"
OVERSOLD = "the units of all orders that stand never exceed what came in"
SOLD = "stats has every line sold and cancelled"
RETURNED = "an order is returned when nothing that was bought is left of what arrived"
HAS = "every order, account, payment, parcel, cancel, claim and refund has its message"
ONCE = "no fact has two messages, and no message is about nothing"
OWED = "what the accepted cancels and the returns of an order owe is promised back"
OWES = "no order gets more back than its accepted cancels and its returns owe"
NOBODYS = "every won at a provider belongs to one order, or is promised back"
WHEN = {"fault": "seller", "approved_at": NOW, "settled_at": NOW}

STOPPED = [
    broken(
        UNITS,
        f"UPDATE orders.order_claim_lines SET stopped = 1 WHERE claim_id = '{CLAIM}'",
        offenders=(f"{HAL} {LINE}",),
        also=(AGREED,),
    ),
    broken(
        UNITS,
        f"UPDATE orders.order_lines SET claiming_quantity = 1 WHERE order_id = '{HAL}'",
        offenders=(f"{HAL} {LINE}",),
    ),
    broken(
        UNITS,
        f"UPDATE orders.order_lines SET returned_quantity = 0 WHERE order_id = '{INA}'",
        offenders=(f"{INA} {named('line', 'ina', 'OATS')}",),
        also=(SOLD, RETURNED),
    ),
    broken(
        WORTH,
        f"UPDATE orders.order_claims SET shipping_amount = shipping_amount + 1 WHERE claim_id = '{SAME}'",
        offenders=(SAME,),
    ),
    broken(
        AGREED,
        f"UPDATE scm.shipment_lines SET cancelled = 1 WHERE shipment_id = '{REPLACEMENT}'",
        offenders=(f"{CLAIM} {LINE}",),
    ),
    broken(
        DECIDED,
        f"UPDATE scm.cancels SET state = 'refused', answer = 'already_shipped' WHERE cancel_id = '{STOP}'",
        offenders=(STOP,),
        also=(SHORT,),
    ),
    broken(
        DECIDED,
        f"UPDATE scm.cancels SET claim_id = '{named('other')}' WHERE cancel_id = '{STOP}'",
        offenders=(STOP,),
        also=(SHORT,),
    ),
    broken(
        RESTOCKED,
        f"UPDATE catalog.reservation_lines SET returned = 1 WHERE order_id = '{CLAIM}'",
        offenders=(f"{HAL} JERKY",),
        also=(HELD,),
    ),
    broken(
        SHORT,
        f"UPDATE scm.cancels SET short = '{{}}' WHERE cancel_id = '{STOP}'",
        offenders=(f"{CLAIM} JERKY",),
    ),
    broken(
        SHORT,
        f"UPDATE catalog.stock_movements SET reference = '{HAL}' WHERE reason = 'shortage' AND reference = '{CLAIM}'",
        offenders=(f"{CLAIM} JERKY", f"{HAL} JERKY"),
    ),
    broken(
        HAS,
        f"DELETE FROM notify.messages WHERE kind = 'replacement-stopped' AND fact_id = '{STOP}'",
        offenders=(f"replacement-stopped {STOP}",),
    ),
    broken(
        ONCE,
        f"UPDATE notify.messages SET fact_id = '{CLAIM}' WHERE kind = 'replacement-stopped' AND fact_id = '{STOP}'",
        offenders=(f"replacement-stopped {CLAIM}",),
        also=(HAS,),
    ),
    broken(
        OWED,
        f"UPDATE orders.order_claims SET amount = amount + 1, refund_amount = amount + 1 WHERE claim_id = '{CLAIM}'",
        offenders=(HAL,),
        also=(WORTH, NOBODYS),
    ),
    broken(
        OWES,
        f"UPDATE orders.order_claims SET refund_amount = 0 WHERE claim_id = '{CLAIM}'",
        offenders=(HAL,),
        also=(NOBODYS,),
    ),
]


class TestStopped:
    @pytest.mark.parametrize("one", STOPPED)
    async def test_a_broken_promise_is_found(self, copy, one):
        await check(copy, one)

    async def test_an_exchange_that_was_sent_is_worth_nothing(self, copy):
        claim = {"claim_id": named("claim"), "order_id": ADA, "kind": "exchange", "status": "completed", "position": 1}
        await copy.add(("orders.order_claims", claim | WHEN))
        assert WORTH not in await copy.wrong()

        await copy.run(
            "ALTER TABLE orders.order_claims DROP CONSTRAINT order_claims_money",
            f"UPDATE orders.order_claims SET amount = 5000 WHERE claim_id = '{claim['claim_id']}'",
        )

        assert (await copy.wrong())[WORTH] == (str(claim["claim_id"]),)

    async def test_units_that_wait_for_the_centres_word_are_claimed_and_want_an_answer(self, copy):
        """Of ada's oats, which came back to be exchanged."""
        claim, line, stop = named("claim"), named("line", "ada", "OATS"), named("stop", "ada")
        whose = {"claim_id": claim, "order_id": ADA}
        state = {"kind": "exchange", "status": "completed", "position": 1} | WHEN
        asked = {"stop_id": stop, "stop_status": "requested"}
        found = {"line_id": line, "quantity": 2, "resellable": 2, "stopping": 2, "position": 1}
        await copy.add(
            ("orders.order_claims", whose | state | asked),
            ("orders.order_claim_lines", whose | found),
        )
        assert (await copy.wrong())[UNITS] == (f"{ADA} {line}",)

        await copy.run(f"UPDATE orders.order_lines SET claiming_quantity = 2 WHERE line_id = '{line}'")

        wrong = await copy.wrong()
        assert UNITS not in wrong
        assert wrong[ANSWERED] == (str(stop),)
        assert DECIDED not in wrong

    async def test_units_that_are_not_sent_are_wanted_by_nobody(self, copy):
        """Five of jerky are wanted, and one of those that came was missing."""
        came = "UPDATE catalog.stock_movements SET delta_on_hand = {} WHERE sku = 'JERKY' AND reason = 'received'"
        await copy.run(came.format(6))
        assert OVERSOLD not in await copy.wrong()

        await copy.run(came.format(5))

        assert (await copy.wrong())[OVERSOLD] == ("JERKY",)


class TestTelling:
    async def test_what_was_to_be_sent_did_not_come_off_the_figures_but_what_was_bought(self, copy):
        await copy.run(f"UPDATE stats.line_facts SET sku = 'JERKY' WHERE fact_id = '{STOP}'")

        [offender] = (await copy.wrong())[REPLAY]
        assert offender.startswith(f"different: cancel {STOP} {LINE}: ")

    async def test_a_stop_that_nobody_was_told_of_is_found(self, copy):
        other = named("untold")
        await copy.run(
            f"UPDATE orders.order_claims SET stop_id = '{other}' WHERE claim_id = '{CLAIM}'",
            f"UPDATE scm.cancels SET cancel_id = '{other}' WHERE cancel_id = '{STOP}'",
        )

        wrong = await copy.wrong()
        names = ("replacement stop decided", "replacement stopped")
        assert wrong[TOLD] == tuple(f"{name} {other}" for name in names)
        assert wrong[DID] == tuple(f"{name} {STOP}" for name in names)

    async def test_a_stop_that_still_waits_need_not_be_told(self, copy):
        stop = named("stop", "ada")
        row = {"cancel_id": stop, "order_id": ADA, "claim_id": named("claim"), "state": "pending"}
        await copy.add(("scm.cancels", row))

        assert await copy.wrong() == {"scm answers every cancel and hears of every release": (f"cancel {stop}",)}
