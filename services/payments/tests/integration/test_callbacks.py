"""Callbacks: twice, late, early, out of order, forged."""

from __future__ import annotations

import asyncio

import pytest
from services.payments.tests.builders import AMOUNT, SECRET

from common import ids
from payments.commands.answers import Standing

pytestmark = pytest.mark.integration


async def kept(mall):
    rows = await mall.rows("SELECT status, reason FROM provider_callbacks ORDER BY id")
    return [tuple(row) for row in rows]


class TestDeposit:
    async def test_is_answered_at_once_and_acted_on_by_the_job(self, mall):
        payment = await mall.open("virtual_account")
        mall.toss.deposit(payment["id"])
        response = await mall.callback(payment["id"], secret=SECRET)
        assert (response.status_code, response.json()) == (200, {"status": "ok"})
        assert ("get", payment["id"]) not in mall.toss.calls
        assert mall.woken == ["callbacks"]
        assert mall.woken == ["callbacks"]
        await mall.run("callbacks")
        assert await mall.status(payment["id"]) == "confirmed"
        assert await mall.said() == ["payment-pending", "payment-confirmed"]
        assert await kept(mall) == [("done", None)]
        await mall.assert_balanced()

    async def test_is_only_a_hint_the_provider_decides(self, mall):
        payment = await mall.open("virtual_account")
        await mall.callback(payment["id"], secret=SECRET, status="DONE")
        await mall.run("callbacks")
        assert await mall.status(payment["id"]) == "waiting_for_deposit"
        await mall.assert_balanced()

    async def test_five_at_once_and_again_are_one_deposit(self, mall):
        payment = await mall.open("virtual_account")
        mall.toss.deposit(payment["id"])
        await asyncio.gather(*(mall.callback(payment["id"], transmission="t1") for _ in range(5)))
        await asyncio.gather(*(mall.callback(payment["id"], secret=SECRET) for _ in range(5)))
        await asyncio.gather(*(mall.run("callbacks") for _ in range(3)))
        replay = await mall.callback(payment["id"], transmission="t1")
        assert replay.status_code == 200
        await mall.run("callbacks")
        assert await mall.said() == ["payment-pending", "payment-confirmed"]
        assert len(await kept(mall)) == 6
        await mall.assert_balanced()

    async def test_before_our_own_commit_it_waits_and_then_counts(self, mall):
        """The provider's answer to issuing is lost, and its callback is there first."""
        mall.toss.lose_after.append("prepare")
        payment = await mall.open("virtual_account")
        mall.toss.deposit(payment["id"])
        mall.toss.lose_before.append("get")
        assert (await mall.callback(payment["id"], secret=SECRET)).status_code == 200
        await mall.run("callbacks")
        assert await kept(mall) == [("received", None)]
        await mall.run_later("callbacks", seconds=5)
        assert await mall.status(payment["id"]) == "confirmed"
        assert await kept(mall) == [("done", None)]
        await mall.assert_balanced()

    async def test_a_secret_that_could_not_be_compared_at_first_is_compared_later(self, mall):
        mall.toss.lose_after.append("prepare")
        payment = await mall.open("virtual_account")
        assert (await mall.callback(payment["id"], secret="forged")).status_code == 200
        await mall.run("callbacks")
        assert await mall.status(payment["id"]) == "waiting_for_deposit"
        assert await kept(mall) == [("refused", "wrong_secret")]

    async def test_survives_a_provider_that_is_down(self, mall):
        payment = await mall.open("virtual_account")
        mall.toss.deposit(payment["id"])
        mall.toss.lose_before.extend(["get", "get", "get"])
        await mall.callback(payment["id"])
        for _ in range(3):
            await mall.run_later("callbacks", minutes=1)
            assert await mall.status(payment["id"]) == "waiting_for_deposit"
        await mall.run_later("callbacks", minutes=10)
        assert await mall.status(payment["id"]) == "confirmed"


