"""The pages: what was received, the payment window, the bank's buttons, and nothing unescaped."""

from urllib.parse import parse_qs, urlsplit

import pytest
from sandbox_world import Running, window

EVIL = '<script>alert("x")</script>'


class TestPages:
    @pytest.mark.parametrize("path", ["/", "/toss", "/solapi", "/logistics"])
    async def test_show_when_nothing_has_happened_yet(self, running: Running, path: str) -> None:
        answer = await running.client.get(path)
        assert answer.status_code == 200
        assert '<html lang="ko">' in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]

    async def test_need_nothing_from_elsewhere(self, running: Running) -> None:
        answer = await running.client.get("/")
        assert "https://" not in answer.text
        assert (await running.client.get("/style.css")).headers["content-type"].startswith("text/css")

    async def test_show_payments_with_the_buttons_that_fit(self, running: Running) -> None:
        await running.paid("order-card")
        await running.account("order-wait")
        page = (await running.client.get("/toss")).text
        assert "33,000원" in page
        assert page.count("/toss/buttons/deposit") == 1
        await running.bank("deposit", orderId="order-wait")
        page = (await running.client.get("/toss")).text
        assert "한 번 더 입금" in page
        assert page.count("/toss/buttons/reverse") == 1
        assert "/toss/buttons/expire" not in page

    async def test_escape_what_others_sent(self, running: Running) -> None:
        await running.account(customerName=EVIL)
        await running.bank("deposit", orderId="order-0001", depositor=EVIL)
        for path in ("/toss", f"/toss?note={EVIL}"):
            assert EVIL not in (await running.client.get(path)).text
        asked = await running.client.get("/toss/pay", params=window("order-0002", orderName=EVIL))
        assert asked.status_code == 200
        assert EVIL not in asked.text

    async def test_a_receipt_stands_behind_its_link(self, running: Running) -> None:
        payment = await running.paid()
        path = urlsplit(payment["receipt"]["url"]).path
        answer = await running.client.get(path.removeprefix("/sandbox"))
        assert "30,000원" in answer.text
        assert (await running.client.get("/toss/receipts/none")).status_code == 404


class TestWindow:
    async def test_asks_and_then_goes_where_the_customer_chose(self, running: Running) -> None:
        page = await running.client.get("/toss/pay", params=window())
        assert "결제하기" in page.text
        assert "33,000원" in page.text
        fields = {**{name: str(value) for name, value in window().items()}, "choice": "pay"}
        answer = await running.client.post("/toss/pay", data=fields)
        assert answer.status_code == 303
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        assert query["orderId"] == ["order-0001"]
        assert query["paymentKey"][0]

    async def test_opening_it_makes_no_payment(self, running: Running) -> None:
        await running.client.get("/toss/pay", params=window())
        assert (await running.client.get("/toss/_sandbox/books")).json()["payments"] == []

    async def test_a_virtual_account_asks_for_the_bank(self, running: Running) -> None:
        page = await running.client.get("/toss/pay", params=window(method="VIRTUAL_ACCOUNT"))
        assert 'name="bank"' in page.text
        assert "계좌 발급받기" in page.text

    async def test_bad_fields_are_shown_not_redirected(self, running: Running) -> None:
        answer = await running.client.get("/toss/pay", params=window() | {"amount": "12.5"})
        assert answer.status_code == 400
        assert "INVALID_REQUIRED_PARAM" in answer.text


class TestButtons:
    async def test_deposit_reverse_expire(self, running: Running) -> None:
        await running.account()
        for button, status in (("deposit", "DONE"), ("reverse", "WAITING_FOR_DEPOSIT"), ("expire", "EXPIRED")):
            answer = await running.client.post(f"/toss/buttons/{button}", data={"orderId": "order-0001"})
            assert answer.status_code == 303
            assert (await running.books("order-0001"))["status"] == status

    async def test_another_sites_form_is_refused(self, running: Running) -> None:
        await running.account()
        answer = await running.client.post(
            "/toss/buttons/deposit", data={"orderId": "order-0001"}, headers={"sec-fetch-site": "cross-site"}
        )
        assert answer.status_code == 403
        assert (await running.books("order-0001"))["taken"] == 0

    async def test_what_the_bank_turned_away_is_said(self, running: Running) -> None:
        answer = await running.client.post("/toss/buttons/deposit", data={"orderId": "order-9999"})
        page = await running.client.get(answer.headers["location"].removeprefix("/sandbox"))
        assert "없는 계좌입니다." in page.text


class TestJobButtons:
    async def test_pause_and_resume(self, running: Running) -> None:
        for button, paused in (("pause", True), ("resume", False)):
            answer = await running.client.post(f"/logistics/buttons/{button}")
            assert answer.status_code == 303
            assert running.world.logistics.switches.paused is paused

    async def test_another_sites_form_is_refused(self, running: Running) -> None:
        answer = await running.client.post("/logistics/buttons/pause", headers={"sec-fetch-site": "cross-site"})
        assert answer.status_code == 403
        assert not running.world.logistics.switches.paused


class TestProbes:
    async def test_health_readiness_and_metrics_stand_outside_the_prefix(self, running: Running) -> None:
        await running.paid()
        for path in ("/healthz", "/readyz", "/metrics"):
            answer = await running.client.get(f"http://sandbox{path}")
            assert answer.status_code == 200
        assert 'sandbox_toss_payments{status="DONE"} 1' in answer.text

    async def test_a_world_that_stands_still_is_not_healthy(self, running: Running) -> None:
        running.world.last_tick -= 3600
        assert (await running.client.get("http://sandbox/healthz")).status_code == 503
