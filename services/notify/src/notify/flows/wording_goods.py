"""What messages say of goods under way or on their way back: claims, addresses, options, pre-orders, and more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notify.domain import options, texts
from notify.domain.messages import Kind

TITLES: dict[Kind, str] = {
    Kind.ORDER_COMPLETED: "구매 확정 안내",
    Kind.ADDRESS_CHANGED: "배송지 변경 안내",
    Kind.ADDRESS_KEPT: "배송지 변경 불가 안내",
    Kind.OPTION_CHANGED: "옵션 변경 안내",
    Kind.OPTION_KEPT: "옵션 변경 불가 안내",
    Kind.PREORDER_HELD: "예약 상품 안내",
    Kind.PREORDER_RELEASED: "예약 상품 출고 안내",
    Kind.EXCHANGE_SHIPPED: "교환 상품 발송 안내",
    Kind.CLAIM_REQUESTED: "반품·교환 접수 안내",
    Kind.CLAIM_APPROVED: "반품·교환 승인 안내",
    Kind.CLAIM_REJECTED: "반품·교환 반려 안내",
    Kind.CLAIM_WITHDRAWN: "반품·교환 철회 안내",
    Kind.CLAIM_COLLECTED: "반품·교환 회수 안내",
    Kind.CLAIM_COMPLETED: "반품·교환 완료 안내",
    Kind.REPLACEMENT_STOPPED: "교환 상품 발송 불가 안내",
}

_PARCEL = frozenset({"택배사", "송장번호", "배송조회"})
NAMES: dict[Kind, frozenset[str]] = {
    Kind.ORDER_COMPLETED: frozenset({"확정일시"}),
    Kind.ADDRESS_CHANGED: frozenset({"변경일시"}),
    Kind.ADDRESS_KEPT: frozenset({"변경불가사유"}),
    Kind.OPTION_CHANGED: frozenset({"변경전옵션", "변경후옵션", "변경일시"}),
    Kind.OPTION_KEPT: frozenset({"변경후옵션", "변경불가사유"}),
    Kind.PREORDER_HELD: frozenset({"출고예정일"}),
    Kind.PREORDER_RELEASED: frozenset(),
    Kind.EXCHANGE_SHIPPED: _PARCEL,
    Kind.CLAIM_REQUESTED: frozenset({"구분", "접수일시"}),
    Kind.CLAIM_APPROVED: frozenset({"구분", "승인일시"}),
    Kind.CLAIM_REJECTED: frozenset({"구분", "처리일시"}),
    Kind.CLAIM_WITHDRAWN: frozenset({"구분", "철회일시"}),
    Kind.CLAIM_COLLECTED: _PARCEL,
    Kind.CLAIM_COMPLETED: frozenset({"구분", "처리결과", "환불예정금액", "처리일시"}),
    Kind.REPLACEMENT_STOPPED: frozenset({"처리결과", "환불예정금액", "처리일시"}),
}

# The variable that is a moment, and where the fact keeps it.
_MOMENTS: dict[Kind, tuple[str, str]] = {
    Kind.ORDER_COMPLETED: ("확정일시", "completed_at"),
    Kind.ADDRESS_CHANGED: ("변경일시", "decided_at"),
    Kind.OPTION_CHANGED: ("변경일시", "decided_at"),
    Kind.PREORDER_HELD: ("출고예정일", "until"),
    Kind.CLAIM_REQUESTED: ("접수일시", "requested_at"),
    Kind.CLAIM_APPROVED: ("승인일시", "approved_at"),
    Kind.CLAIM_REJECTED: ("처리일시", "rejected_at"),
    Kind.CLAIM_WITHDRAWN: ("철회일시", "withdrawn_at"),
    Kind.CLAIM_COMPLETED: ("처리일시", "completed_at"),
    Kind.REPLACEMENT_STOPPED: ("처리일시", "stopped_at"),
}
_TOO_LATE = {
    "centre_accepted": "출고 준비가 시작되었습니다",
    "already_shipped": "상품이 이미 출발했습니다",
    "cancelled": "취소된 주문입니다",
}


def claim(data: Mapping[str, Any]) -> str:
    return "교환" if data.get("claim_kind") == "exchange" else "반품"


def address_reason(data: Mapping[str, Any]) -> str:
    return _TOO_LATE.get(str(data.get("reason")), "주문의 배송지를 확인할 수 없습니다")


def option_reason(data: Mapping[str, Any]) -> str:
    return _TOO_LATE.get(str(data.get("reason")), "요청하신 옵션으로 준비할 수 없습니다")


def outcome(data: Mapping[str, Any]) -> str:
    """What follows now that the centre has looked at the goods."""
    if not data.get("came"):
        return "도착한 상품 중에 신청하신 상품이 없어 처리를 마쳤습니다. 고객센터로 문의해 주세요."
    return f"{_follows(data)} {left_out(data)}".rstrip()


def left_out(data: Mapping[str, Any]) -> str:
    """How many units did not come with those that did; empty when all did. Messages of before do not tell."""
    missing = data.get("missing")
    return f"도착하지 않은 상품 {missing}개는 제외되었습니다." if missing and data.get("came") else ""


def _follows(data: Mapping[str, Any]) -> str:
    if data.get("claim_kind") == "exchange":
        return "보내신 상품을 확인했습니다. 교환 상품을 보내 드립니다."
    if data.get("refund_amount"):
        return "보내신 상품을 확인했습니다. 결제하신 수단으로 환불해 드립니다."
    return "보내신 상품을 확인하고 반품 처리를 마쳤습니다."


def stopped(data: Mapping[str, Any]) -> str:
    """What follows where replacements are not sent; no money is spoken of where none goes back now."""
    if data.get("refund_amount"):
        return "죄송합니다. 교환 상품을 보내 드릴 수 없어 결제하신 수단으로 환불해 드립니다."
    return "죄송합니다. 교환 상품을 보내 드릴 수 없어 반품으로 처리했습니다."


def parcel(data: Mapping[str, Any]) -> dict[str, str]:
    return {
        "택배사": str(data["carrier_name"] or "택배"),
        "송장번호": str(data["waybill"] or "-"),
        "배송조회": str(data["tracking_url"] or "택배사에서 확인해 주세요"),
    }


def facts(data: Mapping[str, Any]) -> dict[str, Any]:
    """For mail and text templates."""
    return {
        "claim": claim(data),
        "claim_outcome": outcome(data),
        "left_out": left_out(data),
        "stopped_outcome": stopped(data),
        "address_reason": address_reason(data),
        "option_reason": option_reason(data),
        "option_before": options.before(data),
        "option_after": options.after(data),
    }


def variables(kind: Kind, data: Mapping[str, Any], currency: str) -> dict[str, str]:
    """The values of the Alimtalk variables that only messages of this kind have."""
    said: dict[str, str] = {}
    if kind in _MOMENTS:
        name, place = _MOMENTS[kind]
        said[name] = texts.moment(texts.as_moment(data[place]))
    if "구분" in NAMES[kind]:
        said["구분"] = claim(data)
    if NAMES[kind] == _PARCEL:
        said |= parcel(data)
    if kind is Kind.ADDRESS_KEPT:
        said["변경불가사유"] = address_reason(data)
    if kind is Kind.OPTION_CHANGED:
        said |= {"변경전옵션": options.before(data), "변경후옵션": options.after(data)}
    if kind is Kind.OPTION_KEPT:
        said |= {"변경후옵션": options.after(data), "변경불가사유": option_reason(data)}
    if "처리결과" in NAMES[kind]:
        refund, follows = int(data["refund_amount"]), stopped if kind is Kind.REPLACEMENT_STOPPED else outcome
        said |= {"처리결과": follows(data), "환불예정금액": texts.money(refund, currency) if refund else "없음"}
    return said
