"""What INIAPI shows of a payment: v2 in full, v1 in one letter."""

from typing import Any

from sandbox.inicis.payment import ACCOUNT, BANKS, Payment

STATUS_V2 = {
    "WAITING": "APPROVAL",
    "PAID": "APPROVAL",
    "PART_CANCELLED": "PART_CANCEL",
    "CANCELLED": "CANCEL",
    "NET_CANCELLED": "CANCEL",
}
NONE_V1 = {"resultCode": "00", "resultMsg": "거래내역이 없습니다.", "tid": None, "price": None, "status": "9"}


def shown_v2(payment: Payment) -> dict[str, Any]:
    approved, cancelled = payment.approved_at or "", payment.cancelled_at or ""
    body: dict[str, Any] = {
        "resultCode": "SUCCESS",
        "resultMsg": "조회가 완료되었습니다.",
        "tid": payment.tid,
        "mid": payment.mid,
        "oid": payment.oid,
        "price": str(payment.price),
        "goodsName": payment.goods,
        "paymethod": payment.method,
        "approvedDate": approved[:8],
        "approvedTime": approved[8:],
        "buyerName": payment.buyer,
        "transactionStatus": STATUS_V2[payment.status],
        "availablePartCancel": payment.balance > 0,
        "availablePartCancelPrice": str(payment.balance),
        "partCancelTransInfo": [
            {
                "tid": row["tid"],
                "requestDate": row["at"][:8],
                "requestTime": row["at"][8:],
                "requestPrice": str(row["price"]),
            }
            for row in payment.cancels
        ],
    }
    if cancelled:
        body |= {"cancelDate": cancelled[:8], "cancelTime": cancelled[8:]}
    if payment.method == ACCOUNT:
        body["vacctInfo"] = _account(payment)
    return body


def shown_v1(payment: Payment) -> dict[str, Any]:
    return {
        "resultCode": "00",
        "resultMsg": "정상",
        "tid": payment.tid,
        "price": str(payment.price),
        "status": _letter(payment),
    }


def _letter(payment: Payment) -> str:
    over = payment.status in ("CANCELLED", "NET_CANCELLED")
    if payment.method == ACCOUNT and not (over and payment.deposited_at):
        return _deposit(payment)
    return "1" if over else "0"


def _deposit(payment: Payment) -> str:
    """N waiting, Y paid (memory: whatever the sum), C called off before anybody paid."""
    if payment.deposited_at:
        return "Y"
    return "N" if payment.status == "WAITING" else "C"


def _account(payment: Payment) -> dict[str, Any]:
    deposited = payment.deposited_at or ""
    return {
        "accountNumber": payment.account,
        "bankName": BANKS[payment.bank],
        "bankCode": payment.bank,
        "accountName": "（주）케이지이니시",
        "senderName": payment.buyer,
        "validDate": (payment.due or "")[:8],
        "depositStatus": _deposit(payment),
        "depositAmount": str(payment.deposited),
        "depositDate": deposited[:8],
        "depositTime": deposited[8:],
    }