class TestForged:
    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"secret": "guess"}, "wrong_secret"),
            ({"order_ref": "no id"}, "unknown_payment"),
        ],
    )
    async def test_is_refused_recorded_and_changes_nothing(self, mall, changes, reason):
        payment = await mall.open("virtual_account")
        mall.toss.deposit(payment["id"])
        response = await mall.callback(payment["id"], **changes)
        assert (response.status_code, response.json()["code"]) == (403, "callback.refused")
        await mall.run("callbacks")
        assert await mall.status(payment["id"]) == "waiting_for_deposit"
        assert await kept(mall) == [("refused", reason)]

    async def test_of_an_amount_that_nobody_paid_in_is_refused_when_the_provider_was_asked(self, mall):
        payment = await mall.open("virtual_account")
        for _ in range(2):
            assert (await mall.callback(payment["id"], transmission="t1", amount=1)).status_code == 403
            await mall.run("callbacks")
            assert await kept(mall) == [("refused", "amount_mismatch")]
        assert await mall.status(payment["id"]) == "waiting_for_deposit"

    async def test_of_an_amount_that_was_paid_in_short_is_true_once_the_provider_was_asked(self, mall):
        payment = await mall.open("virtual_account")
        mall.toss.deposit(payment["id"], all_in_all=AMOUNT - 1)
        assert (await mall.callback(payment["id"], transmission="t1", amount=AMOUNT - 1)).status_code == 403
        await mall.run("callbacks")
        assert (await mall.said())[-1] == "deposit-mismatch"
        assert (await mall.callback(payment["id"], transmission="t1", amount=AMOUNT - 1)).status_code == 200
        assert await kept(mall) == [("done", None)]

    async def test_about_nobodys_payment_is_judged_again_for_a_while(self, mall):
        response = await mall.callback("11111111-1111-7111-8111-111111111111")
        assert (response.status_code, response.json()["code"]) == (403, "callback.refused")
        await mall.run("callbacks")
        assert await kept(mall) == [("received", "unknown_payment")]
        await mall.run_later("callbacks", minutes=10)
        assert await kept(mall) == [("refused", "unknown_payment")]
        assert mall.toss.calls == []

    async def test_a_repeat_of_it_is_refused_again(self, mall):
        payment = await mall.open("virtual_account")
        for _ in range(2):
            response = await mall.callback(payment["id"], transmission="t1", secret="guess")
            assert response.status_code == 403
        assert len(await kept(mall)) == 1

    async def test_does_not_stand_in_the_way_of_the_true_one(self, mall):
        payment = await mall.open("virtual_account")
        mall.toss.deposit(payment["id"])
        await mall.callback(payment["id"], secret="guess")
        assert (await mall.callback(payment["id"], secret=SECRET)).status_code == 200
        await mall.run("callbacks")
        assert await mall.status(payment["id"]) == "confirmed"

    async def test_does_not_use_up_the_name_of_the_true_one(self, mall):
        payment = await mall.open("virtual_account")
        mall.toss.deposit(payment["id"])
        assert (await mall.callback(payment["id"], transmission="t1", secret="guess")).status_code == 403
        for _ in range(2):
            assert (await mall.callback(payment["id"], transmission="t1", secret=SECRET)).status_code == 200
        await mall.run("callbacks")
        assert await mall.status(payment["id"]) == "confirmed"
        assert len(await kept(mall)) == 2

    async def test_what_cannot_be_read_is_noted_by_its_digest_alone(self, mall):
        response = await mall.http.post("/v1/callbacks/toss", content=b"5327-5020-1234-4631")
        assert (response.status_code, response.json()["code"]) == (422, "callback.unreadable")
        assert await kept(mall) == [("refused", "callback.unreadable")]
        assert "5327" not in str(await mall.rows("SELECT to_jsonb(c)::text FROM provider_callbacks c"))

    async def test_what_nobody_could_read_is_erased_in_the_end(self, mall):
        payment = await mall.open("virtual_account")
        await mall.callback(payment["id"], secret="guess")
        for each in range(3):
            await mall.http.post("/v1/callbacks/toss", content=f"rubbish {each}")
        await mall.run_later("forget", days=29)
        assert len(await kept(mall)) == 4
        await mall.run_later("forget", days=2)
        assert await kept(mall) == [("refused", "wrong_secret")]
        assert len(await mall.rows("SELECT 1 FROM callback_bodies")) == 1

    async def test_a_body_over_the_limit_never_reaches_us(self, mall):
        response = await mall.http.post("/v1/callbacks/toss", content=b"x" * 1_048_577)
        assert (response.status_code, response.json()["code"]) == (413, "request.too_large")
        assert await kept(mall) == []

    async def test_nobodys_provider(self, mall):
        response = await mall.http.post("/v1/callbacks/nobody", json={})
        assert (response.status_code, response.json()["code"]) == (422, "payment.provider_unknown")

    async def test_the_edges_answer_to_nobodys_provider_is_documented_too(self, mall):
        paths = (await mall.http.get("/openapi.json")).json()["paths"]
        told = [paths[path]["post"]["responses"] for path in paths if path.startswith("/v1/callbacks/{provider}")]
        assert len(told) == 3
        assert all("404" in answers for answers in told)


class TestReversal:
    async def test_the_one_way_back(self, mall):
        payment = await mall.paid("virtual_account")
        mall.toss.reverse(payment["id"])
        await mall.callback(payment["id"], secret=SECRET, status="WAITING_FOR_DEPOSIT")
        await mall.run("callbacks")
        assert await mall.status(payment["id"]) == "reversed"
        assert await mall.said() == ["payment-pending", "payment-confirmed", "deposit-reversed"]
        await mall.assert_balanced()

    async def test_a_deposit_that_comes_anew_counts_again(self, mall):
        payment = await mall.paid("virtual_account")
        mall.toss.reverse(payment["id"])
        await mall.callback(payment["id"])
        await mall.run("callbacks")
        mall.toss.deposit(payment["id"])
        await mall.callback(payment["id"])
        await mall.run("callbacks")
        assert await mall.status(payment["id"]) == "confirmed"
        assert (await mall.said())[-2:] == ["deposit-reversed", "payment-confirmed"]
        await mall.assert_balanced()

    async def test_a_late_copy_of_the_deposit_notice_does_not_undo_it(self, mall):
        payment = await mall.paid("virtual_account")
        mall.toss.reverse(payment["id"])
        await mall.callback(payment["id"], status="WAITING_FOR_DEPOSIT")
        await mall.run("callbacks")
        await mall.callback(payment["id"], secret=SECRET, status="DONE")
        await mall.run("callbacks")
        assert await mall.status(payment["id"]) == "reversed"


