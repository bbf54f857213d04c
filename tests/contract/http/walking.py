"""Random walks on the paths through the shop, step by step checked."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

import httpx
from anyio.from_thread import BlockingPortal
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from tests.contract.http.paths import COUPONS, WISHES, Walk, open_mall
from tests.contract.http.shop import Shop

_BASKETS = st.lists(
    st.tuples(st.sampled_from(WISHES), st.integers(1, 3)), min_size=1, max_size=3, unique_by=lambda wish: wish[0]
)


class Paths(RuleBasedStateMachine):
    """`world` is set by the test: the portal to the shop's thread, the shop, a client, the gift's promotion.

    The shop goes on from walk to walk, so a walk that found something cannot be walked again: `found` is the first.
    `seen`: how orders, claims and cancels ended.
    """

    world = None
    found = ""
    seen: ClassVar[Counter[str]] = Counter()

    def teardown(self):
        for one in self.walk.bought:
            claims = [f"{claim['kind']} {claim['status']}" for claim in one.view["claims"]]
            cancels = [f"cancel {cancel['status']}" for cancel in one.view["cancels"]]
            chosen = [line["option_change"] for line in one.view["lines"] if line["option_change"]]
            given_up = [f"stop {claim['replacement_stop']['status']}" for claim in one.view["claims"]
                        if claim["replacement_stop"]]  # fmt: skip
            options = [f"option {change['status']}" for change in chosen]
            Paths.seen.update([one.status, *claims, *cancels, *given_up, *options])
        Paths.seen["units missed"] += self.walk.missed.total()

    @initialize(
        basket=_BASKETS,
        coupon=st.sampled_from((None, *COUPONS)),
        far=st.booleans(),
        stage=st.sampled_from(["placed", "paid", "short", "delivered", "exchanged"]),
    )
    def somebody_comes(self, basket, coupon, far, stage):
        self.portal, shop, http, promotion = self.world
        self.walk, self.taken = Walk(shop, http, promotion), []
        self.portal.call(self.walk.begin)
        self.buys(basket, coupon, far)
        if stage != "placed":
            self.step(self.walk.pay, self.walk.bought[0])
        if stage == "short":
            self.step(self.walk.short, self.walk.bought[0], 2, last=False)
        if stage in {"delivered", "exchanged"}:
            self.step(self.walk.centre, self.walk.bought[0], "waybill")
            self.step(self.walk.centre, self.walk.bought[0], "delivered")
        if stage == "exchanged":
            self.exchanges_all(self.walk.bought[0])
            self.step(self.walk.short, self.walk.bought[0], 1, last=False)

    def exchanges_all(self, one):
        """Half of what came back is damaged; the centre has not all that is to be sent instead."""
        lines = [
            {"line_id": line["line_id"], "quantity": one.open_units(line)}
            for line in one.view["lines"]
            if line["kind"] == "item"
        ]
        self.step(self.walk.claim, one, "exchange", "defective", lines)
        (claim,) = one.view["claims"]
        self.step(self.walk.decide, one, claim, "approve")
        halves = {line["line_id"]: divmod(line["quantity"], 2) for line in claim["lines"]}
        found = {line_id: (half, half + odd, 0) for line_id, (half, odd) in halves.items()}
        self.step(self.walk.receive, one, claim, found)

    def step(self, act, *arguments, **options):
        self.taken.append(f"{act.__name__} {arguments} {options or ''}")
        self.portal.call(lambda: act(*arguments, **options))
        if wrong := self.portal.call(self.walk.wrong):
            Paths.found = Paths.found or "\n".join([*wrong, "after:", *self.taken])
        assert not wrong

    def one(self, data, *statuses):
        return data.draw(st.sampled_from([one for one in self.walk.bought if one.status in statuses]))

    def have(self, *statuses):
        return any(one.status in statuses for one in self.walk.bought)

    @precondition(lambda self: len(self.walk.bought) < 3)
    @rule(basket=_BASKETS, coupon=st.sampled_from((None, *COUPONS)), far=st.booleans())
    def buys(self, basket, coupon, far):
        self.step(self.walk.buy, basket, coupon, far=far)

    @precondition(lambda self: self.have("pending_payment"))
    @rule(data=st.data())
    def pays(self, data):
        one = self.one(data, "pending_payment")
        self.step(self.walk.pay, one)
        assert one.status == "paid"

    @rule(data=st.data(), whole=st.booleans())
    def cancels(self, data, whole):
        one = data.draw(st.sampled_from(self.walk.bought))
        lines = [(line["line_id"], one.open_units(line)) for line in one.view["lines"] if line["kind"] == "item"]
        lines = [(line_id, data.draw(st.integers(1, most))) for line_id, most in lines if most]
        self.step(self.walk.cancel, one, None if whole or not lines else lines[:2])
        assert not (whole and one.status in {"pending_payment", "paid"})

    @precondition(lambda self: self.have("paid", "preparing"))
    @rule(data=st.data(), sku=st.sampled_from(["OATS", "COCOA", "COCOA", "PAIR"]))
    def another_option(self, data, sku):
        """Taken while nobody packs it, of the same price, and nothing but OATS and COCOA is."""
        one = self.one(data, "paid", "preparing")
        line = data.draw(st.sampled_from(one.view["lines"]))
        kept, before = one.open_units(line), line["sku"]
        self.step(self.walk.choose, one, line["line_id"], sku)
        (after,) = (each for each in one.view["lines"] if each["line_id"] == line["line_id"])
        free = one.status == "paid" or one.rejected
        may = kept and free and {before, sku} == {"OATS", "COCOA"}
        assert after["sku"] == (sku if may and not one.view["progress"].startswith("partly") else before)

    @precondition(lambda self: self.have("paid", "preparing", "shipped"))
    @rule(data=st.data(), verb=st.sampled_from(["accept", "waybill", "waybill", "delivered"]), part=st.booleans())
    def the_centre_works(self, data, verb, part):
        self.step(self.walk.centre, self.one(data, "paid", "preparing", "shipped"), verb, part=part)

    @precondition(lambda self: self.have("paid", "preparing"))
    @rule(data=st.data(), units=st.integers(1, 4), last=st.booleans())
    def the_centre_is_short(self, data, units, last):
        self.step(self.walk.short, self.one(data, "paid", "preparing"), units, last=last)

    @precondition(lambda self: any(one.rejected for one in self.walk.bought))
    @rule(data=st.data())
    def the_centre_is_asked_once_more(self, data):
        self.step(self.walk.reassign, data.draw(st.sampled_from([one for one in self.walk.bought if one.rejected])))

    @precondition(lambda self: self.have("paid", "preparing", "shipped"))
    @rule(data=st.data())
    def all_arrives(self, data):
        one = self.one(data, "paid", "preparing", "shipped")
        self.step(self.walk.centre, one, "waybill")
        self.step(self.walk.centre, one, "delivered")
        assert one.status in {"delivered", "returned", "cancelled"}

    @precondition(lambda self: self.have("delivered", "completed"))
    @rule(data=st.data())
    def what_was_sent_in_exchange_arrives(self, data):
        one = self.one(data, "delivered", "completed")
        self.step(self.walk.centre, one, "waybill")
        self.step(self.walk.centre, one, "delivered")

    @precondition(lambda self: self.exchanges())
    @rule(data=st.data(), part=st.booleans())
    def what_is_sent_in_exchange_leaves(self, data, part):
        one, _ = data.draw(st.sampled_from(self.exchanges()))
        self.step(self.walk.centre, one, "waybill", part=part)

    @precondition(lambda self: self.exchanges())
    @rule(data=st.data(), units=st.integers(1, 3))
    def what_is_to_be_sent_in_exchange_is_not_there(self, data, units):
        one, _ = data.draw(st.sampled_from(self.exchanges()))
        self.step(self.walk.short, one, units, last=False)

    @precondition(lambda self: self.exchanges())
    @rule(data=st.data())
    def staff_gives_the_money_back_instead(self, data):
        one, claim = data.draw(st.sampled_from(self.exchanges()))
        self.step(self.walk.refund_instead, one, claim)
        stop = one.claim(claim["claim_id"])["replacement_stop"]
        assert stop is None or stop["status"] != "requested"

    def exchanges(self):
        return [
            (one, claim)
            for one in self.walk.bought
            for claim in one.view["claims"]
            if (claim["kind"], claim["status"]) == ("exchange", "completed")
        ]

    @precondition(lambda self: self.have("delivered"))
    @rule(data=st.data())
    def confirms(self, data):
        self.step(self.walk.confirm, self.one(data, "delivered"))

    @precondition(lambda self: self.have("preparing", "shipped", "delivered", "completed"))
    @rule(
        data=st.data(),
        kind=st.sampled_from(["return", "exchange"]),
        reason=st.sampled_from(["change_of_mind", "defective"]),
    )
    def claims(self, data, kind, reason):
        one = self.one(data, "preparing", "shipped", "delivered", "completed")
        lines = []
        for line in one.view["lines"]:
            if line["kind"] == "item" and (most := one.open_units(line)):
                asked = {"line_id": line["line_id"], "quantity": data.draw(st.integers(1, most))}
                if line["sku"] in {"OATS", "COCOA"}:
                    asked["sku"] = data.draw(st.sampled_from([None, "OATS", "COCOA"]))
                    if kind == "exchange":
                        asked["replacement_sku"] = data.draw(st.sampled_from([None, "OATS", "COCOA"]))
                lines.append(asked)
        if lines:
            self.step(self.walk.claim, one, kind, reason, lines)

    def open_claims(self):
        return [
            (one, claim)
            for one in self.walk.bought
            for claim in one.view["claims"]
            if claim["status"] in {"requested", "approved"}
        ]

    @precondition(lambda self: self.open_claims())
    @rule(data=st.data(), verb=st.sampled_from(["approve", "approve", "approve", "reject", "withdraw"]))
    def a_claim_is_decided(self, data, verb):
        one, claim = data.draw(st.sampled_from(self.open_claims()))
        self.step(self.walk.decide, one, claim, verb)

    @precondition(lambda self: self.open_claims())
    @rule(data=st.data())
    def goods_come_back(self, data):
        one, claim = data.draw(st.sampled_from(self.open_claims()))
        found = {}
        for line in claim["lines"]:
            good = data.draw(st.integers(0, line["quantity"]))
            bad = data.draw(st.integers(0, line["quantity"] - good))
            found[line["line_id"]] = good, bad, line["quantity"] - good - bad
        if claim["status"] == "requested":
            self.step(self.walk.decide, one, claim, "approve")
        self.step(self.walk.receive, one, claim, found)
        (claim,) = (each for each in one.view["claims"] if each["claim_id"] == claim["claim_id"])
        assert claim["status"] in {"completed", "rejected"}


def walk_about(portal: BlockingPortal, shop: Shop, *, walks: int, steps: int, number: int) -> Counter[str]:
    """So many walks of so many steps; the same `number`, the same walks. Returns how things ended.

    Raises AssertionError with what did not balance, and the steps that led there.
    """
    Paths.found, Paths.seen = "", Counter()
    with portal.wrap_async_context_manager(httpx.AsyncClient(timeout=30)) as http:
        Paths.world = portal, shop, http, portal.call(open_mall, shop, http)
        how = settings(
            max_examples=walks,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        try:
            run_state_machine_as_test(seed(number)(Paths), settings=how)
        except Exception as error:
            raise AssertionError(Paths.found or f"a step was not possible: {error}") from error
    return Paths.seen
