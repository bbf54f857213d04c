"""Returns and exchanges: until when, for whose money, to the last won."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

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
    finds,
    pays,
    settles,
    ships,
)
from services.orders.tests.claimed import approved, delivered, refunds, settled

from common import ids
from common.clock import SEOUL
from common.errors import DomainError
from common.money import vat_included
from orders import domain
from orders.commands import (
    ConfirmPurchase,
    NoteDepositReversed,
    NoteReturn,
    RejectClaim,
    WithdrawClaim,
)
from orders.domain import Amounts, Decision, Status

CANCEL = ids.derived_id("cancel", "before the return")


class TestTime:
    # Delivered on 22 November, 17:00 in Seoul.
    @pytest.mark.parametrize(
        ("reason", "last"),
        [
            ("change_of_mind", datetime(2026, 11, 29, 23, 59, tzinfo=SEOUL)),
            ("defective", datetime(2027, 2, 20, 23, 59, tzinfo=SEOUL)),
        ],
    )
    def test_the_last_day_counts_to_its_end_in_seoul(self, reason, last):
        order = delivered()
        command = claims(order, reason=reason)
        assert domain.request_claim(order, command, last).order.claim_open
        with pytest.raises(DomainError) as refused:
            domain.request_claim(order, command, last + timedelta(minutes=2))
        assert (refused.value.code, refused.value.fields["until"]) == ("claim.too_late", last.date().isoformat())

    def test_a_fault_must_be_told_30_days_after_it_was_noticed(self):
        order = delivered()
        command = claims(order, reason="defective", noticed_on=date(2026, 12, 1))
        assert domain.request_claim(order, command, NOW + 39 * DAY).order.claim_open
        with pytest.raises(DomainError, match="2026-12-31"):
            domain.request_claim(order, command, NOW + 41 * DAY)

    def test_staff_may_let_a_late_claim_in(self):
        order = delivered()
        assert domain.request_claim(order, claims(order, goodwill=True), NOW + 300 * DAY).order.claim_open

    def test_confirming_the_purchase_does_not_end_the_time(self):
        order = delivered()
        order = domain.confirm_purchase(order, ConfirmPurchase(order.order_id, "customer"), NOW + DAY).order
        assert order.status is Status.COMPLETED
        assert domain.request_claim(order, claims(order), NOW + 2 * DAY).order.claim_open

    @pytest.mark.parametrize("status", [Status.PAID, Status.SHIPPED, Status.CANCELLED])
    def test_only_what_arrived(self, status):
        order = an_order(status)
        with pytest.raises(DomainError) as refused:
            domain.request_claim(order, claims(order), NOW)
        assert refused.value.code == "claim.not_delivered"


class TestRequest:
    def test_units_are_claimed_once(self):
        order = delivered()
        line = order.lines[1]
        command = claims(order, (line.line_id, 2))
        order = domain.request_claim(order, command, NOW).order
        assert domain.request_claim(order, command, NOW) == Decision(order)
        assert (order.lines[1].claiming, order.lines[1].open) == (2, 1)
        with pytest.raises(DomainError) as refused:
            domain.request_claim(order, claims(order, (line.line_id, 2)), NOW)
        assert (refused.value.code, refused.value.fields["open"]) == ("claim.quantity_exceeds_open", 1)

    @pytest.mark.parametrize("over", ["rejected", "withdrawn"])
    def test_units_of_a_claim_that_led_to_nothing_can_be_claimed_again(self, over):
        order = delivered()
        command = claims(order, (order.lines[1].line_id, 3))
        order = approved(order, command)
        if over == "rejected":
            refuse = RejectClaim(order.order_id, command.claim_id, "staff:1", "not_sent")
            order = domain.reject_claim(order, refuse, NOW).order
        else:
            order = domain.withdraw_claim(order, WithdrawClaim(order.order_id, command.claim_id, "customer"), NOW).order
        assert order.lines[1].open == 3
        assert not order.claim_open
        assert order.requested_refunds == 0

    def test_a_gift_goes_back_with_the_last_unit_that_earned_it(self):
        base = a_quote_line("OAT", quantity=2, unit_price=8000)
        gift = replace(a_quote_line("CUP", unit_price=0), kind="gift", gift_of=(base.line_id,))
        order = delivered(a_quote(base, a_quote_line("TEA"), gift))
        first = domain.request_claim(order, claims(order, (base.line_id, 1)), NOW).order
        assert first.lines[2].claiming == 0
        second = domain.request_claim(first, claims(order, (base.line_id, 1)), NOW).order
        assert second.lines[2].claiming == 1

    def test_an_order_waits_for_its_claims_before_it_is_completed(self):
        order = delivered()
        command = claims(order)
        order = approved(order, command)
        for act in (
            lambda: domain.complete(order, completes(order), NOW + 30 * DAY),
            lambda: domain.confirm_purchase(order, ConfirmPurchase(order.order_id, "customer"), NOW),
        ):
            with pytest.raises(DomainError) as refused:
                act()
            assert refused.value.code == "order.claim_in_progress"
        order = domain.settle_claim(order, finds(order, command.claim_id), NOW).order
        assert domain.complete(order, completes(order), NOW + 30 * DAY).order.status is Status.COMPLETED


class TestMoney:
    def test_a_change_of_mind_pays_for_the_way_back(self):
        order = delivered()  # shipping was paid, so the way there is not charged again
        decision = settled(order, claims(order, (order.lines[1].line_id, 2)))
        share = order.lines[1].worth(2)
        (back,) = refunds(decision)
        assert back.amount == share.amount - 3000
        assert back.vat == share.vat - 273
        (claim,) = decision.order.claims
        assert (claim.return_fee_amount, claim.outbound_fee_amount, claim.refund_amount) == (3000, 0, back.amount)

    def test_the_sellers_fault_costs_nothing_and_gives_the_shipping_back_with_the_last_unit(self):
        order = delivered()
        whole = [(line.line_id, line.quantity) for line in order.lines]
        first = settled(order, claims(order, whole[0], reason="defective"))
        assert refunds(first) == [order.lines[0].worth(1)]
        rest = settled(first.order, claims(order, whole[1], reason="defective"))
        assert rest.order.requested_refunds == order.total_amount
        assert refunds(first)[0] + refunds(rest)[0] == order.worth

    @pytest.mark.parametrize(("kept", "charged"), [(3, 0), (2, 3000)])
    def test_free_shipping_is_charged_when_what_is_kept_would_not_have_earned_it(self, kept, charged):
        order = delivered(a_quote(a_quote_line("OAT", quantity=4, unit_price=10000), shipping=0))
        decision = settled(order, claims(order, (order.lines[0].line_id, 4 - kept)))
        assert decision.order.claims[0].outbound_fee_amount == charged
        assert refunds(decision)[0].amount == (4 - kept) * 10000 - 3000 - charged
        again = settled(decision.order, claims(order, (order.lines[0].line_id, kept)))
        assert again.order.claims[1].outbound_fee_amount == 3000 - charged, "once per order"

    @pytest.mark.parametrize(
        ("shipping", "surcharge", "enough", "fee"),
        [
            (0, 0, 50000, 6000),
            (3000, 3000, 50000, 6000),
            (6000, 3000, 0, 3000),
            (0, 0, 0, 3000),
            (0, 0, None, 6000),
            (3000, 3000, None, 6000),
        ],
        ids=["mainland", "Jeju", "paid", "free for another reason", "before it was noted", "Jeju before"],
    )
    def test_the_way_there_is_charged_wherever_the_order_went(self, shipping, surcharge, enough, fee):
        line = a_quote_line("OAT", quantity=3, unit_price=20000)
        quote = a_quote(line, shipping=shipping, surcharge_amount=surcharge, free_shipping_from=enough)
        decision = settled(delivered(quote), claims(delivered(quote), (line.line_id, 3)))
        assert decision.order.claims[0].fee_amount == fee
        assert refunds(decision)[0].amount == 60000 - fee

    def test_enough_is_what_the_cart_said_and_not_what_the_terms_say_today(self):
        line = a_quote_line("OAT", quantity=4, unit_price=20000)
        order = delivered(a_quote(line, shipping=0, free_shipping_from=70000))
        claim = settled(order, claims(order, (line.line_id, 1))).order.claims[0]
        assert (claim.terms.free_shipping_from_amount, claim.outbound_fee_amount) == (70000, 3000)
        small = delivered(a_quote(a_quote_line("OAT"), shipping=0))
        assert settled(small, claims(small)).order.claims[0].outbound_fee_amount == 0, "12,900 was never enough"

    def test_what_came_back_at_the_sellers_fault_counts_as_kept(self):
        big, small = a_quote_line("BIG", unit_price=40000), a_quote_line("SMALL", quantity=2, unit_price=20000)
        order = delivered(a_quote(big, small, shipping=0, free_shipping_from=50000))
        order = settled(order, claims(order, (big.line_id, 1), reason="defective")).order
        order = settled(order, claims(order, (small.line_id, 1))).order
        assert order.claims[1].fee_amount == 3000, "60,000 would be kept"

    @pytest.mark.parametrize("tax_free", [False, True])
    def test_the_last_faulty_unit_brings_the_fee_back_that_was_charged(self, tax_free):
        big, small = a_quote_line("BIG", unit_price=60000, tax_free=tax_free), a_quote_line("SMALL", unit_price=20000)
        order = delivered(a_quote(big, small, shipping=0, free_shipping_from=50000))
        first = settled(order, claims(order, (big.line_id, 1)))
        assert first.order.claims[0].outbound_fee_amount == 3000
        last = settled(first.order, claims(order, (small.line_id, 1), reason="defective"))
        assert last.order.claims[1].shipping_amount == 3000
        back = refunds(first)[0] + refunds(last)[0]
        taken = (0, 3000) if tax_free else (vat_included(3000), 0)
        assert back == Amounts(77000, order.worth.vat - taken[0], order.worth.tax_free - taken[1])

    def test_fees_never_take_more_than_the_goods(self):
        order = delivered(a_quote(a_quote_line("PEN", quantity=2, unit_price=500), shipping=0))
        decision = settled(order, claims(order, (order.lines[0].line_id, 1)))
        assert refunds(decision) == []
        assert decision.order.claims[0].fee_amount == 500

    def test_the_fee_comes_off_the_taxed_part_first(self):
        order = delivered(
            a_quote(a_quote_line("RICE", unit_price=10000, tax_free=True), a_quote_line("PEN", unit_price=2000))
        )
        lines = [(line.line_id, 1) for line in order.lines]
        (back,) = refunds(settled(order, claims(order, *lines)))
        assert back == Amounts(9000, 0, 9000)

    def test_missing_units_are_not_paid_for_and_damaged_ones_are(self):
        order = delivered()
        line = order.lines[1]
        decision = settled(order, claims(order, (line.line_id, 3), reason="defective"), (1, 1, 1))
        assert refunds(decision) == [line.worth(2)]
        assert (decision.order.lines[1].returned, decision.order.lines[1].open) == (2, 1)

    def test_where_nothing_came_nothing_is_due(self):
        order = delivered()
        decision = settled(order, claims(order), (0, 0, 1))
        assert decision.order.claims[0].refused_because == "goods_missing"
        assert decision.order.lines == order.lines

    def test_findings_account_for_every_unit(self):
        order = delivered()
        command = claims(order, (order.lines[1].line_id, 3))
        order = approved(order, command)
        with pytest.raises(DomainError) as refused:
            domain.settle_claim(order, finds(order, command.claim_id, (1, 1, 0)), NOW)
        assert refused.value.code == "claim.findings_incomplete"

    def test_nothing_goes_back_while_the_bank_holds_the_deposit_and_all_of_it_after(self):
        order = delivered()
        command = claims(order, (order.lines[1].line_id, 3), reason="defective")
        reversal = NoteDepositReversed(order.order_id, PAYMENT, NOW + DAY)
        order = domain.note_deposit_reversed(order, reversal, NOW + DAY).order
        decision = settled(order, command)
        assert refunds(decision) == []
        again = domain.pay(decision.order, pays(order, confirmed_at=NOW + 5 * DAY))
        assert refunds(again) == [order.lines[1].worth(3)]

    def test_a_settled_claim_told_again_pays_once(self):
        order = delivered()
        command = claims(order)
        first = settled(order, command)
        assert domain.settle_claim(first.order, finds(first.order, command.claim_id), NOW) == Decision(first.order)

    def test_goods_of_a_claim_that_is_over_are_told_to_staff(self):
        order = delivered()
        command = claims(order)
        order = approved(order, command)
        order = domain.withdraw_claim(order, WithdrawClaim(order.order_id, command.claim_id, "customer"), NOW).order
        decision = domain.settle_claim(order, finds(order, command.claim_id), NOW)
        assert decision.order == order
        assert "staff must act" in decision.facts[0].story


class TestWhole:
    """An order of which nothing that was bought is left is returned."""

    @pytest.mark.parametrize("status", [Status.DELIVERED, Status.COMPLETED])
    @pytest.mark.parametrize("reason", ["change_of_mind", "defective"])
    def test_it_ends_with_the_last_unit_whoever_bears_the_shipping(self, status, reason):
        order = an_order(status)
        whole = [(line.line_id, line.quantity) for line in order.lines]
        first = settled(order, claims(order, whole[0], reason=reason))
        assert (first.order.status, told_whole(first)) == (status, False)
        rest = settled(first.order, claims(order, whole[1], reason=reason))
        assert (rest.order.status, told_whole(rest)) == (Status.RETURNED, True)
        assert rest.order.returned_at == NOW + 3 * DAY

    def test_units_that_did_not_come_are_kept(self):
        order = delivered()
        whole = [(line.line_id, line.quantity) for line in order.lines]
        decision = settled(order, claims(order, *whole), (1, 0, 0), (2, 0, 1))
        assert decision.order.status is Status.DELIVERED

    def test_a_gift_that_did_not_come_is_nobodys_loss(self):
        base = a_quote_line("OAT")
        gift = replace(a_quote_line("CUP", unit_price=0), kind="gift", gift_of=(base.line_id,))
        order = delivered(a_quote(base, gift))
        decision = settled(order, claims(order, (base.line_id, 1)), (1, 0, 0), (0, 0, 1))
        assert decision.order.status is Status.RETURNED
        with pytest.raises(DomainError) as refused:
            domain.request_claim(decision.order, claims(order, (gift.line_id, 1)), NOW)
        assert refused.value.code == "order.already_returned"

    def test_what_was_cancelled_before_counts_as_gone(self):
        order = an_order(Status.PAID)
        line = order.lines[1]
        order = domain.request_cancel(order, cancels(order, (line.line_id, 2), cancel_id=CANCEL), NOW).order
        order = domain.settle_cancel(order, settles(order, CANCEL), NOW).order
        order = domain.note_shipment(order, ships(order, "delivered", shipped=True, delivered=True)).order
        left = [(line.line_id, line.kept) for line in order.lines]
        assert settled(order, claims(order, *left)).order.status is Status.RETURNED

    def test_an_exchange_leaves_the_customer_with_as_much(self):
        order = delivered()
        whole = [(line.line_id, line.quantity) for line in order.lines]
        assert settled(order, claims(order, *whole, kind="exchange")).order.status is Status.DELIVERED

    def test_the_last_claim_closes_after_the_order_is_returned(self):
        base = a_quote_line("OAT")
        gift = replace(a_quote_line("CUP", unit_price=0), kind="gift")
        order = delivered(a_quote(base, gift))
        of_gift = claims(order, (gift.line_id, 1))
        order = approved(order, of_gift)
        order = settled(order, claims(order, (base.line_id, 1))).order
        assert (order.status, order.claim_open) == (Status.RETURNED, True)
        over = domain.settle_claim(order, finds(order, of_gift.claim_id), NOW)
        assert (over.order.status, over.order.claim_open) == (Status.RETURNED, False)


def told_whole(decision: Decision) -> bool:
    return next(fact.whole for fact in decision.facts if fact.name == "claim-completed")


def test_goods_on_their_way_cannot_be_kept_any_more():
    order = delivered()
    command = claims(order)
    order = approved(order, command)
    order = domain.note_return(order, NoteReturn(order.order_id, command.claim_id, NOW, "CJ", "1234")).order
    with pytest.raises(DomainError) as refused:
        domain.withdraw_claim(order, WithdrawClaim(order.order_id, command.claim_id, "customer"), NOW)
    assert refused.value.code == "claim.already_picked_up"


def test_staff_may_see_the_fault_elsewhere():
    order = delivered()
    decision = settled(order, claims(order, reason="defective"), fault="customer")
    assert decision.order.claims[0].return_fee_amount == 3000
    assert ids.derived_id("refund", str(decision.order.claims[0].claim_id)) == decision.facts[1].refund_id
