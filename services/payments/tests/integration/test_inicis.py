"""The adapter against the sandbox's Inicis over real HTTP: two readings of the same public documents have to agree."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime

import pytest
from services.payments.tests.builders import AMOUNT, NOW, a_payment
from services.payments.tests.inicis import TERMS
from services.payments.tests.integration.inicis_company import MID, Company, a_company, until

from common import http_client
from common.clock import SEOUL, FixedClock
from payments.clients.gateway import Cancel
from payments.clients.inicis import InicisGateway
from payments.commands.answers import Hint, Missing, RefundAccount, Refused, Return, Standing, Unknown
from payments.domain.status import Status
from payments.errors import ReturnUnreadable

pytestmark = pytest.mark.integration

NOTE = "refund 0199"


@pytest.fixture
def moment() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
async def company(tmp_path, moment) -> AsyncIterator[Company]:
    async with a_company(tmp_path, moment) as made:
        yield made


@pytest.fixture
async def inicis(company, moment) -> AsyncIterator[InicisGateway]:
    async with http_client.client() as http:
        yield InicisGateway(http, company.access(), moment)


async def agreed(company, inicis, payment, **how):
    """The customer at the window. Returns what the browser brought back."""
    url, fields = await company.click(inicis.window(payment, TERMS).html, **how)
    assert url == TERMS.return_url
    return fields


async def taken(company, inicis, method: str = "card", **changes):
    """A payment of the adapter's, approved; with the key it learnt."""
    payment = a_payment(Status.CONFIRMING, method=method, key=None, account=None, merchant=MID, provider="inicis")
    back = inicis.read_return(payment, await agreed(company, inicis, payment))
    seen = await inicis.confirm(payment, back.grant)
    known = {"key": seen.key, "account": seen.account}
    return a_payment(Status.CONFIRMED, id=payment.id, method=method, merchant=MID, provider="inicis", **known), seen


class TestCard:
    @pytest.mark.parametrize("method", ["card", "transfer", "easy_pay"])
    async def test_pay_a_part_back_and_the_rest(self, company, inicis, method):
        payment, seen = await taken(company, inicis, method)
        assert (seen.standing, seen.merchant, len(seen.key)) == (Standing.PAID, MID, 40)
        assert (await inicis.get(payment)).standing is Standing.PAID
        part = await inicis.cancel(payment, Cancel(NOTE, amount=5_000, balance=AMOUNT))
        assert (part.standing, part.balance) == (Standing.PARTLY_RETURNED, AMOUNT - 5_000)
        shown = await inicis.get(payment)
        assert (shown.standing, shown.balance) == (Standing.PARTLY_RETURNED, AMOUNT - 5_000)
        assert shown.returns == (Return(part.returns[0].reference, 5_000, "", done=True),)
        rest = await inicis.cancel(payment, Cancel(NOTE, amount=AMOUNT - 5_000, balance=AMOUNT - 5_000))
        assert (rest.standing, rest.balance) == (Standing.RETURNED, 0)
        assert len((await inicis.get(payment)).returns) == 2
        totals = await company.totals()
        assert (totals["taken"], totals["refunded"], totals["balance"]) == (AMOUNT, AMOUNT, 0)

    async def test_all_of_it_at_once(self, company, inicis):
        payment, _ = await taken(company, inicis)
        given = await inicis.cancel(payment, Cancel(NOTE, amount=AMOUNT, balance=AMOUNT))
        shown = await inicis.get(payment)
        assert shown.standing is Standing.RETURNED
        # The name of the refund is the same when it is only looked up.
        assert shown.returns[0].reference == given.returns[0].reference
        again = await inicis.cancel(payment, Cancel(NOTE, amount=AMOUNT, balance=AMOUNT))
        assert (again.code, again.hint) == ("500626", Hint.ASK)

    async def test_a_second_of_the_same_is_stopped_by_what_must_remain(self, company, inicis):
        payment, _ = await taken(company, inicis)
        cancel = Cancel(NOTE, amount=5_000, balance=AMOUNT)
        await inicis.cancel(payment, cancel)
        assert (await inicis.cancel(payment, cancel)).hint is Hint.ASK
        assert (await company.totals())["refunded"] == 5_000

    @pytest.mark.parametrize("mode", ["close", "http_500"])
    async def test_a_lost_refund_is_found(self, company, inicis, mode):
        payment, _ = await taken(company, inicis)
        await company.fault("refund", "drop_after_effect", mode=mode)
        answer = await inicis.cancel(payment, Cancel(NOTE, amount=5_000, balance=AMOUNT))
        assert answer.returns[0].note == NOTE
        assert (await company.totals())["refunded"] == 5_000

    async def test_a_decline(self, company, inicis):
        payment = a_payment(Status.CONFIRMING, key=None, merchant=MID)
        back = inicis.read_return(payment, await agreed(company, inicis, payment, choice="decline"))
        answer = await inicis.confirm(payment, back.grant)
        assert (answer.code, answer.hint) == ("R301", Hint.FINAL)
        assert await inicis.get(payment) == Missing()

    async def test_failing_and_closing(self, company, inicis):
        payment = a_payment(merchant=MID)
        back = inicis.read_return(payment, await agreed(company, inicis, payment, choice="fail"))
        assert isinstance(back, Refused)
        url, fields = await company.click(inicis.window(payment, TERMS).html, "cancel")
        assert (url, fields) == (TERMS.fail_url, {})

    async def test_confirming_again_shows_the_same(self, company, inicis):
        payment = a_payment(Status.CONFIRMING, key=None, merchant=MID)
        back = inicis.read_return(payment, await agreed(company, inicis, payment))
        once = await inicis.confirm(payment, back.grant)
        again = await inicis.confirm(payment, back.grant)
        assert (again.key, again.standing, again.balance) == (once.key, Standing.PAID, AMOUNT)
        assert (await company.totals())["taken"] == AMOUNT

    @pytest.mark.parametrize("changes", [{"refund_version": "v2"}, {"verification": False}])
    async def test_the_other_versions(self, company, moment, changes):
        async with http_client.client() as http:
            gateway = InicisGateway(http, company.access(**changes), moment)
            payment, _ = await taken(company, gateway)
            await gateway.cancel(payment, Cancel("고객 요청 a/b", amount=5_000, balance=AMOUNT))
            await gateway.cancel(payment, Cancel(NOTE, amount=AMOUNT - 5_000, balance=AMOUNT - 5_000))
            assert (await gateway.get(payment)).standing is Standing.RETURNED
        assert (await company.totals())["balance"] == 0


