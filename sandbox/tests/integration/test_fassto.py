"""The centre that only answers (korea.md 3.3 FASSTO): token, release, progress, cancel, stock, errors on HTTP 200."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from sandbox_world import Running, sandbox

API = "/logistics/fassto/api/v1"
CST = "94001"


async def token(running: Running) -> str:
    answer = await running.client.post(f"{API}/auth/connect", params={"apiCd": "sandbox-cd", "apiKey": "sandbox-key"})
    return str(answer.json()["data"]["accessToken"])


async def call(running: Running, method: str, path: str, body: Any = None, held: str | None = None) -> httpx.Response:
    headers = {"accessToken": held or await token(running)}
    return await running.client.request(method, f"{API}{path}", json=body, headers=headers)


def a_release(number: str = "shipment-1", **more: Any) -> dict[str, Any]:
    return {
        "ordNo": number, "ordDt": "20261122", "custNm": "김하늘", "custTelNo": "01012345678",
        "custAddr": "서울시 마포구 양화로 1", "godCds": [{"cstGodCd": "MUG-1", "ordQty": 2}], **more,
    }  # fmt: skip


async def release(running: Running, *rows: dict[str, Any]) -> dict[str, Any]:
    return dict((await call(running, "POST", f"/delivery/parcel/{CST}", list(rows))).json())


async def listed(running: Running, status: str = "ALL", start: str = "20261122") -> list[dict[str, Any]]:
    answer = await call(running, "GET", f"/delivery/{CST}/{start}/20261130/{status}/1")
    return list(answer.json()["data"])


class TestConnect:
    async def test_gives_a_token_with_its_end(self, running: Running) -> None:
        answer = await running.client.post(
            f"{API}/auth/connect", params={"apiCd": "sandbox-cd", "apiKey": "sandbox-key"}
        )
        assert answer.json()["data"]["expreDatetime"] == "20261122110000"

    async def test_refuses_wrong_keys_and_spent_tokens(self, running: Running) -> None:
        wrong = await running.client.post(f"{API}/auth/connect", params={"apiCd": "x", "apiKey": "y"})
        assert (wrong.status_code, wrong.json()["errorInfo"]["errorCode"]) == (401, "INVALID_ACCESS")
        held = await token(running)
        assert (await call(running, "GET", f"/stock/list/{CST}", held=held)).status_code == 200
        await running.clock.advance(3601)
        spent = await call(running, "GET", f"/stock/list/{CST}", held=held)
        assert (spent.status_code, spent.json()["errorInfo"]["errorCode"]) == (401, "INVALID_ACCESS")


class TestRelease:
    async def test_moves_order_working_done_and_shows_the_invoice_only_then(self, running: Running) -> None:
        (row,) = (await release(running, a_release()))["data"]
        assert (row["ordNo"], row["code"]) == ("shipment-1", "200")
        seen = []
        for _ in range(3):
            (entry,) = await listed(running)
            seen.append((entry["status"], entry["invoiceNo"] is not None, entry["parcelCd"] is not None))
            await running.clock.advance(1)
        assert seen == [("ORDER", False, False), ("WORKING", False, False), ("DONE", True, True)]
        detail = (await call(running, "GET", f"/delivery/detail/{CST}/{row['slipNo']}")).json()["data"]
        assert detail["invoiceNo"].isdigit()
        assert int(detail["invoiceNo"][2:11]) % 7 == int(detail["invoiceNo"][11])
        assert detail["goods"] == [{"cstGodCd": "MUG-1", "ordQty": 2}]

    async def test_the_same_order_number_is_never_released_twice(self, running: Running) -> None:
        await release(running, a_release())
        again = await release(running, a_release())
        assert again["data"] is None
        assert again["errorInfo"]["errorCode"] == "DUPLICATE_ORDER"
        assert again["errorInfo"]["errorData"][0]["ordNo"] == "shipment-1"
        assert len(await listed(running)) == 1

    async def test_nor_twice_in_one_call(self, running: Running) -> None:
        answer = await release(running, a_release(), a_release())
        assert answer["errorInfo"]["errorCode"] == "DUPLICATE_ORDER"
        assert await listed(running) == []

    async def test_a_lost_answer_is_found_again_by_order_number(self, running: Running) -> None:
        await running.fault("logistics", "drop_after_effect", operation="fassto_release", mode="http_500")
        assert (await call(running, "POST", f"/delivery/parcel/{CST}", [a_release()])).status_code == 500
        assert [entry["ordNo"] for entry in await listed(running)] == ["shipment-1"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"ordNo": ""},
            {"custAddr": None},
            {"godCds": []},
            {"godCds": [{"cstGodCd": "MUG-1", "ordQty": 0}]},
            {"godCds": [{"cstGodCd": "MUG-1", "ordQty": 1.5}]},
            {"godCds": [{"cstGodCd": "MUG-1", "ordQty": True}]},
        ],
    )
    async def test_one_bad_row_and_nothing_is_registered(self, running: Running, wrong: dict[str, Any]) -> None:
        answer = await call(running, "POST", f"/delivery/parcel/{CST}", [a_release(), a_release("shipment-2", **wrong)])
        assert answer.status_code == 200
        assert answer.json()["errorInfo"]["errorCode"] == "BAD_REQUEST"
        assert await listed(running) == []

    async def test_another_customer_code_is_refused_on_http_200(self, running: Running) -> None:
        answer = await call(running, "POST", "/delivery/parcel/00000", [a_release()])
        assert (answer.status_code, answer.json()["errorInfo"]["errorCode"]) == (200, "INVALID_CST_CD")

    async def test_lists_by_date_and_status(self, running: Running) -> None:
        await release(running, a_release("early", ordDt="20261101"), a_release("late", ordDt="20261122"))
        assert [entry["ordNo"] for entry in await listed(running)] == ["late"]
        assert len(await listed(running, start="20261101")) == 2
        assert await listed(running, "DONE") == []
        await running.clock.advance(3)
        assert len(await listed(running, "DONE")) == 1


class TestStock:
    async def test_free_stock_falls_at_once_and_stock_when_shipped(self, running: Running) -> None:
        shelf = [{"cstGodCd": "MUG-1", "stockQty": 10, "badStockQty": 1}]
        await running.client.put("/logistics/_sandbox/stock", json=shelf)
        await release(running, a_release())
        (row,) = (await call(running, "GET", f"/stock/list/{CST}")).json()["data"]
        assert row == {"cstGodCd": "MUG-1", "stockQty": 10, "canStockQty": 7, "badStockQty": 1}
        await running.clock.advance(3)
        (row,) = (await call(running, "GET", f"/stock/list/{CST}")).json()["data"]
        assert (row["stockQty"], row["canStockQty"]) == (8, 7)

    async def test_too_little_is_a_shortage_without_a_parcel(self, running: Running) -> None:
        await running.client.put("/logistics/_sandbox/stock", json=[{"cstGodCd": "MUG-1", "stockQty": 1}])
        await release(running, a_release())
        await running.clock.advance(10)
        (entry,) = await listed(running)
        assert (entry["status"], entry["invoiceNo"]) == ("SHORTAGE", None)
        assert (await running.client.get("/logistics/_sandbox/books")).json()["parcels"] == []

    async def test_unknown_goods_can_be_refused(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path, fassto_default_stock=0) as running:
            answer = await release(running, a_release())
            assert answer["errorInfo"]["errorCode"] == "NOT_FOUND_GOODS"

    async def test_a_count_sets_what_is_on_the_shelf_now(self, running: Running) -> None:
        await release(running, a_release())
        await running.clock.advance(3)
        await running.client.put("/logistics/_sandbox/stock", json=[{"cstGodCd": "MUG-1", "stockQty": 5}])
        (row,) = (await call(running, "GET", f"/stock/list/{CST}")).json()["data"]
        assert row["stockQty"] == 5


class TestCancel:
    async def test_only_before_anyone_has_begun_to_pick(self, running: Running) -> None:
        (row,) = (await release(running, a_release()))["data"]
        body = [{"slipNo": row["slipNo"], "ordNo": "shipment-1"}]
        answer = await call(running, "PATCH", f"/delivery/cancel/{CST}", body)
        assert answer.json()["data"][0]["code"] == "200"
        await running.clock.advance(10)
        assert (await listed(running))[0]["status"] == "CANCEL"
        assert (await running.client.get("/logistics/_sandbox/books")).json()["parcels"] == []

    async def test_not_afterwards(self, running: Running) -> None:
        (row,) = (await release(running, a_release()))["data"]
        await running.clock.advance(1.5)
        answer = await call(running, "PATCH", f"/delivery/cancel/{CST}", [{"slipNo": row["slipNo"]}])
        assert (answer.status_code, answer.json()["errorInfo"]["errorCode"]) == (200, "NOT_CANCELABLE")

    async def test_an_unknown_slip_is_not_found(self, running: Running) -> None:
        answer = await call(running, "PATCH", f"/delivery/cancel/{CST}", [{"slipNo": "none"}])
        assert answer.json()["errorInfo"]["errorCode"] == "NOT_FOUND"


class TestByHand:
    async def test_a_release_can_be_put_into_part_done(self, running: Running) -> None:
        (row,) = (await release(running, a_release()))["data"]
        forced = await running.client.post(
            f"/logistics/_sandbox/fassto/{row['slipNo']}/status", json={"status": "PARTDONE"}
        )
        assert forced.json()["status"] == "PARTDONE"
        assert (await listed(running))[0]["invoiceNo"]

    async def test_faults_answer_as_the_centre_does(self, running: Running) -> None:
        await running.fault("logistics", "error", operation="fassto_stock", code="SYSTEM_CHECK")
        answer = await call(running, "GET", f"/stock/list/{CST}")
        assert (answer.status_code, answer.json()["errorInfo"]["errorCode"]) == (200, "SYSTEM_CHECK")
