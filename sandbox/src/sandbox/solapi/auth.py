"""The HMAC-SHA256 header: exact signature, fifteen minutes either way, no signature twice."""

import hashlib
import hmac
import re
from datetime import datetime, timedelta

from starlette.responses import JSONResponse

from sandbox.clock import Clock, epoch
from sandbox.settings import Settings
from sandbox.store import Store

WINDOW = timedelta(minutes=15)
# The names are the provider's where known; the HTTP statuses are from memory.
REFUSALS = {
    "Unauthorized": (401, "인증 정보가 없습니다."),
    "InvalidAPIKey": (403, "유효한 API Key가 아닙니다."),
    "RequestTimeTooSkewed": (403, "요청 시각이 서버 시각과 15분 이상 차이납니다."),
    "SignatureDoesNotMatch": (403, "생성한 Signature와 일치하지 않습니다."),
    "DuplicatedSignature": (403, "이미 사용한 Signature입니다."),
    "ValidationError": (400, "요청 형식이 올바르지 않습니다."),
    "InternalError": (500, "서버 오류입니다."),
}


class SolapiRefusal(Exception):
    def __init__(self, code: str, message: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.status, known = REFUSALS.get(code, (400, code))
        self.message = message or known


def refuse(code: str | None, message: str | None = None) -> JSONResponse:
    refusal = SolapiRefusal(code or "InternalError", message)
    return JSONResponse({"errorCode": refusal.code, "errorMessage": refusal.message}, refusal.status)


class Auth:
    def __init__(self, settings: Settings, clock: Clock, store: Store) -> None:
        self._settings = settings
        self._clock = clock
        self._store = store

    def check(self, header: str) -> None:
        scheme, _, rest = header.partition(" ")
        if scheme.upper() != "HMAC-SHA256":
            raise SolapiRefusal("Unauthorized")
        # The official SDK writes ApiKey and Date, the documentation apiKey and date.
        found = {name.lower(): value for name, value in re.findall(r"([A-Za-z]+)=([^,\s]+)", rest)}
        if not {"apikey", "date", "salt", "signature"} <= found.keys():
            raise SolapiRefusal("Unauthorized")
        if found["apikey"] != self._settings.solapi_api_key:
            raise SolapiRefusal("InvalidAPIKey")
        self._check_time(found["date"])
        if not 12 <= len(found["salt"]) <= 64:
            raise SolapiRefusal("SignatureDoesNotMatch")
        self._check_signature(found)

    def _check_time(self, date: str) -> None:
        try:
            moment = datetime.fromisoformat(date)
        except ValueError:
            raise SolapiRefusal("RequestTimeTooSkewed") from None
        if moment.tzinfo is None or abs(moment - self._clock.now()) > WINDOW:
            raise SolapiRefusal("RequestTimeTooSkewed")

    def _check_signature(self, found: dict[str, str]) -> None:
        expected = hmac.new(
            self._settings.solapi_api_secret.encode(), (found["date"] + found["salt"]).encode(), hashlib.sha256
        ).hexdigest()
        if not hmac.compare_digest(expected, found["signature"]):
            raise SolapiRefusal("SignatureDoesNotMatch")
        now = epoch(self._clock.now())
        self._store.run("DELETE FROM solapi_signatures WHERE at < ?", now - WINDOW.total_seconds())
        added = self._store.run(
            "INSERT INTO solapi_signatures (signature, at) VALUES (?, ?) ON CONFLICT DO NOTHING", expected, now
        )
        if added == 0:
            raise SolapiRefusal("DuplicatedSignature")
