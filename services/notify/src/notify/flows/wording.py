"""What templates may say: the facts of a letter under the names the templates use, and codes in Korean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from notify.domain import texts
from notify.domain.messages import Kind, Letter, Mall, and_more
from notify.domain.texts import as_moment
from notify.flows import wording_goods

TITLES: dict[Kind, str] = {
    Kind.ORDER_PLACED: "주문 접수 안내",
    Kind.PAYMENT_PENDING: "입금 안내",
    Kind.ORDER_PAID: "결제 완료 안내",
    Kind.ORDER_SHIPPED: "상품 발송 안내",
    Kind.ORDER_CANCELLED: "주문 취소 안내",
    Kind.PAYMENT_REFUNDED: "환불 완료 안내",
    Kind.REFUND_ACCOUNT_NEEDED: "환불 계좌 안내",
    Kind.REFUND_FAILED: "환불 지연 안내",
    Kind.PAYMENT_UNWANTED: "결제 금액 환불 안내",
    Kind.DEPOSIT_SHORT: "입금액 부족 안내",
    Kind.DEPOSIT_SURPLUS: "초과 입금 안내",
    Kind.DEPOSIT_REVERSED: "입금 취소 안내",
    Kind.SURPLUS_RETURNED: "초과 입금액 환불 안내",
    **wording_goods.TITLES,
}

_METHODS = {
    "card": "카드",
    "virtual_account": "가상계좌",
    "transfer": "계좌이체",
    "easy_pay": "간편결제",
    "mobile_phone": "휴대폰 결제",
}
# Reasons that programs give. Any other reason was typed by a person and is not repeated.
_REASONS = {
    "payment_expired": "입금 기한 경과",
    "stock_unavailable": "재고 부족",
    "deposit_reversed": "입금 취소",
}

_COMMON = frozenset({"쇼핑몰", "고객명", "주문번호", "상품명", "고객센터"})
NAMES: dict[Kind, frozenset[str]] = {
    Kind.ORDER_PLACED: _COMMON | {"주문금액", "주문일시", "결제기한"},
    Kind.PAYMENT_PENDING: _COMMON | {"은행", "계좌번호", "예금주", "입금금액", "입금기한"},
    Kind.ORDER_PAID: _COMMON | {"결제금액", "결제수단", "결제일시"},
    Kind.ORDER_SHIPPED: _COMMON | {"택배사", "송장번호", "배송조회"},
    Kind.ORDER_CANCELLED: _COMMON | {"취소구분", "취소사유", "환불예정금액", "취소일시"},
    Kind.PAYMENT_REFUNDED: _COMMON | {"환불금액", "결제수단", "환불일시"},
    Kind.REFUND_ACCOUNT_NEEDED: _COMMON | {"환불금액", "계좌구분", "등록방법"},
    Kind.REFUND_FAILED: _COMMON | {"환불금액", "등록방법"},
    Kind.PAYMENT_UNWANTED: _COMMON | {"환불금액", "환불사유", "확인일시"},
    Kind.DEPOSIT_SHORT: _COMMON | {"입금금액", "결제금액", "부족금액"},
    Kind.DEPOSIT_SURPLUS: _COMMON | {"입금금액", "환불금액", "등록방법"},
    Kind.DEPOSIT_REVERSED: _COMMON | {"입금금액", "취소일시"},
    Kind.SURPLUS_RETURNED: _COMMON | {"환불금액", "환불일시"},
    **{kind: _COMMON | names for kind, names in wording_goods.NAMES.items()},
}
_NAME_LETTERS, _PRODUCT_LETTERS = 20, 40


def method(code: str) -> str:
    return _METHODS.get(code, "기타 결제수단")


def reason(code: str) -> str:
    return _REASONS.get(code, "고객 요청")


def refunded_to(data: Mapping[str, Any]) -> str:
    """The way the money came; what the provider would not give back goes by a transfer of the mall's own."""
    return "알려 주신 계좌로 송금" if data.get("by_hand") else method(str(data.get("method", "")))


def why_unwanted(data: Mapping[str, Any]) -> str:
    if data.get("reason") == "amount_mismatch":
        return "주문 금액과 다른 금액의 결제"
    return "이미 취소되었거나 결제가 끝난 주문의 결제"


def where(mall: Mall) -> str:
    """How a customer names an account: where the order can be looked at."""
    return f"{mall.storefront_url} 주문 조회에서 등록" if mall.storefront_url else "쇼핑몰 주문 조회에서 등록"


def account_asked(data: Mapping[str, Any]) -> str:
    if data.get("account_was_wrong"):
        return "알려 주신 계좌로 보내지 못해 다른 계좌가 필요합니다"
    return "환불 계좌 등록"


def goods(letter: Letter) -> str:
    """The goods in a line: the order's, but with their options what is exchanged for another or not sent after all."""
    lines = letter.exchanged or (letter.lines if letter.message.kind is Kind.REPLACEMENT_STOPPED else ())
    if not lines:
        return texts.shortened(letter.order.summary, _PRODUCT_LETTERS)
    first = replace(lines[0], product_name=texts.shortened(lines[0].product_name, _PRODUCT_LETTERS))
    return and_more(first.name, len(letter.lines))


def exchanged(letter: Letter) -> str:
    """`500g → 초코 500g 외 1건`, empty where no other option is sent."""
    lines = letter.exchanged
    return and_more(lines[0].variant_name or "", len(lines)) if lines else ""