class TestNotToBeTrusted:
    @pytest.mark.parametrize("mode", ["close", "http_500"])
    async def test_a_lost_approval_is_net_cancelled(self, company, inicis, mode):
        payment = a_payment(Status.CONFIRMING, key=None, merchant=MID)
        back = inicis.read_return(payment, await agreed(company, inicis, payment))
        await company.fault("pay_auth", "drop_after_effect", mode=mode)
        assert (await inicis.confirm(payment, back.grant)).code == "answer_lost"
        totals = await company.totals()
        assert (totals["taken"], totals["reversed"], totals["balance"]) == (AMOUNT, AMOUNT, 0)
        assert (await inicis.get(payment)).standing is Standing.RETURNED

    async def test_with_the_net_cancel_lost_too_the_look_up_tells(self, company, inicis):
        payment = a_payment(Status.CONFIRMING, key=None, merchant=MID)
        back = inicis.read_return(payment, await agreed(company, inicis, payment))
        await company.fault("pay_auth", "drop_after_effect")
        await company.fault("net_cancel", "http_500")
        assert isinstance(await inicis.confirm(payment, back.grant), Unknown)
        assert (await inicis.get(payment)).standing is Standing.PAID

    @pytest.mark.parametrize(
        ("what", "code", "hint"),
        [
            ("signature", "forged_approval", Hint.FINAL),
            ("amount", "another_amount", Hint.KEY),
            ("order", "another_order", Hint.KEY),
        ],
    )
    async def test_a_forged_approval_is_net_cancelled(self, company, inicis, what, code, hint):
        payment = a_payment(Status.CONFIRMING, key=None, merchant=MID)
        back = inicis.read_return(payment, await agreed(company, inicis, payment))
        await company.control("forge", what=what)
        answer = await inicis.confirm(payment, back.grant)
        assert (answer.code, answer.hint) == (code, hint)
        assert (await company.totals())["balance"] == 0

    async def test_another_host_is_never_called(self, company, inicis):
        payment = a_payment(Status.CONFIRMING, key=None, merchant=MID)
        fields = await agreed(company, inicis, payment)
        for name in ("authUrl", "netCancelUrl"):
            with pytest.raises(ReturnUnreadable):
                inicis.read_return(payment, fields | {name: "http://127.0.0.1:9/api/payAuth"})
        refused = await inicis.confirm(payment, fields | {"authUrl": "http://127.0.0.1:9/api/payAuth"})
        assert refused.code == "wrong_host"
        assert (await company.totals())["taken"] == 0

    async def test_a_token_of_nobody_takes_nothing(self, company, inicis):
        payment = a_payment(Status.CONFIRMING, key=None, merchant=MID)
        fields = await agreed(company, inicis, payment)
        answer = await inicis.confirm(payment, fields | {"authToken": "invented"})
        assert answer.hint is Hint.KEY
        assert (await company.totals())["taken"] == 0

    async def test_the_token_of_a_cheaper_order_is_undone(self, company, inicis):
        cheap, dear = (
            a_payment(Status.CONFIRMING, key=None, merchant=MID, amount=100),
            a_payment(Status.CONFIRMING, key=None, merchant=MID),
        )
        fields = await agreed(company, inicis, cheap)
        assert (await inicis.confirm(dear, fields)).code == "another_order"
        assert (await company.totals())["balance"] == 0


