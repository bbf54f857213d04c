"""How KakaoPay refuses: a negative number, a text, and for a payment method's own no two more words under `extras`."""

from typing import Any, Literal

from starlette.responses import JSONResponse

Shape = Literal["error_code", "code_msg", "code_message"]
# Numbers and HTTP status after its public error table as third parties keep it.
REFUSALS: dict[int, tuple[int, str]] = {
    -2: (400, "invalid argument"),
    -400: (400, "authorization header is missing"),
    -401: (401, "invalid secret key"),
    -403: (403, "this API is not registered for the application"),
    -404: (404, "not found"),
    -429: (429, "quota exceeded"),
    -500: (500, "internal server error"),
    -503: (503, "service maintenance"),
    -701: (400, "payment is not authenticated"),
    -702: (400, "payment is already done!"),
    -704: (400, "invalid total amount!"),
    -706: (400, "partner_order_id does not match"),
    -707: (400, "partner_user_id does not match"),
    -708: (400, "invalid pg_token!"),
    -710: (400, "cancel amount exceeds cancel available amount"),
    -721: (400, "invalid tid!"),
    -722: (400, "invalid amount info!"),
    -723: (400, "payment time is over"),
    -731: (400, "invalid cid!"),
    -780: (400, "approval failure!"),
    -781: (400, "cancel failure!"),
    -783: (400, "payment is not in a state to approve"),
    -784: (400, "payment is not in a state to cancel"),
    -785: (400, "duplicate request"),
}
# What stands under `extras` of -780 and -781: the words of the card company or the bank.
METHOD_RESULTS = {
    "USER_LOCKED": "진행중인 거래가 있습니다. 잠시 후 다시 시도해 주세요.",
    "BANK_FIRM_UNKNOWN": "은행 처리 결과를 확인할 수 없습니다.",
    "EXCEED_LIMIT": "한도초과 혹은 잔액부족으로 결제에 실패했습니다.",
    "REFUND_PERIOD_OVER": "취소 가능한 기간이 지났습니다.",
}


class KakaoPayRefusal(Exception):
    def __init__(self, code: int, method_result: str | None = None) -> None:
        super().__init__(f"{code} {method_result or ''}".strip())
        self.code = code
        self.method_result = method_result
        self.status, self.message = REFUSALS.get(code, (400, "bad request"))

    def body(self, shape: Shape) -> dict[str, Any]:
        """Seen in three spellings; all of them are KakaoPay's."""
        names = {
            "error_code": ("error_code", "error_message"),
            "code_msg": ("code", "msg"),
            "code_message": ("code", "message"),
        }[shape]
        body: dict[str, Any] = {names[0]: self.code, names[1]: self.message}
        if self.method_result is not None:
            body["extras"] = {
                "method_result_code": self.method_result,
                "method_result_message": METHOD_RESULTS.get(self.method_result, self.method_result),
            }
        return body

    def answer(self, shape: Shape) -> JSONResponse:
        return JSONResponse(self.body(shape), self.status)


def named(code: str | None) -> KakaoPayRefusal:
    """The refusal a fault asks for: `-780`, or `-780:USER_LOCKED` with the method's own word. Unnamed: -500."""
    number, _, method_result = (code or "-500").partition(":")
    try:
        return KakaoPayRefusal(int(number), method_result or None)
    except ValueError:
        return KakaoPayRefusal(-780, number)
