"""An exchange whose new goods cannot be sent: their price goes back instead, and what has left stays exchanged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from services.orders.tests.builders import (
    DAY,
    NOW,
    PAYMENT,
    a_quote,
    a_quote_line,
    an_order,
    cancels,
    claims,
    completes,
    pays,
    settles,
    ships,
    stops,
)
from services.orders.tests.claimed import delivered, refunds, replaced, settled

from common import ids
from common.errors import DomainError
from contracts.claims import ReplacementStopped, ReplacementStopRequested
from orders import domain, events
from orders.commands import NoteDepositReversed, ShelfUnits, StopReplacement, Units
from orders.domain import Amounts, Decision, Order, Status

LATER = NOW + 5 * DAY
STOP, AGAIN = ids.derived_id("stop", "1"), ids.derived_id("stop", "2")


def exchanged(*counts: int, reason: str = "defective", quantity: int = 3, other: str | None = "LARGE") -> Order:
    """A delivered order of one line with a completed exchange of so many units: the first that came."""
    order = delivered(a_quote(a_quote_line("SMALL", quantity=quantity), a_quote_line("KEPT")))
    (came,) = counts or (2,)
    command = claims(order, (order.lines[0].line_id, came, other), kind="exchange", reason=reason)
    return settled(order, command).order


def asked(order: Order, stop_id=STOP) -> Decision:
    return domain.stop_replacement(order, StopReplacement(order.order_id, order.claims[0].claim_id, stop_id, "staff:1"))


def answered(order: Order, *counts: int, **said) -> Decision:
    return domain.settle_replacement_stop(order, stops(order, order.claims[0].claim_id, *counts, **said), LATER)


def part_left(order: Order, count: int, status: str = "shipped") -> Order:
    line = order.claims[0].units[0].line_id
    news = replace(ships(order, status), claim_id=order.claims[0].claim_id, lines=(Units(line, count),))
    return domain.note_shipment(order, replace(news, shipment_id=ids.derived_id("part", str(count)))).order


class TestAsking:
    def test_the_centre_is_asked_for_all_that_has_not_left(self):
        order = part_left(exchanged(2), 1)
        decision = asked(order)
        (told,) = events.told(decision, NOW)
        assert isinstance(told, ReplacementStopRequested)
        assert [(line.sku, line.quantity) for line in told.lines] == [("LARGE", 1)]
        assert decision.order.lines[0].claiming == 1
        assert decision.order.requested_refunds == 0

    def test_asked_twice_is_asked_once(self):
        once = asked(exchanged()).order
        assert asked(once, AGAIN) == Decision(once)

    def test_the_units_can_neither_be_claimed_nor_confirmed_away_meanwhile(self):
        order = asked(exchanged(3)).order
        assert domain.held(order.lines[0], order.claims) == {}
        with pytest.raises(DomainError) as refused:
            domain.complete(order, completes(order), LATER)
        assert refused.value.code == "order.claim_in_progress"

    def test_what_has_left_is_not_asked_for(self):
        order = exchanged(2)
        order = replaced(order, order.claims[0].claim_id)
        with pytest.raises(DomainError) as refused:
            asked(order)
        assert refused.value.code == "claim.nothing_to_stop"

    def test_a_return_sends_nothing(self):
        order = delivered()
        order = settled(order, claims(order)).order
        with pytest.raises(DomainError) as refused:
            asked(order)
        assert refused.value.code == "claim.nothing_to_stop"

    def test_a_cancel_of_the_same_units_goes_first(self):
        """Of an order in several parcels: the customer wants the rest cancelled, and the centre has not answered."""
        order = an_order(Status.PAID, a_quote(a_quote_line("SMALL", quantity=2), a_quote_line("REST")))
        first = (Units(order.lines[0].line_id, 2),)
        order = domain.note_shipment(order, replace(ships(order, "delivered"), lines=first)).order
        command = claims(order, (order.lines[0].line_id, 2), kind="exchange", reason="defective")
        order = settled(order, command).order
        waiting = domain.request_cancel(order, cancels(order), NOW).order
        with pytest.raises(DomainError) as refused:
            asked(waiting)
        assert refused.value.code == "order.cancel_in_progress"
        refused_cancel = settles(waiting, waiting.cancels[0].cancel_id, accepted=False)
        assert asked(domain.settle_cancel(waiting, refused_cancel, NOW).order).facts


class TestStopped:
    def test_the_price_of_the_units_goes_back_and_no_more(self):
        order = asked(exchanged(2)).order
        decision = answered(order)
        line = decision.order.lines[0]
        assert (line.returned, line.claiming, line.open) == (2, 0, 1)
        assert refunds(decision) == [order.lines[0].worth(2)]
        claim = decision.order.claims[0]
        assert (claim.kind, claim.refund_amount, claim.stop.status) == (
            "exchange", order.lines[0].worth(2).amount, "accepted",
        )  # fmt: skip
        assert domain.held(line, decision.order.claims) == {"SMALL": 1}

    def test_others_are_told_what_they_need(self):
        order = asked(exchanged(2)).order
        short = (ShelfUnits("LARGE", 1),)
        told = events.told(answered(order, short=short), LATER)[0]
        assert isinstance(told, ReplacementStopped)
        (line,) = told.lines
        assert (line.sku, line.bought_sku, line.quantity, line.resellable) == ("LARGE", "SMALL", 2, 2)
        assert (line.amount, told.refund_amount, told.whole) == (told.refund_amount, told.refund_amount, False)
        assert [(units.sku, units.quantity) for units in told.short] == [("LARGE", 1)]
        assert told.stopped_at == LATER

    def test_what_left_meanwhile_stays_exchanged(self):
        order = asked(exchanged(2)).order
        decision = answered(order, 1)
        order = decision.order
        assert refunds(decision) == [an_order_line_worth(order, 1)]
        assert domain.held(order.lines[0], order.claims) == {"SMALL": 1, "LARGE": 1}
        there = part_left(order, 1, "delivered")
        after = settled(there, claims(there, (there.lines[0].line_id, 1, None, "LARGE"), reason="defective"))
        assert after.order.lines[0].returned == 2

    def test_the_last_unit_brings_the_shipping_back_and_ends_the_order(self):
        order = delivered(a_quote(a_quote_line("SMALL", quantity=1)))
        order = settled(order, claims(order, kind="exchange", reason="wrong_choice")).order
        decision = answered(asked(order).order)
        assert decision.order.status is Status.RETURNED
        assert refunds(decision) == [order.worth]
        told = events.told(decision, LATER)[0]
        assert (told.whole, told.shipping_amount) == (True, order.shipping_amount)

    def test_a_gift_that_is_kept_keeps_no_shipping_fee(self):
        line = a_quote_line("SMALL", quantity=1)
        gift = replace(a_quote_line("CUP", unit_price=0), kind="gift", gift_of=(line.line_id,))
        order = delivered(a_quote(line, gift))
        order = settled(order, claims(order, kind="exchange", reason="defective")).order
        decision = answered(asked(order).order)
        assert refunds(decision) == [order.worth]
        assert decision.order.lines[1].kept == 1

    def test_the_fee_of_an_exchange_that_sent_nothing_is_owed_back(self):
        decision = answered(asked(exchanged(2, reason="wrong_choice")).order)
        (charge,) = decision.order.charges
        assert (charge.amount, charge.status) == (6000, "owed")
        assert decision.order.claims[0].fee_amount == 0

    def test_of_one_that_sent_a_part_it_is_kept(self):
        decision = answered(asked(part_left(exchanged(2, reason="wrong_choice"), 1)).order)
        assert [charge.status for charge in decision.order.charges] == ["kept"]
        assert refunds(decision) == [an_order_line_worth(decision.order, 1)]

    def test_told_twice_is_paid_once(self):
        order = asked(exchanged()).order
        settled_once = answered(order).order
        again = stops(order, order.claims[0].claim_id)
        assert domain.settle_replacement_stop(settled_once, again, LATER) == Decision(settled_once)
        assert asked(settled_once, AGAIN) == Decision(settled_once)

    def test_it_stops_no_more_than_was_asked(self):
        order = asked(part_left(exchanged(2), 1)).order
        with pytest.raises(DomainError) as refused:
            answered(order, 2)
        assert refused.value.code == "claim.stop_inconsistent"
        with pytest.raises(DomainError):
            answered(order, 0)

    def test_while_the_bank_holds_the_deposit_nothing_goes_back_and_then_all_of_it(self):
        order = asked(exchanged(2)).order
        taken = NoteDepositReversed(order.order_id, PAYMENT, NOW + DAY)
        order = domain.note_deposit_reversed(order, taken, NOW + DAY).order
        decision = answered(order)
        assert (refunds(decision), decision.order.claims[0].refund_amount) == ([], 0)
        back = domain.pay(decision.order, pays(order, confirmed_at=NOW + 6 * DAY))
        assert refunds(back) == [an_order_line_worth(order, 2)]

    def test_units_in_exchange_for_nothing_count_as_kept_for_free_shipping(self):
        """The customer wanted to keep them: with them there was enough for free shipping."""
        prices = {"SMALL": 20_000, "OTHER": 20_000, "KEPT": 15_000}
        lines = [a_quote_line(sku, unit_price=price) for sku, price in prices.items()]
        order = delivered(a_quote(*lines, shipping=0, free_shipping_from=30_000))
        order = settled(order, claims(order, kind="exchange", reason="defective")).order
        order = answered(asked(order).order).order
        order = settled(order, claims(order, (order.lines[1].line_id, 1), reason="change_of_mind")).order
        assert order.claims[1].outbound_fee_amount == 0


class TestRefused:
    def test_the_units_are_sent_after_all_and_may_be_asked_for_again(self):
        before = exchanged()
        decision = answered(asked(before).order, accepted=False)
        claim = decision.order.claims[0]
        assert (claim.stop.status, claim.stop.refused_because) == ("refused", "centre_accepted")
        assert decision.order.lines == before.lines
        assert events.told(decision, LATER) == []
        assert asked(decision.order) == Decision(decision.order)
        again = asked(decision.order, AGAIN)
        assert again.order.claims[0].stop.stop_id == AGAIN
        late = stops(again.order, claim.claim_id, stop_id=STOP)
        assert domain.settle_replacement_stop(again.order, late, LATER) == Decision(again.order)

    def test_an_answer_that_nobody_asked_for(self):
        order = exchanged()
        with pytest.raises(DomainError) as refused:
            answered(order, 1)
        assert refused.value.code == "claim.stop_not_found"


def an_order_line_worth(order: Order, count: int) -> Amounts:
    """Of units of the first line, before any went back."""
    return replace(order.lines[0], returned=0).worth(count)