class TestAccount:
    async def test_issued_paid_into_taken_back_and_closed(self, company, inicis, moment):
        payment, seen = await taken(company, inicis, "virtual_account")
        assert (seen.standing, seen.account.bank_name) == (Standing.WAITING, "신한은행")
        # due_at of the payment is the next noon in Korea: the account is open until that day ends.
        assert seen.account.due_at == datetime(2026, 11, 23, 23, 59, 59, tzinfo=SEOUL)
        await company.control("deposit", accountNumber=seen.account.number)
        assert (await inicis.get(payment)).standing is Standing.PAID
        await company.control("reverse", accountNumber=seen.account.number)
        assert (await inicis.get(payment)).standing is Standing.WAITING
        await until(lambda: _heard(company, 2))
        read = [
            inicis.parse_callback("intake", request.headers, request.content, moment.now())
            for request in company.door.notices
        ]
        assert [notice.kind for notice in read] == ["DEPOSIT", "DEPOSIT_REVERSED"]
        for notice in read:
            assert (notice.order_ref, notice.key, notice.amount, notice.merchant) == (
                payment.order_ref, payment.key, AMOUNT, MID,
            )  # fmt: skip
        closed = await inicis.cancel(payment, Cancel("close it"))
        assert closed.standing is Standing.RETURNED
        assert (await inicis.get(payment)).standing is Standing.RETURNED

    @pytest.mark.parametrize("version", ["v1", "v2"])
    async def test_a_deposit_goes_back_to_the_customers_account(self, company, moment, version):
        async with http_client.client() as http:
            gateway = InicisGateway(http, company.access(refund_version=version), moment)
            payment, seen = await taken(company, gateway, "virtual_account")
            await company.control("deposit", accountNumber=seen.account.number)
            account = RefundAccount("88", "110123456789", "김서연")
            nowhere = await gateway.cancel(payment, Cancel(NOTE, amount=5_000, balance=AMOUNT))
            assert nowhere.hint is Hint.ACCOUNT
            part = await gateway.cancel(payment, Cancel(NOTE, amount=5_000, balance=AMOUNT, account=account))
            assert part.balance == AMOUNT - 5_000
            rest = Cancel(NOTE, amount=AMOUNT - 5_000, balance=AMOUNT - 5_000, account=account)
            assert (await gateway.cancel(payment, rest)).balance == 0
        assert (await company.totals())["balance"] == 0

    async def test_a_mobile_notice(self, tmp_path, moment):
        async with (
            a_company(tmp_path, moment, notice_kind="mobile", notice_charset="utf-8") as company,
            http_client.client() as http,
        ):
            gateway = InicisGateway(http, company.access(), moment)
            payment, seen = await taken(company, gateway, "virtual_account")
            await company.control("deposit", accountNumber=seen.account.number)
            await until(lambda: _heard(company, 2))
            notice = gateway.parse_callback("", {}, company.door.notices[1].content, moment.now())
            assert (notice.kind, notice.key, notice.amount) == ("DEPOSIT_VBANK", payment.key, AMOUNT)


async def _heard(company: Company, count: int) -> bool:
    return len(company.door.notices) >= count


class TestSettlement:
    async def test_the_days_list(self, company, inicis):
        payment, _ = await taken(company, inicis)
        part = await inicis.cancel(payment, Cancel(NOTE, amount=5_000, balance=AMOUNT))
        came, went = await inicis.settlements(date(2026, 11, 22))
        assert (came.kind, came.key, came.order_ref, came.amount) == ("payment", payment.key, payment.order_ref, AMOUNT)
        assert (came.fee, came.payout, came.pays_out_on) == (350, AMOUNT - 350, date(2026, 11, 25))
        assert (went.kind, went.amount, went.fee, went.payout) == ("cancel", 5_000, -110, -4_890)
        assert went.reference == part.returns[0].reference
        assert await inicis.settlements(date(2026, 11, 21)) == []
