from dataclasses import replace
from datetime import timedelta

import pytest
from services.cart.tests.builders import NOW, a_cart, a_line, an_item, the_rules, the_terms

from cart import errors
from cart.commands import AddLine, ChangeLine, FreezeCart, RemoveLine
from cart.domain import cart as carts
from cart.domain.cart import CartAbandoned, CartChanged, Status
from cart.domain.pricing import price
from cart.domain.tokens import replayable_token, stored_key
from common import ids

TERMS = the_terms()
LATER = NOW + timedelta(seconds=30)
ORDER, OTHER = ids.new_id(), ids.new_id()


def adding(sku="GR-500", quantity=1) -> AddLine:
    return AddLine(ids.new_id(), sku, quantity)


def ordered(cart=None):
    return carts.close(cart or a_cart(a_line()), ORDER, NOW)


def held(cart=None, order_id=ORDER, at=NOW):
    return carts.freeze(cart or a_cart(a_line()), FreezeCart(order_id), TERMS, at)


class TestAdd:
    def test_puts_a_line_at_the_end_and_tells_the_whole_cart(self):
        decision = carts.add(a_cart(a_line("A")), adding("B", 2), an_item("B"), TERMS, LATER)
        assert [(line.sku, line.quantity) for line in decision.state.lines] == [("A", 1), ("B", 2)]
        assert decision.events == (CartChanged(decision.state, LATER),)
        assert decision.state.changed_at == LATER

    def test_the_same_sku_adds_up_in_its_line(self):
        line = a_line(quantity=2)
        decision = carts.add(a_cart(line), adding(quantity=3), an_item(), TERMS, LATER)
        assert decision.state.lines == (replace(line, quantity=5),)

    def test_refuses_what_does_not_exist(self):
        with pytest.raises(errors.SkuUnknown):
            carts.add(a_cart(), adding(), None, TERMS, NOW)

    def test_goods_of_another_mall_are_as_unknown(self):
        with pytest.raises(errors.SkuUnknown):
            carts.add(a_cart(), adding(), an_item(mall_id="livestore"), TERMS, NOW)

    @pytest.mark.parametrize("changes", [{"on_sale": False}, {"currency": "USD"}])
    def test_refuses_what_is_not_on_sale(self, changes):
        with pytest.raises(errors.SkuNotForSale):
            carts.add(a_cart(), adding(), an_item(**changes), TERMS, NOW)

    def test_refuses_one_line_too_many_but_adds_up_in_a_full_cart(self):
        full = a_cart(a_line("A"), a_line("B"), a_line("C"))
        with pytest.raises(errors.TooManyLines):
            carts.add(full, adding("D"), an_item("D"), TERMS, NOW)
        assert carts.add(full, adding("C"), an_item("C"), TERMS, NOW).state.lines[2].quantity == 2

    @pytest.mark.parametrize(("there", "more"), [(0, 100), (99, 1), (50, 50)])
    def test_refuses_more_units_than_a_line_may_have(self, there, more):
        cart = a_cart(a_line(quantity=there)) if there else a_cart()
        with pytest.raises(errors.QuantityTooLarge):
            carts.add(cart, adding(quantity=more), an_item(), TERMS, NOW)

    def test_the_most_units_are_allowed(self):
        assert carts.add(a_cart(), adding(quantity=99), an_item(), TERMS, NOW).state.lines[0].quantity == 99


class TestChange:
    def test_sets_the_quantity(self):
        line = a_line()
        decision = carts.change(a_cart(line, a_line("B")), ChangeLine(line.id, 7), TERMS, LATER)
        assert [each.quantity for each in decision.state.lines] == [7, 1]
        assert decision.events == (CartChanged(decision.state, LATER),)

    def test_the_same_quantity_changes_nothing_and_tells_nobody(self):
        line = a_line(quantity=3)
        cart = held(a_cart(line))
        assert carts.change(cart, ChangeLine(line.id, 3), TERMS, LATER) == carts.Decision(cart)

    def test_refuses_a_line_that_is_not_there(self):
        with pytest.raises(errors.LineNotFound):
            carts.change(a_cart(a_line()), ChangeLine(ids.new_id(), 1), TERMS, NOW)

    def test_refuses_more_units_than_a_line_may_have(self):
        line = a_line()
        with pytest.raises(errors.QuantityTooLarge):
            carts.change(a_cart(line), ChangeLine(line.id, 100), TERMS, NOW)


