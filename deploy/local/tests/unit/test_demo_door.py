"""A customer who wants an order stopped: what the shop answers, and what came of it."""

from typing import Any

import httpx
import pytest

from shop.demo.door import Door, Order, Unexpected


def a_door(*answers: tuple[int, dict[str, Any]]) -> Door:
    left = list(answers)

    def answer(_request: httpx.Request) -> httpx.Response:
        status, body = left.pop(0)
        return httpx.Response(status, json=body)

    return Door(httpx.AsyncClient(transport=httpx.MockTransport(answer)), "http://shop", "http://shop/sandbox")


def cancelled(status: str) -> dict[str, Any]:
    return {"status": "paid", "cancels": [{"status": status}]}


ORDER = Order("1", "20261122-00000001", "token", 1000)


@pytest.mark.parametrize(("end", "stopped"), [("accepted", True), ("refused", False)])
async def test_waits_for_the_centres_word(end, stopped):
    door = a_door((202, cancelled("requested")), (200, cancelled("requested")), (200, cancelled(end)))
    assert await door.stop(ORDER, "changed my mind") is stopped


async def test_is_too_late_for_what_is_on_its_way():
    assert await a_door((409, {"code": "order.already_shipped"})).stop(ORDER, "changed my mind") is False


async def test_any_other_answer_is_a_reason_to_complain():
    with pytest.raises(Unexpected, match="404"):
        await a_door((404, {"code": "order.not_found"})).stop(ORDER, "changed my mind")
