"""What is checked before a message is taken. Each check answers with a status code of the 1xxx kind, or nothing."""

import re
from dataclasses import dataclass
from typing import Any

from sandbox.settings import Settings, listed
from sandbox.solapi.templates import Template, Templates

SMS_BYTES, LMS_BYTES, SUBJECT_BYTES, ALIMTALK_CHARS = 90, 2000, 40, 1000
TYPES = ("SMS", "LMS", "MMS", "ATA")
STATUS = {
    "1010": "필수 입력 값 미입력",
    "1011": "Format Error",
    "1013": "제목은 문자 타입이 'SMS'일 경우 사용이 불가능합니다.",
    "1014": "제목은 40byte까지 사용 가능합니다.",
    "1024": "서버 오류",
    "1025": "잘못된 메시지 타입",
    "1026": "중복 수신번호",
    "1028": "Non Printable Characters는 사용할 수 없습니다.",
    "1029": "문자메시지의 경우 EUC-KR(완성형 한글) 범위 안에 있는 문자만 사용 합니다.",
    "1030": "잔액 부족",
    "1031": "SMS는 90byte LMS, MMS는 2000byte ATA는 1000자까지 사용 가능 합니다.",
    "1032": "유효한 커스텀 필드 값이 아닙니다.",
    "1033": "kakaoOptions은 메시지가 ATA 나 CTA인 경우에만 사용가능합니다.",
    "1041": "유효한 플러스 친구 값이 아닙니다.",
    "1042": "유효한 템플릿 아이디가 아닙니다.",
    "1043": "등록한 템플릿과 내용이 다릅니다.",
    "1044": "유효한 버튼 값이 아닙니다.",
    "1046": "버튼이 있는 템플릿입니다. 'buttons'에 값을 넣어주세요.",
    "1047": "버튼이 없는 템플릿입니다.",
    "1061": "사용자에 의해 수신거부 됨(080무료수신거부)",
    "1062": "발신번호 미등록",
    "1064": "KISA 신고로 인한 차단",
    "2000": "정상 접수(이통사로 접수 예정)",
    "3000": "이통사로 접수(리포트를 기다리는 중)",
    "3011": "Format Error",
    "3040": "전송시간 초과",
    "3054": "SPAM",
    "3055": "SPAM, nospam.or.kr 에 등록된 번호",
    "3104": "카카오톡 미사용자",
    "4000": "수신 완료",
}
NUMBER = re.compile(r"\d{8,12}")


@dataclass(frozen=True)
class Draft:
    """A message as it will be sent: its type decided, its Alimtalk text filled in."""

    fields: dict[str, Any]
    kind: str
    text: str
    template: Template | None

    @property
    def kakao(self) -> dict[str, Any]:
        options = self.fields.get("kakaoOptions")
        return options if isinstance(options, dict) else {}

    @property
    def subject(self) -> str:
        subject = self.fields.get("subject")
        return subject if isinstance(subject, str) else ""

    @property
    def falls_back(self) -> bool:
        """A failed Alimtalk goes out as a text unless it was said not to."""
        return self.kind == "ATA" and self.kakao.get("disableSms") is not True


def text_bytes(text: str) -> int | None:
    """Length as carriers count it; None when a character lies outside EUC-KR."""
    try:
        return len(text.encode("cp949"))
    except UnicodeEncodeError:
        return None


def text_kind(text: str, subject: str) -> str:
    return "LMS" if subject or (text_bytes(text) or 0) > SMS_BYTES else "SMS"