def facts(letter: Letter) -> dict[str, Any]:
    """What mail and text templates see."""
    message, order = letter.message, letter.order
    return {
        "kind": message.kind.value,
        "title": TITLES[message.kind],
        "mall": letter.mall,
        "customer": texts.shortened(letter.customer, _NAME_LETTERS),
        "order": order,
        "lines": letter.lines,
        "goods": goods(letter),
        "exchanged": exchanged(letter),
        "data": message.data,
        "method": method(str(message.data.get("method", ""))),
        "refunded_to": refunded_to(message.data),
        "by_hand": bool(message.data.get("by_hand")),
        "why_unwanted": why_unwanted(message.data),
        "reason": reason(str(message.data.get("reason", ""))),
        "where": where(letter.mall),
        "account_asked": account_asked(message.data),
        **wording_goods.facts(message.data),
    }


def variables(letter: Letter) -> dict[str, str]:
    """The values of the Alimtalk variables of the letter's kind, by name."""
    order, mall = letter.order, letter.mall
    common = {
        "쇼핑몰": mall.name,
        "고객명": texts.shortened(letter.customer, _NAME_LETTERS),
        "주문번호": order.order_number,
        "상품명": goods(letter),
        "고객센터": mall.support_phone or mall.support_email or mall.storefront_url or mall.name,
    }
    kind, data = letter.message.kind, letter.message.data
    if kind in wording_goods.NAMES:
        return common | wording_goods.variables(kind, data, order.currency)
    own = _OWN.get(kind, _of_order)
    return common | own(letter, data, order.currency)


def _about_refund(letter: Letter, data: Mapping[str, Any], currency: str) -> dict[str, str]:
    amount = {"환불금액": texts.money(int(data["refund_amount"]), currency)}
    match letter.message.kind:
        case Kind.REFUND_ACCOUNT_NEEDED:
            return amount | {"계좌구분": account_asked(data), "등록방법": where(letter.mall)}
        case Kind.REFUND_FAILED:
            return amount | {"등록방법": where(letter.mall)}
        case Kind.PAYMENT_UNWANTED:
            moment = texts.moment(as_moment(data["paid_at"]))
            return amount | {"환불사유": why_unwanted(data), "확인일시": moment}
        case _:
            return amount | {"결제수단": refunded_to(data), "환불일시": texts.moment(as_moment(data["refunded_at"]))}


def _about_deposit(letter: Letter, data: Mapping[str, Any], currency: str) -> dict[str, str]:
    match letter.message.kind:
        case Kind.DEPOSIT_SHORT:
            owed, paid = int(data["amount"]), int(data["deposited_amount"])
            return {
                "입금금액": texts.money(paid, currency),
                "결제금액": texts.money(owed, currency),
                "부족금액": texts.money(owed - paid, currency),
            }
        case Kind.DEPOSIT_SURPLUS:
            return {
                "입금금액": texts.money(int(data["deposited_amount"]), currency),
                "환불금액": texts.money(int(data["surplus_amount"]), currency),
                "등록방법": where(letter.mall),
            }
        case Kind.DEPOSIT_REVERSED:
            return {
                "입금금액": texts.money(int(data["amount"]), currency),
                "취소일시": texts.moment(as_moment(data["reversed_at"])),
            }
        case _:
            return {
                "환불금액": texts.money(int(data["returned_amount"]), currency),
                "환불일시": texts.moment(as_moment(data["returned_at"])),
            }


def _of_order(letter: Letter, data: Mapping[str, Any], currency: str) -> dict[str, str]:
    match letter.message.kind:
        case Kind.ORDER_PLACED:
            return {
                "주문금액": texts.money(letter.order.total_amount, currency),
                "주문일시": texts.moment(letter.order.placed_at),
                "결제기한": texts.moment(as_moment(data["payment_due_at"])),
            }
        case Kind.PAYMENT_PENDING:
            return {
                "은행": str(data["bank_name"]),
                "계좌번호": str(data["account_number"]),
                "예금주": str(data["holder"]),
                "입금금액": texts.money(int(data["amount"]), currency),
                "입금기한": texts.moment(as_moment(data["due_at"])),
            }
        case Kind.ORDER_PAID:
            return {
                "결제금액": texts.money(letter.order.total_amount, currency),
                "결제수단": method(str(data["method"])),
                "결제일시": texts.moment(as_moment(data["paid_at"])),
            }
        case Kind.ORDER_SHIPPED:
            return wording_goods.parcel(data)
        case _:
            refund = int(data["refund_amount"])
            return {
                "취소구분": "전체 취소" if data["whole"] else "부분 취소",
                "취소사유": reason(str(data["reason"])),
                "환불예정금액": texts.money(refund, currency) if refund else "없음",
                "취소일시": texts.moment(as_moment(data["cancelled_at"])),
            }


_OWN = {
    **dict.fromkeys(
        (Kind.REFUND_ACCOUNT_NEEDED, Kind.REFUND_FAILED, Kind.PAYMENT_UNWANTED, Kind.PAYMENT_REFUNDED), _about_refund
    ),
    **dict.fromkeys(
        (Kind.DEPOSIT_SHORT, Kind.DEPOSIT_SURPLUS, Kind.DEPOSIT_REVERSED, Kind.SURPLUS_RETURNED), _about_deposit
    ),
}
