"""Solapi (korea.md 2.1): HMAC header, taking messages, fallback to a text, reports, looking messages up."""

import hashlib
import hmac
import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sandbox_world import SOLAPI_HOOK, START, Running, sandbox, settle

KEY, SECRET = "NCSSANDBOX", "sandbox-solapi-secret"
PF_ID = "KA01PF0000SANDBOX"
salts = itertools.count(1)


def sign(date: str, salt: str, secret: str = SECRET) -> str:
    """Independent of the sandbox: hex(HMAC-SHA256(secret, date + salt)), as korea.md writes it."""
    return hmac.new(secret.encode(), f"{date}{salt}".encode(), hashlib.sha256).hexdigest()


def header(moment: datetime, salt: str | None = None, **wrong: str) -> dict[str, str]:
    date = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    salt = salt or f"salt-{next(salts):016d}"
    parts = {"apiKey": KEY, "date": date, "salt": salt, "signature": sign(date, salt)} | wrong
    return {"authorization": "HMAC-SHA256 " + ", ".join(f"{name}={value}" for name, value in parts.items())}


async def send(running: Running, *messages: dict[str, Any], **more: Any) -> httpx.Response:
    return await running.client.post(
        "/solapi/messages/v4/send-many/detail",
        json={"messages": list(messages), **more},
        headers=header(running.clock.now()),
    )


async def listing(running: Running, **query: str) -> dict[str, Any]:
    answer = await running.client.get("/solapi/messages/v4/list", params=query, headers=header(running.clock.now()))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def a_text(to: str = "01012345678", **more: Any) -> dict[str, Any]:
    return {"to": to, "from": "0212345678", "text": "주문이 접수되었습니다."} | more


def an_alimtalk(to: str = "01012345678", **more: Any) -> dict[str, Any]:
    kakao = {"pfId": PF_ID, "templateId": "T1", "variables": {"#{이름}": "하늘"}} | more.pop("kakao", {})
    return {"to": to, "from": "0212345678", "kakaoOptions": kakao, "customFields": {"notification_id": "n-1"}} | more


async def approve(running: Running, **more: Any) -> None:
    template = {"templateId": "T1", "name": "결제", "content": "#{이름}님 결제되었습니다."} | more
    answer = await running.client.post("/solapi/_sandbox/templates", json=template)
    assert answer.status_code == 201


def reports(running: Running) -> list[dict[str, Any]]:
    return [item["data"] for body in running.mall.bodies(SOLAPI_HOOK) for item in body]


class TestAuth:
    async def test_a_known_vector(self, running: Running) -> None:
        """Computed once with `openssl dgst -sha256 -hmac sandbox-solapi-secret` over date + salt."""
        date, salt = "2026-11-22T01:00:00Z", "jqsba2jxjnrjor"
        known = "73eef1da9e18c80dc02367a4f9b8a512eedf76398ee8eabd43270875a9aebc7f"
        assert sign(date, salt) == known
        answer = await running.client.get("/solapi/messages/v4/list", headers=header(START, salt, signature=known))
        assert answer.status_code == 200

    @pytest.mark.parametrize(
        ("headers", "status", "code"),
        [
            ({}, 401, "Unauthorized"),
            ({"authorization": "Bearer x"}, 401, "Unauthorized"),
            ({"authorization": "HMAC-SHA256 apiKey=x"}, 401, "Unauthorized"),
            (header(START, apiKey="OTHER"), 403, "InvalidAPIKey"),
            (header(START, signature="0" * 64), 403, "SignatureDoesNotMatch"),
            (header(START, "short"), 403, "SignatureDoesNotMatch"),  # salt of 12-64
            (header(START, "x" * 65), 403, "SignatureDoesNotMatch"),
            (header(START + timedelta(minutes=15, seconds=1)), 403, "RequestTimeTooSkewed"),
            (header(START - timedelta(minutes=15, seconds=1)), 403, "RequestTimeTooSkewed"),
            (header(START, date="yesterday"), 403, "RequestTimeTooSkewed"),
        ],
    )
    async def test_refuses(self, running: Running, headers: dict[str, str], status: int, code: str) -> None:
        answer = await running.client.get("/solapi/messages/v4/list", headers=headers)
        assert (answer.status_code, answer.json()["errorCode"]) == (status, code)

    async def test_fifteen_minutes_either_way_are_allowed(self, running: Running) -> None:
        for minutes in (-15, 15):
            headers = header(START + timedelta(minutes=minutes))
            assert (await running.client.get("/solapi/messages/v4/list", headers=headers)).status_code == 200

    async def test_a_signature_is_good_for_one_call(self, running: Running) -> None:
        headers = header(START)
        assert (await running.client.get("/solapi/messages/v4/list", headers=headers)).status_code == 200
        again = await running.client.get("/solapi/messages/v4/list", headers=headers)
        assert (again.status_code, again.json()["errorCode"]) == (403, "DuplicatedSignature")

    async def test_parameter_names_are_read_in_either_case(self, running: Running) -> None:
        """The official Python SDK writes ApiKey= and Date=."""
        text = header(START)["authorization"].replace("apiKey", "ApiKey").replace("date", "Date")
        answer = await running.client.get("/solapi/messages/v4/list", headers={"authorization": text})
        assert answer.status_code == 200