class Checks:
    def __init__(self, settings: Settings, templates: Templates) -> None:
        self._settings = settings
        self._templates = templates

    def draft(self, fields: dict[str, Any]) -> Draft:
        kakao = fields.get("kakaoOptions")
        template = None
        text = fields.get("text") if isinstance(fields.get("text"), str) else ""
        if isinstance(kakao, dict):
            template = self._templates.find(str(kakao.get("templateId")))
            variables = kakao.get("variables")
            if template and not text and _strings(variables):
                text = template.filled(variables or {})
        return Draft(fields, self._kind(fields, text or ""), text or "", template)

    def _kind(self, fields: dict[str, Any], text: str) -> str:
        said = fields.get("type")
        if said is not None:
            return str(said).upper()
        if fields.get("kakaoOptions"):
            return "ATA"
        if fields.get("imageId"):
            return "MMS"
        return text_kind(text, str(fields.get("subject") or "")) if fields.get("autoTypeDetect", True) else "SMS"

    def refusal(self, draft: Draft) -> str | None:
        """The first thing wrong with it, as a status code."""
        for check in (_required, _shape, self._sender, _custom_fields, self._reachable):
            code = check(draft)
            if code:
                return code
        return self._alimtalk(draft) if draft.kind == "ATA" else _plain(draft)

    def _sender(self, draft: Draft) -> str | None:
        sender = draft.fields.get("from")
        if not sender and draft.kind == "ATA" and not draft.falls_back:
            return None
        return None if sender in listed(self._settings.solapi_senders) else "1062"

    def _reachable(self, draft: Draft) -> str | None:
        return "1061" if draft.fields["to"] in listed(self._settings.solapi_opted_out) else None

    def _alimtalk(self, draft: Draft) -> str | None:
        kakao, template = draft.kakao, draft.template
        if kakao.get("pfId") != self._settings.solapi_pf_id:
            return "1041"
        if template is None:
            return "1042"
        variables = kakao.get("variables") or {}
        if not _strings(variables):
            return "1011"
        filled = bool(draft.fields.get("text")) or template.variables <= variables.keys()
        if not filled or not template.matches(draft.text):
            return "1043"
        return "1031" if len(draft.text) > ALIMTALK_CHARS else _buttons(kakao.get("buttons"), template)


def _required(draft: Draft) -> str | None:
    if not draft.fields.get("to") or (not draft.text and draft.kind != "ATA"):
        return "1010"
    if draft.kind == "ATA":
        return "1010" if not draft.kakao or (draft.falls_back and not draft.fields.get("from")) else None
    return None if draft.fields.get("from") else "1010"


def _shape(draft: Draft) -> str | None:
    if draft.kind not in TYPES:
        return "1025"
    for name in ("to", "from"):
        value = draft.fields.get(name)
        if value is not None and not (isinstance(value, str) and NUMBER.fullmatch(value)):
            return "1011"
    if draft.fields.get("subject") is not None and not isinstance(draft.fields["subject"], str):
        return "1011"
    return "1033" if draft.fields.get("kakaoOptions") and draft.kind != "ATA" else None


def _custom_fields(draft: Draft) -> str | None:
    fields = draft.fields.get("customFields") or {}
    if not isinstance(fields, dict):
        return "1032"
    for name, value in fields.items():
        if not isinstance(value, str) or len(name) > 30 or len(value) > 100:
            return "1032"
    return None


def _plain(draft: Draft) -> str | None:
    subject = draft.subject
    if any(not (letter.isprintable() or letter in "\r\n\t") for letter in draft.text + subject):
        return "1028" if text_bytes(draft.text + subject) is not None else "1029"
    size, subject_size = text_bytes(draft.text), text_bytes(subject)
    if size is None or subject_size is None:
        return "1029"
    if subject and draft.kind == "SMS":
        return "1013"
    if subject_size > SUBJECT_BYTES:
        return "1014"
    return "1031" if size > (SMS_BYTES if draft.kind == "SMS" else LMS_BYTES) else None


def _buttons(given: Any, template: Template) -> str | None:
    """Left out, the template's own buttons are used; given, they must be the template's."""
    if given is None:
        return None
    if not template.buttons:
        return "1047" if given else None
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        return "1044"
    return None if [_label(one) for one in given] == [_label(one) for one in template.buttons] else "1046"


def _label(button: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(button.get(name) for name in ("buttonName", "buttonType", "linkMo", "linkPc"))


def _strings(variables: Any) -> bool:
    if variables is None:
        return True
    return isinstance(variables, dict) and all(
        isinstance(name, str) and isinstance(value, str) for name, value in variables.items()
    )
