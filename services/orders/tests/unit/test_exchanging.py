"""Exchanges: what is sent for what came back, what it costs, and which variant the customer holds then."""

from __future__ import annotations

from dataclasses import replace

import pytest
from services.orders.tests.builders import (
    NOW,
    a_quote,
    a_quote_line,
    claims,
    finds,
)
from services.orders.tests.claimed import approved, delivered, refunds, replaced, settled

from common import ids
from common.errors import DomainError
from orders import domain, events
from orders.commands import (
    ApproveClaim,
    NoteChargeReturned,
    NoteReplacementUnavailable,
    RejectClaim,
    WithdrawClaim,
)
from orders.domain import ClaimStatus, Decision, Order, Status

CANCEL = ids.derived_id("cancel", "before the return")


class TestExchange:
    def test_the_replacement_can_be_claimed_in_its_turn(self):
        order = delivered()
        first = settled(order, claims(order, kind="exchange", reason="defective"))
        assert refunds(first) == []
        assert first.order.lines == order.lines
        second = settled(replaced(first.order, first.order.claims[0].claim_id), claims(order, reason="defective"))
        told = next(fact for fact in second.facts if fact.name == "claim-completed")
        assert told.sold_under == (order.order_id, first.order.claims[0].claim_id)
        assert refunds(second) == [order.lines[0].worth(1)]

    def test_a_change_of_mind_bears_both_ways_apart_from_any_refund(self):
        order = delivered()
        claim = settled(order, claims(order, kind="exchange", reason="wrong_choice")).order.claims[0]
        assert (claim.fee_amount, claim.refund_amount, claim.status) == (6000, 0, ClaimStatus.COMPLETED)

    def test_sold_out_means_money_back_and_the_shop_bears_the_shipping(self):
        order = delivered()
        command = claims(order, kind="exchange", reason="wrong_choice")
        order = approved(order, command)
        gone = NoteReplacementUnavailable(order.order_id, command.claim_id, ("GRANOLA-500",))
        order = domain.note_replacement_unavailable(order, gone, NOW).order
        assert domain.note_replacement_unavailable(order, gone, NOW) == Decision(order)
        decision = domain.settle_claim(order, finds(order, command.claim_id), NOW)
        assert refunds(decision) == [order.lines[0].worth(1)]

    def test_a_return_sends_nothing_instead(self):
        order = delivered()
        with pytest.raises(DomainError) as refused:
            domain.request_claim(order, claims(order, (order.lines[0].line_id, 1, "OTHER")), NOW)
        assert refused.value.code == "claim.replacement_unneeded"


class TestExchangeFee:
    """Both ways, paid to the mall's own account before anything moves."""

    @pytest.mark.parametrize(
        ("reason", "fault", "paid_by", "fee", "charged"),
        [
            ("wrong_choice", None, "bank_transfer", 6000, 6000),
            ("wrong_choice", None, "waived", 0, 0),
            ("defective", "customer", "bank_transfer", 6000, 6000),
            ("wrong_choice", "seller", None, 0, None),
            ("defective", None, None, 0, None),
            ("defective", None, "bank_transfer", 0, None),
        ],
    )
    def test_who_pays_what(self, reason, fault, paid_by, fee, charged):
        order = delivered()
        command = claims(order, kind="exchange", reason=reason)
        order = approved(order, command, fault=fault, fee_paid_by=paid_by)
        order = domain.settle_claim(order, finds(order, command.claim_id), NOW).order
        assert order.claims[0].fee_amount == fee
        assert [(each.amount, each.status) for each in order.charges] == (
            [] if charged is None else [(charged, "kept")]
        )
        assert order.requested_refunds == 0

    def test_nothing_is_fetched_before_it_is_paid(self):
        order = delivered()
        command = claims(order, kind="exchange", reason="wrong_choice")
        order = domain.request_claim(order, command, NOW).order
        with pytest.raises(DomainError) as refused:
            domain.approve_claim(order, ApproveClaim(order.order_id, command.claim_id, "staff:1"), NOW)
        assert (refused.value.code, refused.value.fields["fee"]) == (
            "claim.fee_due",
            {"amount": 6000, "currency": "KRW"},
        )

    @pytest.mark.parametrize("end", ["withdrawn", "rejected", "nothing came", "sold out"])
    @pytest.mark.parametrize(("paid_by", "owed"), [("bank_transfer", 6000), ("waived", 0)])
    def test_where_no_exchange_comes_of_it_the_money_is_owed_back_once(self, end, paid_by, owed):
        order = delivered()
        command = claims(order, kind="exchange", reason="wrong_choice")
        order = approved(order, command, fee_paid_by=paid_by)
        claim_id = command.claim_id
        gone = NoteReplacementUnavailable(order.order_id, claim_id, ("GRANOLA-500",))
        acts = {
            "withdrawn": lambda: domain.withdraw_claim(order, WithdrawClaim(order.order_id, claim_id, "customer"), NOW),
            "rejected": lambda: domain.reject_claim(order, RejectClaim(order.order_id, claim_id, "s:1", "used"), NOW),
            "nothing came": lambda: domain.settle_claim(order, finds(order, claim_id, (0, 0, 1)), NOW),
            "sold out": lambda: domain.note_replacement_unavailable(order, gone, NOW),
        }
        decision = acts[end]()
        (charge,) = decision.order.charges
        assert (charge.amount, charge.status) == (owed, "owed" if owed else "kept")
        assert sum(fact.name == "charge-owed" for fact in decision.facts) == bool(owed)
        assert decision.order.claims[0].fee_amount == 0
        back = NoteChargeReturned(order.order_id, claim_id, "staff:1")
        if owed:
            returned = domain.note_returned(decision.order, back, NOW)
            assert returned.order.charges[0].status == "returned"
            assert domain.note_returned(returned.order, back, NOW) == Decision(returned.order)
        else:
            with pytest.raises(DomainError, match="owed back"):
                domain.note_returned(decision.order, back, NOW)

    def test_what_is_kept_is_not_owed(self):
        order = delivered()
        order = settled(order, claims(order, kind="exchange", reason="wrong_choice")).order
        with pytest.raises(DomainError) as refused:
            domain.note_returned(order, NoteChargeReturned(order.order_id, order.claims[0].claim_id, "staff:1"), NOW)
        assert refused.value.code == "order.no_charge_owed"