class TestSend:
    async def test_counts_what_was_taken_and_refused(self, running: Running) -> None:
        answer = await send(running, a_text(), a_text("010-1"), showMessageList=True)
        assert answer.status_code == 200
        body = answer.json()
        count = body["groupInfo"]["count"]
        assert (count["total"], count["registeredSuccess"], count["registeredFailed"]) == (2, 1, 1)
        assert body["groupInfo"]["groupId"].startswith("G4V")
        (failed,) = body["failedMessageList"]
        assert (failed["to"], failed["statusCode"]) == ("010-1", "1011")
        assert {"from", "type", "statusMessage", "country", "messageId", "accountId"} <= failed.keys()
        assert [item["statusCode"] for item in body["messageList"]] == ["2000", "1011"]

    async def test_the_message_list_comes_only_when_asked_for(self, running: Running) -> None:
        assert "messageList" not in (await send(running, a_text())).json()

    async def test_a_receiver_twice_is_a_duplicate(self, running: Running) -> None:
        answer = await send(running, a_text(), a_text())
        assert [failed["statusCode"] for failed in answer.json()["failedMessageList"]] == ["1026"]

    async def test_unless_duplicates_are_allowed(self, running: Running) -> None:
        answer = await send(running, a_text(), a_text(), allowDuplicates=True)
        assert answer.json()["failedMessageList"] == []

    @pytest.mark.parametrize("body", [b"{", b"[]", b'{"messages": []}', b'{"messages": ["x"]}', b"{}"])
    async def test_a_body_without_messages_is_refused(self, running: Running, body: bytes) -> None:
        answer = await running.client.post("/solapi/messages/v4/send-many/detail", content=body, headers=header(START))
        assert (answer.status_code, answer.json()["errorCode"]) == (400, "ValidationError")

    async def test_a_fault_can_fail_the_messages_instead_of_the_call(self, running: Running) -> None:
        await running.fault("solapi", "error", operation="message", code="1030")
        answer = await send(running, a_text())
        assert answer.status_code == 200
        assert answer.json()["failedMessageList"][0]["statusCode"] == "1030"


class TestDelivery:
    async def test_goes_2000_3000_4000(self, running: Running) -> None:
        await send(running, a_text())
        seen = []
        for _ in range(4):
            (message,) = (await listing(running))["messageList"].values()
            seen.append(message["statusCode"])
            await running.clock.advance(1)
        assert list(dict.fromkeys(seen)) == ["2000", "3000", "4000"]

    async def test_reports_as_a_list_of_items(self, running: Running) -> None:
        await approve(running)
        await send(running, an_alimtalk())
        await running.clock.advance(5)
        (body,) = running.mall.bodies(SOLAPI_HOOK)
        (item,) = body
        assert set(item) == {"eventDataId", "data", "retryCount"}
        assert item["retryCount"] == 0
        data = item["data"]
        assert {
            "messageId", "groupId", "type", "to", "from", "statusCode", "statusMessage", "dateProcessed",
            "dateReported", "dateReceived", "networkCode", "customFields",
        } <= data.keys()  # fmt: skip
        assert (data["type"], data["statusCode"]) == ("ATA", "4000")
        assert data["customFields"] == {"notification_id": "n-1"}

    async def test_reports_can_be_flat(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path, solapi_report_shape="flat") as running:
            await send(running, a_text())
            await running.clock.advance(5)
            ((item,),) = running.mall.bodies(SOLAPI_HOOK)
            assert item["statusCode"] == "4000"

    async def test_a_report_not_taken_comes_again(self, running: Running) -> None:
        running.mall.answers = [500]
        await send(running, a_text())
        await running.clock.advance(70)
        first, second = running.mall.bodies(SOLAPI_HOOK)
        assert first[0]["eventDataId"] == second[0]["eventDataId"]
        assert second[0]["retryCount"] == 1

    async def test_without_kakao_it_falls_back_to_a_text(self, running: Running) -> None:
        await approve(running)
        await send(running, an_alimtalk("01000000099"))
        await running.clock.advance(10)
        (report,) = reports(running)
        assert (report["type"], report["statusCode"]) == ("SMS", "4000")
        (message,) = (await listing(running))["messageList"].values()
        assert message["replacement"] is True
        assert message["text"] == "하늘님 결제되었습니다."

    async def test_a_long_one_falls_back_to_lms(self, running: Running) -> None:
        await approve(running, content="#{이름}님 " + "가" * 60)
        await send(running, an_alimtalk("01000000099"))
        await running.clock.advance(10)
        assert reports(running)[0]["type"] == "LMS"

    async def test_unless_the_fallback_is_disabled(self, running: Running) -> None:
        await approve(running)
        await send(running, an_alimtalk("01000000099", kakao={"disableSms": True}))
        await running.clock.advance(10)
        (report,) = reports(running)
        assert (report["type"], report["statusCode"]) == ("ATA", "3104")

    async def test_an_unreachable_number_times_out(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path, solapi_unreachable_suffix="98") as running:
            await send(running, a_text("01000000098"))
            await running.clock.advance(5)
            assert reports(running)[0]["statusCode"] == "3040"
            assert reports(running)[0]["dateReceived"] is None

    async def test_goes_on_after_a_restart(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path) as running:
            await send(running, a_text())
            clock, mall = running.clock, running.mall
        async with sandbox(tmp_path, clock=clock, mall=mall) as running:
            await running.clock.advance(5)
            assert [report["statusCode"] for report in reports(running)] == ["4000"]


