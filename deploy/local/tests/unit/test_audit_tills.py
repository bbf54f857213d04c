"""Every provider's books, crafted: each offence against the money is found, and honest books are not blamed."""

import itertools

import pytest

from shop.audit.outside.bank import judge, strangers
from shop.audit.outside.tills import PROVIDERS, read

OURS = "01936b2e-0000-7000-8000-000000000001"
OTHER = "01936b2e-0000-7000-8000-000000000002"
TOLD = "what the ledger says came and went, came and went at its provider"
UNHEARD = "all that came to a provider is in the ledger"
TWICE = "the provider paid every refund once"
NOBODYS = "every won at a provider belongs to one order, or is promised back"

# How each of them calls our payment, and money that came in: with a card or the like, into an account.
NAMED = {
    "toss": "orderId", "kakaopay": "orderId", "inicis": "orderId", "portone": "paymentId", "portone_v1": "paymentId",
}  # fmt: skip
CAME = {
    "toss": "card_approved", "kakaopay": "payment", "inicis": "approved", "portone": "approved",
    "portone_v1": "approved",
}  # fmt: skip
BY_ACCOUNT = [provider for provider in NAMED if provider != "kakaopay"]


class Case:
    """One payment of ours at a provider: its books by `moved`, ours by `row`."""

    def __init__(self, provider: str) -> None:
        self.provider = provider
        self.name = f"{provider} {OURS}"
        self.entries: list[dict] = []
        self.ours = {"id": self.name, "received": 0, "reversed": 0, "done": [], "keeps": 0, "promised": 0}
        self.ours |= {"surplus": 0, "odd": False}

    def moved(self, *movements: tuple[str, int], ref: str = OURS) -> "Case":
        """A try of its own each time."""
        moved = [{"kind": CAME[self.provider] if kind == "came" else kind, "amount": won} for kind, won in movements]
        self.entries.append({NAMED[self.provider]: ref, "movements": moved})
        return self

    def row(self, **ours) -> "Case":
        self.ours |= ours
        return self

    def wrong(self) -> dict[str, tuple[str, ...]]:
        found = judge(read(self.provider, self.entries), {"payments": [self.ours]})
        return {each.promise: each.offenders for each in found if each.offenders}


@pytest.fixture(params=NAMED)
def case(request) -> Case:
    return Case(request.param)


@pytest.fixture(params=BY_ACCOUNT)
def account(request) -> Case:
    return Case(request.param)


def test_every_provider_is_looked_at():
    assert dict(PROVIDERS) == NAMED


class TestSound:
    def test_a_payment_kept(self, case):
        assert case.moved(("came", 15500)).row(received=15500, keeps=15500).wrong() == {}

    def test_given_back_in_two_equal_parts(self, case):
        case.moved(("came", 9000), ("refund", -3000), ("refund", -3000))
        assert case.row(received=9000, done=[3000, 3000], keeps=3000).wrong() == {}

    def test_promised_back(self, case):
        assert case.moved(("came", 9000)).row(received=9000, promised=9000).wrong() == {}

    def test_a_try_that_failed_before_one_that_paid(self, case):
        assert case.moved().moved(("came", 9000)).row(received=9000, keeps=9000).wrong() == {}

    def test_a_deposit_taken_back_and_brought_again(self, account):
        account.moved(("deposit", 9000), ("reversal", -9000), ("deposit", 9000))
        assert account.row(received=18000, reversed=9000, keeps=9000).wrong() == {}

    def test_a_deposit_that_the_bank_turned_away(self, account):
        assert account.moved(("deposit_refused", 0)).wrong() == {}

    def test_an_approval_undone_before_the_shop_heard_of_it(self):
        inicis = Case("inicis").moved(("approved", 9000), ("net_cancel", -9000))
        assert inicis.wrong() == {}
        assert inicis.moved(("approved", 9000)).row(received=9000, keeps=9000).wrong() == {}

    def test_ids_without_hyphens_are_the_same_ids(self, case):
        case.moved(("came", 9000), ref=OURS.replace("-", ""))
        assert case.row(received=9000, keeps=9000).wrong() == {}


