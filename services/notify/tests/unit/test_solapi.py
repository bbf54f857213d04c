"""The adapter against Solapi as korea.md describes it, and against its bad days."""

import json
from datetime import timedelta

import httpx
import pytest
from services.notify.tests.builders import NOW, a_letter
from services.notify.tests.fakes import API_KEY, API_SECRET, PF_ID, SENDER, FakeSolapi

from common import ids
from common.clock import FixedClock
from notify.clients.solapi import Account, Outgoing, Question, ShortText, Solapi
from notify.clients.solapi_codes import best, of_message
from notify.domain.messages import Kind
from notify.domain.outcomes import Accepted, Delivered, NotFound, Outcome, Refused, Retry, Unknown
from notify.flows.rendering import Templates

TO = "01012345678"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def fake(clock: FixedClock) -> FakeSolapi:
    return FakeSolapi(clock)


@pytest.fixture
def solapi(fake: FakeSolapi, clock: FixedClock) -> Solapi:
    return Solapi(fake.client(), "http://solapi.test/", Account(API_KEY, API_SECRET, PF_ID, SENDER), clock)


def an_sms(to: str = TO, text: str = "결제가 완료되었습니다.") -> Outgoing:
    return Outgoing(ids.new_id(), to, ShortText(text))


def about(message: Outgoing, provider_id: str | None = None) -> Question:
    return Question(message.delivery_id, message.to, NOW, provider_id)


async def send(solapi: Solapi, message: Outgoing) -> Outcome:
    return (await solapi.send([message]))[message.delivery_id]


class TestSend:
    async def test_an_alimtalk_equals_its_template_and_may_fall_back(self, solapi: Solapi, fake: FakeSolapi) -> None:
        for kind in Kind:
            message = Outgoing(ids.new_id(), TO, Templates().alimtalk(a_letter(kind)))
            assert isinstance(await send(solapi, message), Accepted)
        body = json.loads(fake.calls[-1].content)["messages"][0]
        assert (body["type"], body["to"], body["from"], body["country"]) == ("ATA", TO, SENDER, "82")
        assert body["kakaoOptions"]["disableSms"] is False
        assert body["customFields"] == {"notificationId": str(message.delivery_id)}

    async def test_a_text_is_an_sms_or_with_a_subject_an_lms(self, solapi: Solapi, fake: FakeSolapi) -> None:
        long = Outgoing(ids.new_id(), TO, ShortText("가" * 60, "[인테이크] 입금 안내"))
        assert isinstance(await send(solapi, an_sms()), Accepted)
        assert isinstance(await send(solapi, long), Accepted)
        assert [message["type"] for message in fake.taken()] == ["SMS", "LMS"]

    async def test_every_try_is_signed_afresh(self, solapi: Solapi, fake: FakeSolapi) -> None:
        message = an_sms()
        for _ in range(3):
            assert isinstance(await send(solapi, message), Accepted)
        assert len({call.headers["authorization"] for call in fake.calls}) == 3

    async def test_each_of_a_batch_has_its_own_outcome(self, solapi: Solapi, fake: FakeSolapi) -> None:
        good, bad, empty_purse = an_sms(), an_sms(text="가" * 46), an_sms()
        fake.refuse = ["2000", "1031", "1030"]
        outcomes = await solapi.send([good, bad, empty_purse])
        assert outcomes == {
            good.delivery_id: Accepted("M4V000001"),
            bad.delivery_id: Refused("solapi_1031"),
            empty_purse.delivery_id: Retry("solapi_1030"),
        }
        assert len(fake.calls) == 1

    async def test_two_messages_to_one_number_both_go(self, solapi: Solapi, fake: FakeSolapi) -> None:
        await solapi.send([an_sms(), an_sms()])
        assert json.loads(fake.calls[0].content)["allowDuplicates"] is True
        assert len(fake.taken()) == 2

    async def test_one_malformed_message_does_not_hurt_the_others(self, solapi: Solapi, fake: FakeSolapi) -> None:
        good, bad = an_sms(), an_sms(to="01099999999")
        fake.malformed = {"01099999999"}
        outcomes = await solapi.send([good, bad])
        assert isinstance(outcomes[good.delivery_id], Accepted)
        assert outcomes[bad.delivery_id] == Refused("http_400")
        assert len(fake.taken()) == 1

    @pytest.mark.parametrize(
        ("status", "outcome"),
        [
            (401, Retry("http_401")),
            (403, Retry("http_403")),
            (429, Retry("http_429")),
            (500, Unknown("http_500")),
            (503, Unknown("http_503")),
        ],
    )
    async def test_http_errors(self, solapi: Solapi, fake: FakeSolapi, status: int, outcome: Outcome) -> None:
        fake.statuses = [status]
        assert await send(solapi, an_sms()) == outcome

    async def test_no_connection_means_it_certainly_did_not_leave(self, solapi: Solapi, fake: FakeSolapi) -> None:
        fake.down = True
        assert await send(solapi, an_sms()) == Retry("ConnectError")

    async def test_a_lost_answer_is_unknown(self, solapi: Solapi, fake: FakeSolapi) -> None:
        fake.lose_answers = 1
        assert await send(solapi, an_sms()) == Unknown("ReadTimeout")
        assert len(fake.taken()) == 1

    async def test_a_message_the_answer_does_not_name_is_unknown(self, clock: FixedClock) -> None:
        answers = httpx.MockTransport(lambda _request: httpx.Response(200, json={"groupInfo": {}}))
        solapi = Solapi(httpx.AsyncClient(transport=answers), "http://x.test", Account("k", "s", "p", "f"), clock)
        assert await send(solapi, an_sms()) == Unknown("not_in_answer")

    @pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"failedMessageList": [3]}'])
    async def test_an_unreadable_answer_is_unknown(self, clock: FixedClock, body: bytes) -> None:
        answers = httpx.MockTransport(lambda _request: httpx.Response(200, content=body))
        solapi = Solapi(httpx.AsyncClient(transport=answers), "http://x.test", Account("k", "s", "p", "f"), clock)
        assert await send(solapi, an_sms()) == Unknown("unreadable_answer")


