"""How Inicis refuses: always HTTP 200, the code in the body. memory: every code but 500626."""

from starlette.responses import JSONResponse

# What the window and the approval say.
WINDOW = {
    "V001": "필수 항목이 누락되었습니다.",
    "V002": "등록되지 않은 상점아이디입니다.",
    "V003": "위변조가 의심되는 요청입니다.",
    "V004": "지원하지 않는 결제수단입니다.",
    "V005": "금액이 올바르지 않습니다.",
    "V013": "유효하지 않거나 이미 사용된 인증 토큰입니다.",
    "V014": "인증 시간이 초과되었습니다.",
    "R201": "인증에 실패하였습니다.",
    "R301": "한도초과로 승인이 거절되었습니다.",
    "N001": "망취소할 승인이 없습니다.",
    "9999": "일시적인 오류입니다.",
}
# What INIAPI says behind resultCode 01, as detailResultCode.
INIAPI = {
    "400101": "hashData 검증에 실패하였습니다.",
    "400102": "등록되지 않은 상점아이디입니다.",
    "400103": "요청 형식이 올바르지 않습니다.",
    "500601": "거래가 존재하지 않습니다.",
    "500602": "취소할 수 없는 거래 상태입니다.",
    "500603": "지불수단이 일치하지 않습니다.",
    "500604": "취소 금액이 올바르지 않습니다.",
    "500605": "부분취소된 거래는 전체취소할 수 없습니다.",
    "500626": "이미 취소된 거래입니다.",
    "500629": "부분취소 후 잔액이 일치하지 않습니다.",
    "500630": "환불 계좌를 확인해 주세요.",
    "500631": "은행 점검 시간입니다.",
}


class InicisRefusal(Exception):
    """Nothing happened. `tid` only where whoever pays was asked."""

    def __init__(self, code: str, *, tid: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.tid = tid
        self.status = 200
        self.message = WINDOW.get(code) or INIAPI.get(code) or "처리할 수 없습니다."


def window_answer(refusal: InicisRefusal) -> JSONResponse:
    named = {} if refusal.tid is None else {"tid": refusal.tid}
    return JSONResponse({"resultCode": refusal.code, "resultMsg": refusal.message, **named})


def iniapi_answer(refusal: InicisRefusal) -> JSONResponse:
    return JSONResponse({"resultCode": "01", "resultMsg": refusal.message, "detailResultCode": refusal.code})