class TestOffences:
    def test_money_in_the_ledger_that_never_came(self, case):
        wrong = case.moved().row(received=9000, keeps=9000).wrong()
        assert wrong == {TOLD: (case.name,), NOBODYS: (f"{case.name}: 0 there, 9000 kept, 0 promised back",)}

    def test_money_that_is_not_in_the_ledger(self, case):
        wrong = case.moved(("came", 9000)).wrong()
        assert wrong == {UNHEARD: (case.name,), NOBODYS: (f"{case.name}: 9000 there, 0 kept, 0 promised back",)}

    def test_money_taken_twice(self, case):
        wrong = case.moved(("came", 9000)).moved(("came", 9000)).row(received=9000, keeps=9000).wrong()
        assert wrong == {UNHEARD: (case.name,), NOBODYS: (f"{case.name}: 18000 there, 9000 kept, 0 promised back",)}

    def test_a_refund_paid_twice(self, case):
        case.moved(("came", 9000), ("refund", -3000), ("refund", -3000))
        wrong = case.row(received=9000, done=[3000], keeps=6000).wrong()
        assert wrong == {TWICE: (case.name,), NOBODYS: (f"{case.name}: 3000 there, 6000 kept, 0 promised back",)}

    def test_a_refund_called_done_that_was_never_paid(self, case):
        wrong = case.moved(("came", 9000)).row(received=9000, done=[9000]).wrong()
        assert wrong == {TOLD: (case.name,), NOBODYS: (f"{case.name}: 9000 there, 0 kept, 0 promised back",)}

    def test_a_refund_of_another_amount(self, case):
        wrong = case.moved(("came", 9000), ("refund", -2999)).row(received=9000, done=[3000], keeps=6000).wrong()
        assert wrong.keys() == {TOLD, TWICE, NOBODYS}

    def test_money_of_no_order(self, case):
        wrong = case.moved(("came", 9000)).row(received=9000).wrong()
        assert wrong == {NOBODYS: (f"{case.name}: 9000 there, 0 kept, 0 promised back",)}

    def test_money_of_two_orders(self, case):
        assert case.moved(("came", 9000)).row(received=9000, keeps=18000).wrong().keys() == {NOBODYS}

    def test_money_kept_and_promised_back(self, case):
        assert case.moved(("came", 9000)).row(received=9000, keeps=9000, promised=1000).wrong().keys() == {NOBODYS}

    def test_a_deposit_taken_back_unheard(self, account):
        account.moved(("deposit", 9000), ("reversal", -9000))
        assert account.row(received=9000, keeps=9000).wrong().keys() == {UNHEARD, NOBODYS}

    def test_a_reversal_that_the_bank_knows_nothing_of(self, account):
        wrong = account.moved(("deposit", 9000)).row(received=9000, reversed=9000).wrong()
        assert wrong.keys() == {TOLD, NOBODYS}

    def test_a_net_cancel_of_money_that_the_ledger_has(self):
        inicis = Case("inicis").moved(("approved", 9000), ("net_cancel", -9000)).row(received=9000, keeps=9000)
        assert inicis.wrong().keys() == {TOLD, NOBODYS}


class TestStrangers:
    def test_are_payments_with_money_that_nobody_here_knows(self, case):
        case.moved(("came", 1), ref=OTHER).moved(("came", 1), ref="not-an-id").moved(ref=OTHER[:-1] + "3")
        found = set(strangers(read(case.provider, case.entries), {"payments": [case.ours]}))
        assert found == {f"{case.provider} {OTHER}", f"{case.provider} not-an-id"}

    @pytest.mark.parametrize(("one", "another"), list(itertools.permutations(NAMED, 2)))
    def test_money_at_another_provider_is_a_strangers(self, one, another):
        there = Case(another).moved(("came", 9000))
        rows = {"payments": [Case(one).row(received=9000, keeps=9000).ours]}
        till = read(another, there.entries)
        assert list(strangers(till, rows)) == [f"{another} {OURS}"]
        assert {each.promise for each in judge(till, rows) if each.offenders} == {TOLD, NOBODYS}


class TestUnreadable:
    @pytest.mark.parametrize("movement", [("refund", 1), ("reversal", 1), ("net_cancel", 1), ("chargeback", -1)])
    def test_money_that_moves_in_a_way_nobody_told_of_is_not_guessed_at(self, case, movement):
        with pytest.raises(ValueError, match="a movement of"):
            read(case.provider, case.moved(movement).entries)

    def test_an_entry_without_our_name_for_it(self, case):
        with pytest.raises(KeyError):
            read(case.provider, [{"movements": []}])
