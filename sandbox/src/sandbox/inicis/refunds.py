"""Refunds, whichever version of INIAPI asks for them."""

from dataclasses import dataclass
from typing import Any

from sandbox.clock import Clock
from sandbox.inicis import signing
from sandbox.inicis.ledger import Ledger
from sandbox.inicis.payment import ACCOUNT, BANKS, REFUNDED_AS, Payment
from sandbox.inicis.refusals import InicisRefusal
from sandbox.inicis.settings import Merchant

UNPAID = "GVacct"


@dataclass(frozen=True)
class Wish:
    """`price` and `confirm_price` (what must remain) only of a refund in part; `paymethod` only v1 says."""

    tid: str
    note: str
    paymethod: str | None = None
    price: int | None = None
    confirm_price: int | None = None
    account: str | None = None
    bank: str | None = None
    holder: str | None = None


class Refunds:
    def __init__(self, clock: Clock, ledger: Ledger) -> None:
        self._clock = clock
        self._ledger = ledger

    def refund(self, merchant: Merchant, wish: Wish) -> dict[str, Any]:
        payment = self._ledger.of_tid(wish.tid, merchant.mid)
        if payment is None:
            raise InicisRefusal("500601")
        if payment.status in ("CANCELLED", "NET_CANCELLED"):
            raise InicisRefusal("500626")
        if wish.paymethod is not None and wish.paymethod != _as_refunded(payment):
            raise InicisRefusal("500603")
        if payment.open_account:
            return self._call_off(payment, wish)
        if payment.status not in ("PAID", "PART_CANCELLED"):
            raise InicisRefusal("500602")
        if payment.method == ACCOUNT:
            _check_account(merchant, wish)
        return self._whole(payment, wish) if wish.price is None else self._part(payment, wish, wish.price)

    def _call_off(self, payment: Payment, wish: Wish) -> dict[str, Any]:
        """Nothing was paid in, so nothing moves; the account takes no deposit any more."""
        if wish.price is not None or payment.deposited:
            raise InicisRefusal("500602")
        return self._close(payment)

    def _whole(self, payment: Payment, wish: Wish) -> dict[str, Any]:
        if payment.status == "PART_CANCELLED":
            raise InicisRefusal("500605")
        now = f"{self._clock.now():%Y%m%d%H%M%S}"
        self._ledger.move(payment, "refund", -payment.balance, f"{payment.tid}:{now}", wish.note)
        return self._close(payment)

    def _close(self, payment: Payment) -> dict[str, Any]:
        now = f"{self._clock.now():%Y%m%d%H%M%S}"
        payment.status, payment.balance, payment.cancelled_at = "CANCELLED", 0, now
        self._ledger.save(payment)
        return {
            "resultCode": "00", "resultMsg": "취소가 완료되었습니다.", "cancelDate": now[:8], "cancelTime": now[8:],
            "cshrCancelNum": None, "detailResultCode": None,
        }  # fmt: skip

    def _part(self, payment: Payment, wish: Wish, price: int) -> dict[str, Any]:
        if price < 1 or price > payment.balance:
            raise InicisRefusal("500604")
        if wish.confirm_price != payment.balance - price:
            raise InicisRefusal("500629")
        now = f"{self._clock.now():%Y%m%d%H%M%S}"
        number = self._ledger.store.next_number("inicis_tids") % 10**6
        tid = f"StdpayPRTC{payment.mid:0<10}{now}{number:06d}"
        payment.balance -= price
        payment.status = "PART_CANCELLED" if payment.balance else "CANCELLED"
        payment.cancelled_at = payment.cancelled_at if payment.balance else now
        payment.cancels.append({"tid": tid, "price": price, "at": now})
        self._ledger.move(payment, "refund", -price, tid, wish.note)
        self._ledger.save(payment)
        return {
            "resultCode": "00", "resultMsg": "부분취소가 완료되었습니다.", "tid": tid, "prtcTid": payment.tid,
            "prtcPrice": str(price), "prtcRemains": str(payment.balance), "prtcCnt": str(len(payment.cancels)),
            "prtcType": "1", "prtcDate": now[:8], "prtcTime": now[8:],
        }  # fmt: skip


def _as_refunded(payment: Payment) -> str:
    return UNPAID if payment.open_account else REFUNDED_AS[payment.method]


def _check_account(merchant: Merchant, wish: Wish) -> None:
    """Money of a deposit needs an account to go back to, its number sealed with this merchant's keys."""
    try:
        number = signing.opened(merchant.api_key, merchant.api_iv, wish.account or "")
    except ValueError:
        raise InicisRefusal("500630") from None
    if not (number.isascii() and number.isdigit() and 6 <= len(number) <= 20):
        raise InicisRefusal("500630")
    if wish.bank not in BANKS or not wish.holder:
        raise InicisRefusal("500630")