class TestAsk:
    async def test_finds_by_our_id_what_got_no_answer(self, solapi: Solapi, fake: FakeSolapi) -> None:
        message = an_sms()
        fake.lose_answers = 1
        await send(solapi, message)
        assert await solapi.ask(about(message)) == Accepted("M4V000001")

    async def test_knows_what_never_arrived(self, solapi: Solapi) -> None:
        await send(solapi, an_sms())
        assert await solapi.ask(about(an_sms())) == NotFound()

    async def test_looks_through_every_page(self, solapi: Solapi, clock: FixedClock) -> None:
        first = an_sms()
        await send(solapi, first)
        clock.advance(timedelta(seconds=1))
        await solapi.send([an_sms() for _ in range(250)])
        assert await solapi.ask(about(first)) == Accepted("M4V000001")

    async def test_asks_by_the_provider_s_id_where_it_is_known(self, solapi: Solapi, fake: FakeSolapi) -> None:
        message = an_sms()
        await send(solapi, message)
        fake.finish(fake.messages["M4V000001"], "4000")
        assert await solapi.ask(about(message, "M4V000001")) == Delivered("M4V000001", "sms")
        assert TO not in str(fake.calls[-1].url)

    async def test_never_takes_another_s_message_for_ours(self, solapi: Solapi) -> None:
        await send(solapi, an_sms())
        assert await solapi.ask(about(an_sms(), "M4V000001")) == NotFound()

    @pytest.mark.parametrize("status", [403, 429, 500])
    async def test_no_answer_is_no_knowledge(self, solapi: Solapi, fake: FakeSolapi, status: int) -> None:
        fake.statuses = [status]
        assert isinstance(await solapi.ask(about(an_sms())), Unknown)
        fake.down = True
        assert isinstance(await solapi.ask(about(an_sms())), Unknown)


class TestCodes:
    @pytest.mark.parametrize(
        ("code", "kind", "outcome"),
        [
            ("2000", "ATA", Accepted("M1")),
            ("3000", "ATA", Accepted("M1")),
            ("4000", "ATA", Delivered("M1", "alimtalk")),
            ("4000", "SMS", Delivered("M1", "sms")),
            ("4000", "LMS", Delivered("M1", "lms")),
            ("3104", "ATA", Refused("solapi_3104")),
            ("3040", "SMS", Refused("solapi_3040", fell_back=True)),
            ("3054", "LMS", Refused("solapi_3054", fell_back=True)),
            ("1043", "ATA", Refused("solapi_1043")),
            ("1030", "SMS", Retry("solapi_1030")),
        ],
    )
    def test_meaning(self, code: str, kind: str, outcome: Outcome) -> None:
        assert of_message(code, "M1", kind) == outcome

    def test_of_two_messages_under_one_id_the_luckier_counts(self) -> None:
        arrived, under_way, refused = Delivered("M1"), Accepted("M2"), Refused("x")
        assert best([refused, arrived, under_way]) == arrived
        assert best([refused, under_way]) == under_way
        assert best([refused]) == refused
        assert best([]) is None
