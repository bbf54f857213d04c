"""How PortOne says no: V2 with a type and an HTTP status, V1 with a code that is not 0 and a sentence."""

from typing import Any

from starlette.responses import JSONResponse

# type -> (HTTP status, what V1 would say)
REFUSALS: dict[str, tuple[int, str]] = {
    "INVALID_REQUEST": (400, "잘못된 요청입니다."),
    "UNAUTHORIZED": (401, "인증 정보가 올바르지 않습니다."),
    "FORBIDDEN": (403, "권한이 없습니다."),
    "PAYMENT_NOT_FOUND": (404, "존재하지 않는 결제정보입니다."),
    "ALREADY_PAID": (409, "이미 결제된 주문입니다."),
    "PAYMENT_NOT_PAID": (409, "결제되지 않은 건입니다."),
    "PAYMENT_ALREADY_CANCELLED": (409, "이미 전액취소된 주문입니다."),
    "PAYMENT_NOT_WAITING_FOR_DEPOSIT": (409, "입금 대기 상태가 아닙니다."),
    "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN": (409, "취소 가능 잔액이 일치하지 않습니다."),
    "CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT": (409, "취소할 금액이 남은 금액보다 큽니다."),
    "CANCEL_TAX_FREE_AMOUNT_EXCEEDS_CANCELLABLE_TAX_FREE_AMOUNT": (409, "취소할 면세금액이 남은 면세금액보다 큽니다."),
    "CASH_RECEIPT_ALREADY_ISSUED": (409, "이미 발행된 현금영수증입니다."),
    "CASH_RECEIPT_NOT_FOUND": (404, "현금영수증을 찾을 수 없습니다."),
    "IDEMPOTENCY_OUTSTANDING_REQUEST": (409, "같은 멱등 키의 요청이 처리 중입니다."),
    "PG_PROVIDER": (502, "PG사에서 오류를 전달했습니다."),
}
NAMES = {"ALREADY_REGISTERED": "이미 등록된 merchant_uid 입니다.", "AMOUNT_MISMATCH": "등록된 금액과 다릅니다."}


class PortOneRefusal(Exception):
    """`kind` is V2's type; the words are for V1."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind
        self.status, self.message = REFUSALS.get(kind, (400, NAMES.get(kind, "잘못된 요청입니다.")))


def refuse_v2(kind: str | None) -> JSONResponse:
    refusal = PortOneRefusal(kind or "PG_PROVIDER")
    body: dict[str, Any] = {"type": refusal.kind, "message": refusal.message}
    if refusal.kind == "PG_PROVIDER":
        body |= {"pgCode": "9999", "pgMessage": "일시적인 오류입니다."}
    return JSONResponse(body, refusal.status)


def refuse_v1(kind: str | None) -> JSONResponse:
    """Most refusals come with HTTP 200: only the code tells."""
    refusal = PortOneRefusal(kind or "PG_PROVIDER")
    status = refusal.status if refusal.status in (401, 404) else 200
    code = -1 if refusal.status in (401, 404) else 1
    return JSONResponse({"code": code, "message": refusal.message, "response": None}, status)
