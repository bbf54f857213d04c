"""Toss's webhooks (korea.md 1.1 Webhooks): both events, retries at 1,4,16,64,256,1024,4096 minutes, 10 s to answer."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from sandbox_world import TOSS_HOOK, Mall, Running, sandbox, settle

RETRY_MINUTES = (1, 4, 16, 64, 256, 1024, 4096)
DAY = 86400.0


async def callbacks(running: Running) -> list[dict[str, Any]]:
    return list((await running.client.get("/toss/_sandbox/callbacks")).json())


class TestStatusChanged:
    async def test_carries_the_whole_payment_unsigned(self, running: Running) -> None:
        payment = await running.paid()
        await settle()
        (request,) = running.mall.requests
        body = running.mall.bodies(TOSS_HOOK)[0]
        assert body["eventType"] == "PAYMENT_STATUS_CHANGED"
        assert body["data"] == {name: value for name, value in payment.items() if name != "secret"}
        assert datetime.fromisoformat(body["createdAt"]).tzinfo is None
        assert len(body["createdAt"]) == len("2026-11-22T10:00:00.000000")
        assert request.headers["tosspayments-webhook-transmission-id"]
        assert request.headers["tosspayments-webhook-transmission-retried-count"] == "0"
        assert request.headers["tosspayments-webhook-transmission-time"] == "2026-11-22T10:00:00+09:00"
        assert "tosspayments-webhook-signature" not in request.headers

    async def test_follows_a_payment_through_its_life(self, running: Running) -> None:
        payment = await running.paid()
        path = f"/payments/{payment['paymentKey']}/cancel"
        await running.toss("POST", path, {"cancelReason": "변심", "cancelAmount": 1000})
        await settle()
        assert [event["status"] for event in running.mall.events()] == ["DONE", "PARTIAL_CANCELED"]


class TestDepositCallback:
    async def test_is_flat_and_carries_the_secret_of_the_account(self, running: Running) -> None:
        payment = await running.account()
        await running.bank("deposit", orderId="order-0001")
        await settle()
        flat = [body for body in running.mall.bodies(TOSS_HOOK) if "eventType" not in body]
        assert [set(body) for body in flat] == [{"createdAt", "secret", "orderId", "status", "transactionKey"}]
        assert flat[0]["secret"] == payment["secret"]
        assert (flat[0]["orderId"], flat[0]["status"]) == ("order-0001", "DONE")

    async def test_overlaps_with_status_changed(self, running: Running) -> None:
        await running.account()
        await running.bank("deposit", orderId="order-0001")
        await settle()
        seen = [(event["event"], event["status"]) for event in running.mall.events()]
        assert seen == [
            ("PAYMENT_STATUS_CHANGED", "WAITING_FOR_DEPOSIT"),
            ("DEPOSIT_CALLBACK", "DONE"),
            ("PAYMENT_STATUS_CHANGED", "DONE"),
        ]

    async def test_waiting_after_done_says_the_bank_took_it_back(self, running: Running) -> None:
        await running.account()
        await running.bank("deposit", orderId="order-0001")
        await running.bank("reverse", orderId="order-0001")
        await settle()
        flat = [event["status"] for event in running.mall.events() if event["event"] == "DEPOSIT_CALLBACK"]
        assert flat == ["DONE", "WAITING_FOR_DEPOSIT"]

    async def test_cancelled_says_cancelled_before_deposit(self, running: Running) -> None:
        payment = await running.account()
        await running.toss("POST", f"/payments/{payment['paymentKey']}/cancel", {"cancelReason": "변심"})
        await settle()
        flat = [event["status"] for event in running.mall.events() if event["event"] == "DEPOSIT_CALLBACK"]
        assert flat == ["CANCELED"]

    async def test_expiry_is_told_by_status_changed_alone(self, running: Running) -> None:
        await running.account(validHours=1)
        await running.clock.advance(3601)
        seen = [(event["event"], event["status"]) for event in running.mall.events()]
        assert seen[-1] == ("PAYMENT_STATUS_CHANGED", "EXPIRED")
        assert all(event == "PAYMENT_STATUS_CHANGED" for event, _ in seen)

    async def test_can_come_already_at_issue(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path, toss_callback_on_issue=True) as running:
            await running.account()
            await settle()
            assert ("DEPOSIT_CALLBACK", "WAITING_FOR_DEPOSIT") in [
                (event["event"], event["status"]) for event in running.mall.events()
            ]


class TestRetries:
    async def test_seven_at_the_published_distances_under_one_transmission_id(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path, tick_seconds=DAY) as running:
            running.mall.answers = [500] * 8
            await running.paid()
            await settle()
            for number, minutes in enumerate(RETRY_MINUTES, start=1):
                await running.clock.advance(minutes * 60 - 1)
                assert len(running.mall.requests) == number
                await running.clock.advance(1)
                assert len(running.mall.requests) == number + 1
            await running.clock.advance(10 * DAY)
            assert len(running.mall.requests) == 8
            ids = {one.headers["tosspayments-webhook-transmission-id"] for one in running.mall.requests}
            assert len(ids) == 1
            counts = [one.headers["tosspayments-webhook-transmission-retried-count"] for one in running.mall.requests]
            assert counts == [str(number) for number in range(8)]
            assert [entry["state"] for entry in await callbacks(running)] == ["given_up"]

    async def test_stop_at_the_first_200(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path, tick_seconds=DAY) as running:
            running.mall.answers = [503, httpx.ConnectError("down"), 200]
            await running.paid()
            await running.clock.advance(60 + 240)
            assert len(running.mall.requests) == 3
            assert [entry["state"] for entry in await callbacks(running)] == ["delivered"]

    async def test_only_200_itself_counts_as_taken(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path, tick_seconds=DAY) as running:
            running.mall.answers = [204, 202, 200]
            await running.paid()
            await running.clock.advance(60 + 240)
            assert len(running.mall.requests) == 3

    async def test_an_answer_after_ten_seconds_is_none(self, tmp_path: Path) -> None:
        async def hang(_: httpx.Request) -> httpx.Response:
            await asyncio.Event().wait()
            raise AssertionError("never")

        async with sandbox(tmp_path, tick_seconds=DAY) as running:
            running.mall.answers = [hang]
            await running.paid()
            await running.clock.advance(9.9)
            assert (await callbacks(running))[0]["attempts"] == 0
            await running.clock.advance(0.2)
            assert (await callbacks(running))[0]["last_answer"] == "no answer in time"
            await running.clock.advance(60)
            assert len(running.mall.requests) == 2

    async def test_minutes_can_be_made_short(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path, tick_seconds=DAY, minute_seconds=0.1) as running:
            running.mall.answers = [500, 500]
            await running.paid()
            await running.clock.advance(0.5)
            assert len(running.mall.requests) == 3

    async def test_one_that_hangs_holds_up_no_other_payment(self, tmp_path: Path) -> None:
        async def hang(_: httpx.Request) -> httpx.Response:
            await asyncio.Event().wait()
            raise AssertionError("never")

        async with sandbox(tmp_path, tick_seconds=DAY) as running:
            running.mall.answers = [hang]
            await running.paid("order-0001")
            await settle()
            await running.paid("order-0002")
            await settle()
            states = {entry["subject"]: entry["state"] for entry in await callbacks(running)}
            assert states == {"toss:order-0001": "pending", "toss:order-0002": "delivered"}


class TestRegistration:
    async def test_without_an_address_nothing_is_sent(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path, toss_webhook_url="") as running:
            await running.paid()
            await running.clock.advance(3600)
            assert running.mall.requests == []
            assert [entry["state"] for entry in await callbacks(running)] == ["unregistered"]

    async def test_only_the_registered_events_are_sent(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path, toss_webhook_events="DEPOSIT_CALLBACK") as running:
            await running.account()
            await running.bank("deposit", orderId="order-0001")
            await settle()
            assert [event["event"] for event in running.mall.events()] == ["DEPOSIT_CALLBACK"]


class TestRestart:
    async def test_what_was_owed_is_sent_after_the_restart(self, tmp_path: Path) -> None:
        mall = Mall()
        mall.answers = [500]
        async with sandbox(tmp_path, mall=mall, tick_seconds=DAY) as running:
            payment = await running.paid()
            clock = running.clock
            await settle()
        assert len(mall.requests) == 1
        async with sandbox(tmp_path, clock=clock, mall=mall, tick_seconds=DAY) as running:
            await running.clock.advance(60)
            assert len(mall.requests) == 2
            first, second = (one.headers["tosspayments-webhook-transmission-id"] for one in mall.requests)
            assert first == second
            assert (await running.books("order-0001"))["taken"] == 33000
            found = await running.toss("GET", f"/payments/{payment['paymentKey']}")
            assert found.json() == payment

    async def test_an_account_that_ran_out_meanwhile_expires_at_once(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path) as running:
            await running.account(validHours=1)
            clock = running.clock
        await clock.advance(7200)
        async with sandbox(tmp_path, clock=clock) as running:
            await settle()
            assert (await running.books("order-0001"))["status"] == "EXPIRED"

    async def test_remembered_answers_survive(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path) as running:
            payment = await running.paid()
            path = f"/payments/{payment['paymentKey']}/cancel"
            first = await running.toss("POST", path, {"cancelReason": "변심"}, idempotency_key="k")
        async with sandbox(tmp_path) as running:
            again = await running.toss("POST", path, {"cancelReason": "변심"}, idempotency_key="k")
            assert again.json() == first.json()
            assert (await running.books("order-0001"))["refunded"] == 33000