class TestHeld:
    """An exchange leaves another variant in the customer's hands than was bought."""

    def exchanged(self, quantity: int, count: int) -> Order:
        order = delivered(a_quote(a_quote_line("SMALL", quantity=quantity)))
        line = order.lines[0].line_id
        order = settled(order, claims(order, (line, count, "LARGE"), kind="exchange", reason="defective")).order
        return replaced(order, order.claims[0].claim_id)

    def test_the_variant_that_was_sent_instead_comes_back(self):
        order = self.exchanged(1, 1)
        assert domain.held(order.lines[0], order.claims) == {"LARGE": 1}
        decision = settled(order, claims(order, reason="defective"))
        told = next(fact for fact in decision.facts if fact.name == "claim-completed")
        assert [(units.sku, units.variant_name) for units in told.claim.units] == [("LARGE", None)]
        assert refunds(decision) == [order.worth]

    def test_what_comes_back_is_told_with_the_variant_that_was_bought(self):
        order = self.exchanged(1, 1)
        decision = settled(order, claims(order, reason="defective"))
        said = next(event for event in events.told(decision, NOW) if event.type == "claim-completed")
        assert [(line.sku, line.bought_sku) for line in said.lines] == [("LARGE", "SMALL")]

    def test_it_is_exchanged_for_the_same_again_unless_told_otherwise(self):
        order = self.exchanged(1, 1)
        again = settled(order, claims(order, kind="exchange", reason="defective")).order
        assert [units.replacement_sku for units in again.claims[1].units] == ["LARGE"]
        assert domain.held(again.lines[0], again.claims) == {"LARGE": 1}

    def test_of_several_variants_the_customer_says_which(self):
        order = self.exchanged(3, 1)
        line = order.lines[0]
        assert domain.held(line, order.claims) == {"SMALL": 2, "LARGE": 1}
        refused = [
            ((line.line_id, 1), "claim.sku_needed", {"skus": ["LARGE", "SMALL"]}),
            ((line.line_id, 2, None, "LARGE"), "claim.quantity_exceeds_open", {"open": 1}),
            ((line.line_id, 1, None, "OTHER"), "claim.quantity_exceeds_open", {"open": 0}),
            ((line.line_id, 4), "claim.quantity_exceeds_open", {"open": 3}),
        ]
        for units, code, fields in refused:
            with pytest.raises(DomainError) as error:
                domain.request_claim(order, claims(order, units), NOW)
            assert error.value.code == code
            assert fields.items() <= error.value.fields.items()
        order = settled(order, claims(order, (line.line_id, 1, None, "LARGE"))).order
        assert domain.held(order.lines[0], order.claims) == {"SMALL": 2}
        order = settled(order, claims(order, (line.line_id, 2))).order
        assert order.status is Status.RETURNED

    def test_units_of_an_open_claim_are_not_offered(self):
        order = self.exchanged(2, 1)
        line = order.lines[0]
        order = approved(order, claims(order, (line.line_id, 1, None, "LARGE")))
        assert domain.held(order.lines[0], order.claims) == {"SMALL": 1}
        assert domain.request_claim(order, claims(order), NOW).order.claims[-1].units[0].sku == "SMALL"

    def test_a_gift_is_exchanged_for_its_like(self):
        gift = replace(a_quote_line("CUP", unit_price=0), kind="gift")
        order = delivered(a_quote(a_quote_line("OAT"), gift))
        with pytest.raises(DomainError) as refused:
            domain.request_claim(order, claims(order, (gift.line_id, 1, "MUG"), kind="exchange"), NOW)
        assert refused.value.code == "claim.replacement_unneeded"
        assert domain.request_claim(order, claims(order, (gift.line_id, 1), kind="exchange"), NOW).order.claim_open
