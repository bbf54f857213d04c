"""Whatever JSON a caller sends, it is taken or refused in the party's own words: nothing falls over."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sandbox_world import FakeClock, Mall, window
from sandbox_world import settings as sandbox_settings

from sandbox.app import World
from sandbox.logistics.fassto import FasstoRefusal
from sandbox.solapi.checks import STATUS
from sandbox.solapi.templates import Template
from sandbox.toss.errors import REFUSALS, TossRefusal
from sandbox.wire import read_json

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
    | st.sampled_from(["01012345678", "0212345678", "order-0001", "88", "카드", "가상계좌", "T1", "http://["]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
FASSTO_CODES = {"BAD_REQUEST", "DUPLICATE_ORDER", "NOT_FOUND_GOODS", "NOT_FOUND", "NOT_CANCELABLE"}
anything = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)


def fields(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, values))


@pytest.fixture
def world(tmp_path: Path) -> World:
    outgoing = httpx.AsyncClient(transport=httpx.MockTransport(Mall()))
    made = World(sandbox_settings(tmp_path), FakeClock(), outgoing)
    made.solapi.templates.approve(Template("T1", "결제", "#{이름}님", [{"buttonName": "보기"}]))
    return made


def outcome(call: Callable[[], object]) -> str:
    """How it ended: taken, or the code of the refusal. Anything else raised is the failure looked for."""
    try:
        call()
    except (TossRefusal, FasstoRefusal) as refusal:
        return refusal.code
    return "taken"


class TestToss:
    @anything
    @given(more=fields("method", "amount", "orderId", "orderName", "successUrl", "failUrl", "customerName",
                       "taxFreeAmount", "useEscrow", "bank", "validHours", "cashReceipt", "metadata"))  # fmt: skip
    def test_the_window(self, world: World, more: dict[str, Any]) -> None:
        ended = outcome(lambda: world.toss.window.choose(world.toss.window.read(window() | more), "pay"))
        assert ended in {"taken", *REFUSALS}

    @anything
    @given(body=fields("paymentKey", "orderId", "amount"))
    def test_confirm(self, world: World, body: dict[str, Any]) -> None:
        with pytest.raises(TossRefusal) as refused:
            world.toss.approval.confirm(body)
        assert refused.value.code in REFUSALS

    @anything
    @given(more=fields("amount", "orderId", "orderName", "customerName", "bank", "validHours", "dueDate",
                       "taxFreeAmount", "useEscrow", "cashReceipt", "metadata"))  # fmt: skip
    def test_issuing_accounts(self, world: World, more: dict[str, Any]) -> None:
        body = {"amount": 1000, "orderId": "order-0002", "orderName": "컵", "customerName": "김", "bank": "88"} | more
        assert outcome(lambda: world.toss.approval.issue(body)) in {"taken", *REFUSALS}

    @anything
    @given(more=fields("cancelReason", "cancelAmount", "refundReceiveAccount", "refundableAmount", "taxFreeAmount"),
           account=fields("bank", "accountNumber", "holderName"))  # fmt: skip
    def test_cancelling(self, world: World, more: dict[str, Any], account: dict[str, Any]) -> None:
        found = world.toss.ledger.of_order("order-0003")
        payment = found or world.toss.approval.issue(
            {"amount": 1000, "orderId": "order-0003", "orderName": "컵", "customerName": "김", "bank": "88"}
        )
        if payment.status == "WAITING_FOR_DEPOSIT":
            world.toss.bank.deposit(payment)
        body = {"cancelReason": "변심", "cancelAmount": 1, "refundReceiveAccount": account} | more
        assert outcome(lambda: world.toss.cancels.cancel(payment.payment_key, body)) in {"taken", *REFUSALS}


class TestSolapi:
    @anything
    @given(
        message=fields("to", "from", "text", "subject", "type", "customFields", "kakaoOptions", "imageId", "country",
                       "autoTypeDetect"),
        kakao=fields("pfId", "templateId", "variables", "buttons", "disableSms"),
    )  # fmt: skip
    def test_taking_a_message(self, world: World, message: dict[str, Any], kakao: dict[str, Any]) -> None:
        options = {"pfId": "KA01PF0000SANDBOX", "templateId": "T1", "variables": {"#{이름}": "하늘"}} | kakao
        usual = {"to": "01012345678", "from": "0212345678", "kakaoOptions": options}
        taken = world.solapi.messages.take("G1", usual | message, duplicate=False, forced=None)
        assert taken["statusCode"] in STATUS


class TestFassto:
    @anything
    @given(rows=st.lists(fields("ordNo", "ordDt", "custNm", "custTelNo", "custAddr", "godCds"), max_size=3) | values,
           line=fields("cstGodCd", "ordQty"))  # fmt: skip
    def test_releasing(self, world: World, rows: Any, line: dict[str, Any]) -> None:
        good = {
            "ordNo": "n",
            "ordDt": "20261122",
            "custNm": "김",
            "custTelNo": "1",
            "custAddr": "서울",
            "godCds": [line],
        }
        wanted = [good | row if isinstance(row, dict) else row for row in rows] if isinstance(rows, list) else rows
        assert outcome(lambda: world.logistics.fassto.release(wanted)) in {"taken", *FASSTO_CODES}
        assert outcome(lambda: world.logistics.fassto.cancel(wanted)) in {"taken", *FASSTO_CODES}


class TestReadJson:
    @pytest.mark.parametrize("raw", [b"", b"{", b"NaN", b'{"a": Infinity}', b'"\\ud800"', b"\xff", b"[" * 100_000])
    def test_refuses_what_cannot_be_sent_on(self, raw: bytes) -> None:
        with pytest.raises(ValueError, match=r".*"):
            read_json(raw)

    def test_reads_the_rest(self) -> None:
        assert read_json('{"이름": [1, null, "하늘"]}'.encode()) == {"이름": [1, None, "하늘"]}