class TestCard:
    async def test_overtakes_the_browser(self, mall):
        """The provider tells us it is done before our own confirmation came back."""
        payment = await mall.open()
        key = mall.toss.agree(payment["id"], AMOUNT)
        mall.toss.reached["confirm"], mall.toss.held["confirm"] = asyncio.Event(), asyncio.Event()
        confirming = asyncio.create_task(mall.confirm(payment["id"], key=key))
        await mall.toss.reached["confirm"].wait()
        mall.toss.tills[payment["id"]].standing = Standing.PAID
        mall.toss.tills[payment["id"]].received = AMOUNT
        await mall.callback(payment["id"], amount=AMOUNT, key=key)
        await mall.run("callbacks")
        mall.toss.held["confirm"].set()
        assert (await confirming).json()["status"] == "confirmed"
        assert await mall.said() == ["payment-confirmed"]
        await mall.assert_balanced()

    async def test_about_another_try_in_the_window_is_ignored(self, mall):
        payment = await mall.paid()
        assert (await mall.callback(payment["id"], amount=AMOUNT, key="tkey_other")).status_code == 200
        assert await kept(mall) == [("ignored", "another_try")]

    async def test_a_decline_at_the_window_is_heard(self, mall):
        payment = await mall.open()
        mall.toss.agree(payment["id"], AMOUNT)
        mall.toss.tills[payment["id"]].standing = Standing.FAILED
        await mall.callback(payment["id"], amount=AMOUNT, transmission=str(ids.new_id()))
        await mall.run("callbacks")
        assert await mall.status(payment["id"]) == "failed"
        assert await mall.said() == ["payment-failed"]


class TestWithoutNames:
    """Of a provider whose callbacks have no names of their own, and say the same twice."""

    async def told(self, mall, payment, **changes):
        said = await mall.callback(payment["id"], transmission="the same words", may_recur=True, **changes)
        assert said.status_code == 200, said.text

    async def test_a_repeat_before_anybody_looked_is_one(self, mall):
        payment = await mall.open("virtual_account")
        for _ in range(3):
            await self.told(mall, payment)
        await asyncio.gather(*(self.told(mall, payment) for _ in range(3)))
        assert await kept(mall) == [("received", None)]

    async def test_the_same_words_after_a_look_are_looked_at_again(self, mall):
        """Within the same second, too."""
        payment = await mall.open("virtual_account")
        await self.told(mall, payment)
        await mall.run("callbacks")
        assert await mall.status(payment["id"]) == "waiting_for_deposit"
        mall.toss.deposit(payment["id"])
        await self.told(mall, payment)
        await mall.run("callbacks")
        assert await mall.status(payment["id"]) == "confirmed"
        assert await kept(mall) == [("done", None), ("done", None)]

    async def test_so_are_those_that_come_while_somebody_looks(self, mall):
        """The look began before what they tell of happened."""
        payment = await mall.open("virtual_account")
        await self.told(mall, payment)
        mall.toss.reached["get"], mall.toss.held["get"] = asyncio.Event(), asyncio.Event()
        looking = asyncio.create_task(mall.run("callbacks"))
        await mall.toss.reached["get"].wait()
        await self.told(mall, payment)
        mall.toss.held["get"].set()
        await looking
        del mall.toss.reached["get"]
        assert await kept(mall) == [("done", None), ("received", None)]
        mall.toss.deposit(payment["id"])
        await mall.run("callbacks")
        assert await mall.status(payment["id"]) == "confirmed"

    async def test_an_odd_sum_told_no_is_told_yes_once_the_provider_said_so(self, mall):
        """And looked at again: a later notice may have the same words."""
        payment = await mall.open("virtual_account")
        words = {"transmission": "the same words", "may_recur": True, "amount": AMOUNT - 1}
        mall.toss.deposit(payment["id"], all_in_all=AMOUNT - 1)
        assert (await mall.callback(payment["id"], **words)).status_code == 403
        await mall.run("callbacks")
        assert (await mall.callback(payment["id"], **words)).status_code == 200
        assert await kept(mall) == [("done", None), ("received", None)]

    async def test_an_odd_sum_nobody_knows_of_is_told_no_each_time(self, mall):
        payment = await mall.open("virtual_account")
        words = {"transmission": "the same words", "may_recur": True, "amount": AMOUNT - 1}
        for _ in range(2):
            assert (await mall.callback(payment["id"], **words)).status_code == 403
            await mall.run("callbacks")
        assert await kept(mall) == [("refused", "amount_mismatch")] * 2

    async def test_what_is_left_alone_is_kept_once(self, mall):
        payment = await mall.paid()
        for _ in range(3):
            await self.told(mall, payment, key="another try")
            await mall.run("callbacks")
        assert await kept(mall) == [("ignored", "another_try")]
