"""The adapters and PortOne's sandbox over TCP: two readings of the same public documents have to agree."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from services.payments.tests.builders import AMOUNT
from services.payments.tests.portone_street import NEXT, SECRET, Street, street

from common.clock import SEOUL, Clock
from payments.clients.gateway import Agreed, Cancel, ReceiptOrder
from payments.commands.answers import Hint, Missing, Redirect, RefundAccount, Refused, Seen, Standing, Unknown
from payments.errors import CallbackForged

pytestmark = pytest.mark.integration

ACCOUNT = RefundAccount("88", "110123456789", "김서연")
BOTH = pytest.mark.parametrize("version", ["v2", "v1"])


@pytest.fixture
async def there(tmp_path) -> AsyncIterator[Street]:
    async with street(tmp_path, refund_minutes=2.0) as made:
        yield made


async def opened(there: Street, version: str, method: str = "card"):
    """(gateway, payment as our rows have it, its party) with the window ready."""
    gateway = getattr(there, version)()
    payment = there.payment(gateway, method)
    redirect = await gateway.prepare(payment, there.terms())
    assert isinstance(redirect, Redirect), redirect
    return gateway, replace(payment, key=redirect.key), gateway.name


async def paid(there: Street, version: str, method: str = "card"):
    gateway, payment, party = await opened(there, version, method)
    back = await there.window(gateway.window(payment, there.terms()).html, party)
    agreed = gateway.read_return(payment, back)
    assert isinstance(agreed, Agreed)
    assert agreed.order_ref == payment.order_ref
    payment = replace(payment, key=agreed.key)
    if method == "virtual_account":
        assert (await gateway.confirm(payment, {})).standing is Standing.WAITING
        await there.control(party, "deposit", paymentId=payment.order_ref)
    seen = await gateway.confirm(payment, {})
    assert seen.standing is Standing.PAID
    return gateway, payment, party


def back_with(amount: int, balance: int, number: int = 1, **changes) -> Cancel:
    values = {"note": f"refund {number}", "amount": amount, "balance": balance} | changes
    return Cancel(idempotency_key=f"refund-0199-0000-{number}", **values)


@BOTH
class TestPaying:
    @pytest.mark.parametrize("method", ["card", "transfer", "easy_pay"])
    async def test_a_part_and_then_the_rest_go_back(self, there, version, method):
        gateway, payment, party = await paid(there, version, method)
        part = await gateway.cancel(payment, back_with(5_000, AMOUNT))
        assert (part.standing, part.balance) == (Standing.PARTLY_RETURNED, AMOUNT - 5_000)
        assert [(given.amount, given.note, given.done) for given in part.returns] == [(5_000, "refund 1", True)]
        rest = await gateway.cancel(payment, back_with(AMOUNT - 5_000, AMOUNT - 5_000, 2))
        assert (rest.standing, rest.balance) == (Standing.RETURNED, 0)
        assert await there.books(party) == {
            "payments": 1, "taken": AMOUNT, "refunded": AMOUNT, "reversed": 0, "balance": 0,
        }  # fmt: skip

    async def test_what_is_seen_is_what_was_asked(self, there, version):
        gateway, payment, _ = await paid(there, version)
        seen = await gateway.get(payment)
        assert (seen.order_ref, seen.key, seen.merchant) == (payment.order_ref, payment.key, gateway.merchant)
        assert (seen.amount, seen.balance, seen.currency) == (AMOUNT, AMOUNT, "KRW")

    @pytest.mark.parametrize("choice", ["fail", "cancel"])
    async def test_a_window_left(self, there, version, choice):
        gateway, payment, party = await opened(there, version)
        back = await there.window(gateway.window(payment, there.terms()).html, party, choice)
        assert isinstance(gateway.read_return(payment, back), Refused)
        assert (await gateway.get(payment)).standing is Standing.FAILED

    async def test_nobody_came_yet(self, there, version):
        gateway, payment, _ = await opened(there, version)
        assert await gateway.get(payment) == Missing()
        assert (await gateway.confirm(replace(payment, key=payment.key or "imp_none"), {})).hint is Hint.KEY

    async def test_opening_again_is_the_same(self, there, version):
        gateway, payment, _ = await opened(there, version)
        assert isinstance(await gateway.prepare(payment, there.terms()), Redirect)

    async def test_an_amount_changed_in_the_browser_is_not_taken(self, there, version):
        gateway, payment, party = await opened(there, version)
        cheap = gateway.window(replace(payment, amount=100), there.terms()).html
        assert isinstance(gateway.read_return(payment, await there.window(cheap, party)), Refused)
        assert (await there.books(party))["taken"] == 0

    async def test_the_day_lists_what_moved(self, there, version):
        gateway, payment, _ = await paid(there, version)
        await gateway.cancel(payment, back_with(5_000, AMOUNT))
        rows = await gateway.settlements(Clock().now().astimezone(SEOUL).date())
        assert [(row.kind, row.amount, row.payout, row.order_ref) for row in rows] == [
            ("payment", AMOUNT, AMOUNT, payment.order_ref), ("cancel", 5_000, -5_000, payment.order_ref),
        ]  # fmt: skip
        assert rows[1].reference == (await gateway.get(payment)).returns[0].reference


@BOTH
class TestGuards:
    async def test_a_stale_balance_is_turned_away(self, there, version):
        gateway, payment, party = await paid(there, version)
        await gateway.cancel(payment, back_with(5_000, AMOUNT))
        again = await gateway.cancel(payment, back_with(6_000, AMOUNT, 2))
        assert again.hint is Hint.ASK
        assert (await there.books(party))["refunded"] == 5_000

    @pytest.mark.parametrize("mode", ["close", "http_500"])
    async def test_a_lost_answer_happened_once(self, there, version, mode):
        gateway, payment, party = await paid(there, version)
        await there.fault(party, "cancel", "drop_after_effect", mode=mode)
        assert isinstance(await gateway.cancel(payment, back_with(5_000, AMOUNT)), Unknown)
        seen = await gateway.get(payment)
        assert [given.note for given in seen.returns] == ["refund 1"]
        repeated = await gateway.cancel(payment, back_with(5_000, AMOUNT))
        assert isinstance(repeated, Seen), "the same request again shows what it did"
        assert (await there.books(party))["refunded"] == 5_000

    async def test_trouble_there_is_never_a_no(self, there, version):
        gateway, payment, party = await paid(there, version)
        await there.fault(party, "cancel", "http_500")
        assert isinstance(await gateway.cancel(payment, back_with(5_000, AMOUNT)), Unknown)
        assert (await there.books(party))["refunded"] == 0

    async def test_trouble_of_the_pg(self, there, version):
        """V2 tells it with a 502, which says nothing; V1 says no, and then nothing is seen to have happened."""
        gateway, payment, party = await paid(there, version)
        await there.fault(party, "cancel", "error")
        answer = await gateway.cancel(payment, back_with(5_000, AMOUNT))
        if version == "v2":
            assert isinstance(answer, Unknown)
        else:
            assert answer.hint is Hint.FINAL
        assert (await there.books(party))["refunded"] == 0

    async def test_a_look_up_that_takes_too_long(self, there, version):
        _, payment, party = await paid(there, version)
        await there.fault(party, "get_payment", "timeout", seconds=30)
        brisk = getattr(there, version)(look_up_seconds=0.3)
        assert isinstance(await brisk.get(payment), Unknown)

    async def test_wrong_credentials_are_no_answer_about_money(self, there, version):
        _, payment, _ = await paid(there, version)
        wrong = {"secret": "wrong"} if version == "v2" else {"imp_secret": "wrong"}
        gateway = getattr(there, version)(**wrong)
        assert isinstance(await gateway.get(payment), Unknown)
        assert (await gateway.cancel(payment, back_with(1, AMOUNT))).hint is Hint.LATER


@BOTH
class TestAccounts:
    async def test_issued_shows_where_to_pay(self, there, version):
        gateway, payment, party = await opened(there, version, "virtual_account")
        back = await there.window(gateway.window(payment, there.terms()).html, party, bank="90")
        payment = replace(payment, key=gateway.read_return(payment, back).key)
        seen = await gateway.confirm(payment, {})
        assert seen.standing is Standing.WAITING
        assert (seen.account.bank_code, seen.account.bank_name) == ("90", "카카오뱅크")
        assert abs((seen.account.due_at - payment.due_at).total_seconds()) < 60

    async def test_called_off_before_the_deposit(self, there, version):
        gateway, payment, party = await opened(there, version, "virtual_account")
        back = await there.window(gateway.window(payment, there.terms()).html, party)
        payment = replace(payment, key=gateway.read_return(payment, back).key)
        assert (await gateway.cancel(payment, Cancel(note="close"))).standing is Standing.RETURNED
        response = await there.http.post(f"{there.url}/{party}/_sandbox/deposit", json={"paymentId": payment.order_ref})
        assert response.json()["code"] == "ACCOUNT_CLOSED"

    async def test_calling_off_loses_to_the_deposit(self, there, version):
        gateway, payment, _ = await paid(there, version, "virtual_account")
        assert (await gateway.cancel(payment, Cancel(note="close"))).standing is Standing.PAID

    async def test_deposited_after_it_was_called_off(self, there, version):
        gateway, payment, party = await opened(there, version, "virtual_account")
        back = await there.window(gateway.window(payment, there.terms()).html, party)
        payment = replace(payment, key=gateway.read_return(payment, back).key)
        await gateway.cancel(payment, Cancel(note="close"))
        await there.control(party, "deposit", paymentId=payment.order_ref, force=True)
        seen = await gateway.get(payment)
        assert (seen.standing, seen.balance) == (Standing.PAID, AMOUNT)

    async def test_one_that_ran_out_still_waits_until_it_is_closed(self, there, version):
        gateway, payment, party = await opened(there, version, "virtual_account")
        back = await there.window(gateway.window(payment, there.terms()).html, party)
        payment = replace(payment, key=gateway.read_return(payment, back).key)
        await there.control(party, "expire", paymentId=payment.order_ref)
        assert (await gateway.get(payment)).standing is Standing.WAITING
        assert (await gateway.cancel(payment, Cancel(note="close"))).standing is Standing.RETURNED

    async def test_refunds_want_an_account(self, there, version):
        gateway, payment, _ = await paid(there, version, "virtual_account")
        wrong = await gateway.cancel(payment, back_with(5_000, AMOUNT, account=RefundAccount("88", "abc", "김")))
        assert wrong.hint is Hint.ACCOUNT

    async def test_refund_to_the_customers_account(self, there, version):
        gateway, payment, party = await paid(there, version, "virtual_account")
        first = await gateway.cancel(payment, back_with(5_000, AMOUNT, 2, account=ACCOUNT))
        assert [given.done for given in first.returns] == [version == "v1"]
        done = await _returned(there, gateway, payment, 1)
        assert (done.standing, done.balance) == (Standing.PARTLY_RETURNED, AMOUNT - 5_000)
        await gateway.cancel(payment, back_with(AMOUNT - 5_000, AMOUNT - 5_000, 3, account=ACCOUNT))
        assert (await _returned(there, gateway, payment, 2)).standing is Standing.RETURNED
        assert (await there.books(party))["balance"] == 0


async def _returned(there: Street, gateway, payment, count: int) -> Seen:
    """Once the bank is done."""
    for _ in range(100):
        seen = await gateway.get(payment)
        if sum(given.done for given in seen.returns) == count:
            return seen
        await there.control(gateway.name, "finish-refunds", paymentId=payment.order_ref)
    raise AssertionError("the bank did not pay")


class TestV2Only:
    async def test_a_bank_that_turns_a_refund_away_later(self, tmp_path):
        async with street(tmp_path, refund_minutes=1000.0) as there:
            gateway, payment, party = await paid(there, "v2", "virtual_account")
            first = await gateway.cancel(payment, back_with(5_000, AMOUNT, account=ACCOUNT))
            assert [given.done for given in first.returns] == [False]
            url = f"{there.url}/{party}/_sandbox/finish-refunds"
            await there.http.post(url, params={"failed": "true"}, json={"paymentId": payment.order_ref})
            seen = await gateway.get(payment)
            assert (seen.standing, seen.balance, seen.returns) == (Standing.PAID, AMOUNT, ())

    async def test_one_request_at_a_time(self, there):
        gateway, payment, party = await paid(there, "v2")
        await there.fault(party, "cancel", "drop_after_effect", mode="withhold", seconds=30)
        brisk = there.v2(timeout_seconds=0.3)
        assert isinstance(await brisk.cancel(payment, back_with(5_000, AMOUNT)), Unknown)
        assert (await gateway.get(payment)).balance == AMOUNT - 5_000

    async def test_a_cash_receipt_is_issued_and_cancelled(self, there):
        gateway, payment, _ = await paid(there, "v2", "transfer")
        order = ReceiptOrder("income_deduction", "01012345678", AMOUNT, 0, 1445, "receipt-0199-0001")
        issued = await gateway.issue_cash_receipt(payment, order)
        assert issued.number
        assert (await gateway.issue_cash_receipt(payment, order)) == issued
        gone = await gateway.cancel_cash_receipt(payment, issued.key, AMOUNT, "receipt-0199-0002")
        assert (gone.amount, gone.number) == (AMOUNT, issued.number)


class TestWebhooks:
    async def test_ours_is_believed_and_names_the_payment(self, there):
        gateway, payment, _ = await paid(there, "v2")
        (heard,) = await there.hears(1)
        notice = gateway.parse_callback("", heard.headers, heard.body, heard.at)
        assert (notice.kind, notice.order_ref, notice.key) == ("Transaction.Paid", payment.order_ref, payment.key)
        assert notice.merchant == gateway.merchant

    @pytest.mark.parametrize("how", ["unsigned", "wrong", "old", "future", "tampered"])
    async def test_forged_ones_are_not(self, there, how):
        gateway, payment, party = await paid(there, "v2")
        await there.control(party, "forge", how=how, paymentId=payment.order_ref)
        forged = (await there.hears(2))[-1]
        with pytest.raises(CallbackForged):
            gateway.parse_callback("", forged.headers, forged.body, forged.at)

    async def test_a_secret_is_replaced_without_losing_one(self, tmp_path):
        async with street(tmp_path, webhook_secrets=f"{SECRET},{NEXT}") as there:
            _, payment, party = await paid(there, "v2")
            await there.control(party, "forge", how="last", paymentId=payment.order_ref)
            both, only_next = await there.hears(2)
            before, during, after = ((SECRET,), (SECRET, NEXT), (NEXT,))
            for live in (before, during, after):
                assert there.v2(webhook_secrets=live).parse_callback("", both.headers, both.body, both.at)
            for live in (during, after):
                there.v2(webhook_secrets=live).parse_callback("", only_next.headers, only_next.body, only_next.at)
            with pytest.raises(CallbackForged):
                there.v2(webhook_secrets=before).parse_callback("", only_next.headers, only_next.body, only_next.at)

    async def test_a_repeat_has_the_same_name(self, there):
        gateway, payment, party = await opened(there, "v2")
        await there.fault(party, "Transaction.Paid", "duplicate_callbacks", seconds=0)
        await there.window(gateway.window(payment, there.terms()).html, party)
        notices = [gateway.parse_callback("", h.headers, h.body, h.at) for h in await there.hears(2)]
        assert len({notice.dedup_key for notice in notices}) == 1

    async def test_v1_says_little_and_nothing_of_a_failure(self, there):
        gateway, payment, party = await opened(there, "v1")
        await there.window(gateway.window(payment, there.terms()).html, party, "fail")
        await there.window(gateway.window(payment, there.terms()).html, party)
        (heard,) = await there.hears(1)
        notice = gateway.parse_callback("", heard.headers, heard.body, heard.at)
        assert (notice.kind, notice.order_ref) == ("paid", payment.order_ref)
        assert (await gateway.get(replace(payment, key=notice.key))).standing is Standing.PAID


class TestV1Tokens:
    async def test_one_that_was_taken_away_is_replaced(self, there):
        gateway, payment, party = await paid(there, "v1")
        assert await there.control(party, "revoke-tokens") == {"revoked": 1}
        assert (await gateway.get(payment)).standing is Standing.PAID
        await there.control(party, "revoke-tokens")
        assert (await gateway.cancel(payment, back_with(5_000, AMOUNT))).balance == AMOUNT - 5_000

    async def test_none_is_asked_for_while_one_lives(self, there):
        gateway, payment, party = await paid(there, "v1")
        await there.fault(party, "get_token", "http_500", count=100)
        for _ in range(3):
            assert isinstance(await gateway.get(payment), Seen)