class TestRemove:
    def test_takes_the_line_out(self):
        line, other = a_line(), a_line("B")
        decision = carts.remove(a_cart(line, other), RemoveLine(line.id), LATER)
        assert decision.state.lines == (other,)
        assert decision.events == (CartChanged(decision.state, LATER),)

    def test_refuses_a_line_that_is_not_there(self):
        with pytest.raises(errors.LineNotFound):
            carts.remove(a_cart(a_line()), RemoveLine(ids.new_id()), NOW)


class TestFreeze:
    def test_holds_the_cart_for_the_order(self):
        frozen = held(at=LATER)
        assert (frozen.frozen_order_id, frozen.frozen_at, frozen.status) == (ORDER, LATER, Status.OPEN)

    def test_another_order_waits_while_it_is_held(self):
        with pytest.raises(errors.CartBusy):
            held(held(), OTHER, NOW + TERMS.hold - timedelta(microseconds=1))

    def test_another_order_has_it_once_the_time_is_over(self):
        assert held(held(), OTHER, NOW + TERMS.hold).frozen_order_id == OTHER

    def test_the_order_that_lost_the_cart_waits_too(self):
        taken = held(held(), OTHER, NOW + TERMS.hold)
        with pytest.raises(errors.CartBusy):
            held(taken, ORDER, NOW + TERMS.hold)

    def test_the_same_order_holds_it_again(self):
        assert held(held(), ORDER, LATER).frozen_at == LATER

    def test_a_changed_cart_is_free_for_another_order(self):
        changed = carts.add(held(), adding("B"), an_item("B"), TERMS, NOW).state
        assert held(changed, OTHER).frozen_order_id == OTHER

    def test_a_released_cart_is_free_for_another_order(self):
        assert held(carts.release(held(), ORDER), OTHER).frozen_order_id == OTHER

    def test_releasing_for_another_order_changes_nothing(self):
        frozen = held()
        assert carts.release(frozen, OTHER) == frozen

    def test_nothing_to_order_is_refused(self):
        with pytest.raises(errors.CartEmpty):
            carts.check_orderable(price([], {}, the_rules(), NOW))

    def test_lines_off_sale_are_named(self):
        on, off = a_line("ON"), a_line("OFF")
        goods = {"ON": an_item("ON"), "OFF": an_item("OFF", on_sale=False)}
        with pytest.raises(errors.LineUnavailable) as refused:
            carts.check_orderable(price([on, off], goods, the_rules(), NOW))
        assert refused.value.fields["lines"] == [{"line_id": str(off.id), "sku": "OFF"}]


class TestOrderedCart:
    """Nothing changes it any more, whatever is asked."""

    @pytest.mark.parametrize(
        "ask",
        [
            lambda cart: carts.add(cart, adding(), an_item(), TERMS, NOW),
            lambda cart: carts.change(cart, ChangeLine(cart.lines[0].id, 2), TERMS, NOW),
            lambda cart: carts.remove(cart, RemoveLine(cart.lines[0].id), NOW),
            lambda cart: carts.freeze(cart, FreezeCart(OTHER), TERMS, NOW + timedelta(days=1)),
        ],
        ids=["add", "change", "remove", "freeze for another order"],
    )
    def test_refuses(self, ask):
        with pytest.raises(errors.CartOrdered):
            ask(ordered())

    @pytest.mark.parametrize(
        "ask",
        [
            lambda cart: carts.freeze(cart, FreezeCart(ORDER), TERMS, LATER),
            lambda cart: carts.release(cart, ORDER),
            lambda cart: carts.close(cart, OTHER, LATER),
            lambda cart: carts.close(cart, ORDER, LATER),
            lambda cart: carts.abandon(cart, LATER).state,
        ],
        ids=["freeze for its order", "release", "close for another order", "close again", "abandon"],
    )
    def test_stays_as_it_is(self, ask):
        cart = ordered()
        assert ask(cart) == cart


class TestAbandon:
    def test_is_said_once_until_something_changes(self):
        first = carts.abandon(a_cart(a_line()), LATER)
        assert first.events == (CartAbandoned(first.state, LATER),)
        assert carts.abandon(first.state, LATER).events == ()
        changed = carts.add(first.state, adding("B"), an_item("B"), TERMS, LATER).state
        assert carts.abandon(changed, LATER).events != ()

    def test_an_empty_cart_is_not_missed(self):
        assert carts.abandon(a_cart(), LATER).events == ()


class TestReplayableToken:
    def test_is_the_same_for_salt_and_key_and_another_for_any_other(self):
        token = replayable_token(b"salt", "key")
        assert replayable_token(b"salt", "key") == token
        assert len({token, replayable_token(b"salt", "kex"), replayable_token(b"salu", "key")}) == 3

    def test_the_stored_key_does_not_tell_the_key(self):
        assert "secret-key" not in stored_key("secret-key")
