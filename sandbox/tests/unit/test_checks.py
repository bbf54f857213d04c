"""korea.md 2.1, what Solapi checks before it takes a message: status codes 1xxx."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.settings import Settings
from sandbox.solapi.checks import Checks, text_bytes
from sandbox.solapi.templates import Template, Templates
from sandbox.store import Store

PF_ID = "KA01PF0000SANDBOX"


@pytest.fixture
def checks(tmp_path: Path) -> Checks:
    templates = Templates(Store(tmp_path / "sandbox.sqlite3"), "")
    templates.approve(Template("T1", "결제", "#{이름}님 결제되었습니다."))
    templates.approve(
        Template("T2", "배송", "출발했습니다.", [{"buttonName": "조회", "buttonType": "WL", "linkMo": "x"}])
    )
    templates.approve(Template("T3", "긴 글", "#{글}"))
    return Checks(Settings(solapi_opted_out="01000000080"), templates)


def refusal(checks: Checks, **fields: Any) -> str | None:
    message = {"to": "01012345678", "from": "0212345678", "text": "안녕하세요"} | fields
    return checks.refusal(checks.draft({name: value for name, value in message.items() if value is not None}))


def kakao(**more: Any) -> dict[str, Any]:
    return {"pfId": PF_ID, "templateId": "T1", "variables": {"#{이름}": "하늘"}} | more


class TestTexts:
    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({}, None),
            ({"from": "0299999999"}, "1062"),  # the sender must be registered beforehand
            ({"from": "02-1234-5678"}, "1011"),  # numbers without hyphens
            ({"to": "010-1234-5678"}, "1011"),
            ({"to": None}, "1010"),
            ({"text": None}, "1010"),
            ({"text": "축하합니다 🎉"}, "1029"),  # outside EUC-KR
            ({"text": "종료\x07"}, "1028"),
            ({"type": "SMS", "text": "가" * 46}, "1031"),  # 92 bytes
            ({"type": "SMS", "text": "가" * 45}, None),  # 90 bytes exactly
            ({"type": "LMS", "text": "가" * 1001}, "1031"),
            ({"type": "LMS", "subject": "가" * 21}, "1014"),  # subject above 40 bytes
            ({"type": "LMS", "subject": "가" * 20}, None),
            ({"type": "SMS", "subject": "제목"}, "1013"),
            ({"type": "FAX"}, "1025"),
            ({"to": "01000000080"}, "1061"),  # opted out by the 080 number
            ({"customFields": {"notification_id": 7}}, "1032"),
            ({"customFields": {"notification_id": "7"}}, None),
            ({"type": "SMS", "kakaoOptions": kakao()}, "1033"),
        ],
    )
    def test_first_thing_wrong(self, checks: Checks, fields: dict[str, Any], code: str | None) -> None:
        assert refusal(checks, **fields) == code

    def test_bytes_are_counted_as_carriers_do(self) -> None:
        assert text_bytes("가a") == 3
        assert text_bytes("똠방각하") == 8  # cp949 holds more Hangul than KS X 1001
        assert text_bytes("🎉") is None


class TestTypeDetection:
    @pytest.mark.parametrize(
        ("fields", "kind"),
        [
            ({"text": "가" * 45}, "SMS"),
            ({"text": "가" * 46}, "LMS"),  # above 90 bytes
            ({"subject": "제목"}, "LMS"),  # subject set
            ({"kakaoOptions": kakao()}, "ATA"),
            ({"text": "가" * 46, "autoTypeDetect": False}, "SMS"),
            ({"type": "lms"}, "LMS"),
        ],
    )
    def test_follows_length_subject_and_kakao_options(self, checks: Checks, fields: dict[str, Any], kind: str) -> None:
        message = {"to": "01012345678", "from": "0212345678", "text": "안녕"} | fields
        assert checks.draft(message).kind == kind


class TestAlimtalk:
    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"kakaoOptions": kakao()}, None),
            ({"kakaoOptions": kakao(pfId="other")}, "1041"),
            ({"kakaoOptions": kakao(templateId="T0")}, "1042"),
            ({"kakaoOptions": kakao(variables={})}, "1043"),
            ({"kakaoOptions": kakao(variables={"#{이름}": 7})}, "1011"),  # variables must be strings
            ({"kakaoOptions": kakao(), "text": "다른 글"}, "1043"),  # differs from the template
            ({"kakaoOptions": kakao(), "text": "하늘님 결제되었습니다."}, None),
            ({"kakaoOptions": kakao(buttons=[{"buttonName": "x"}])}, "1047"),
            ({"kakaoOptions": kakao(templateId="T2", variables={})}, None),
            ({"kakaoOptions": kakao(templateId="T2", buttons=[{"buttonName": "x"}])}, "1046"),
            ({"kakaoOptions": kakao(templateId="T3", variables={"#{글}": "가" * 1001})}, "1031"),  # 1000 chars
            ({"kakaoOptions": kakao(), "from": None}, "1010"),  # falling back to a text needs a sender
            ({"kakaoOptions": kakao(disableSms=True), "from": None}, None),
        ],
    )
    def test_first_thing_wrong(self, checks: Checks, fields: dict[str, Any], code: str | None) -> None:
        assert refusal(checks, **({"text": None} | fields)) == code