class TestList:
    async def test_finds_a_message_whose_answer_was_lost(self, running: Running) -> None:
        """No send idempotency key exists: look it up before sending again (korea.md 2.1)."""
        await running.fault("solapi", "drop_after_effect", operation="send", mode="http_500")
        fields = {"notification_id": "n-7"}
        assert (await send(running, a_text(customFields=fields))).status_code == 500
        found = await listing(running, to="01012345678", startDate="2026-11-22T00:59:00Z")
        assert [message["customFields"] for message in found["messageList"].values()] == [fields]

    async def test_filters(self, running: Running) -> None:
        group = (await send(running, a_text("01000000001"), a_text("01000000002"))).json()["groupInfo"]["groupId"]
        await running.clock.advance(60)
        await send(running, a_text("01000000003", type="LMS"))
        every = (await listing(running))["messageList"]
        (one, two) = [key for key, message in every.items() if message["groupId"] == group]
        assert set((await listing(running, groupId=group))["messageList"]) == {one, two}
        assert set((await listing(running, messageId=one))["messageList"]) == {one}
        assert set((await listing(running, messageIds=two))["messageList"]) == {two}
        assert len((await listing(running, type="LMS"))["messageList"]) == 1
        assert len((await listing(running, endDate="2026-11-22T01:00:30Z"))["messageList"]) == 2
        by_criteria = await listing(running, criteria="to,statusCode", cond="eq,ne", value="01000000001,9999")
        assert [message["to"] for message in by_criteria["messageList"].values()] == ["01000000001"]

    async def test_pages_by_key(self, running: Running) -> None:
        await send(running, *(a_text(f"0100000000{number}") for number in range(5)))
        first = await listing(running, limit="2")
        second = await listing(running, limit="2", startKey=first["nextKey"])
        third = await listing(running, limit="2", startKey=second["nextKey"])
        assert third["nextKey"] is None
        keys = [*first["messageList"], *second["messageList"], *third["messageList"]]
        assert len(set(keys)) == 5

    @pytest.mark.parametrize(
        "query",
        [
            {"limit": "0"},
            {"limit": "many"},
            {"startDate": "soon"},
            {"criteria": "text", "cond": "eq", "value": "x"},
            {"criteria": "to,from", "cond": "eq", "value": "x"},
        ],
    )
    async def test_refuses_a_search_it_does_not_understand(self, running: Running, query: dict[str, str]) -> None:
        await send(running, a_text())
        answer = await running.client.get("/solapi/messages/v4/list", params=query, headers=header(START))
        assert (answer.status_code, answer.json()["errorCode"]) == (400, "ValidationError")


class TestBooks:
    async def test_say_what_was_received_and_what_became_of_it(self, running: Running) -> None:
        await send(running, a_text(), a_text("01000000002", text="🎉"))
        await running.clock.advance(5)
        books = (await running.client.get("/solapi/_sandbox/messages")).json()
        assert books["totals"] == {"messages": 2, "SMS 4000": 1, "SMS 1029": 1}
        assert books["messages"][0]["outcome"] == "수신 완료"

    async def test_templates_come_from_a_file_at_start(self, tmp_path: Path) -> None:
        file = tmp_path / "templates.json"
        file.write_text('[{"templateId": "T1", "content": "#{이름}님 결제되었습니다."}]', encoding="utf-8")
        async with sandbox(tmp_path / "data", solapi_templates=str(file)) as running:
            assert (await send(running, an_alimtalk())).json()["failedMessageList"] == []
            await settle()
            (template,) = (await running.client.get("/solapi/_sandbox/templates")).json()
            assert template["template_id"] == "T1"
