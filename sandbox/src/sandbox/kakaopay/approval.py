"""Opening a payment (ready) and taking its money (approve)."""

import secrets
from typing import Any

from sandbox.clock import Clock, epoch
from sandbox.kakaopay import checks
from sandbox.kakaopay.errors import KakaoPayRefusal
from sandbox.kakaopay.ledger import Ledger
from sandbox.kakaopay.payment import CARD_INFO, OVER, PAID, Payment, name, vat_of


class Approval:
    def __init__(self, clock: Clock, ledger: Ledger, *, base_url: str, session_seconds: float) -> None:
        self._clock = clock
        self._ledger = ledger
        self._base_url = base_url
        self._session_seconds = session_seconds

    def ready(self, cid: str, body: dict[str, Any]) -> dict[str, Any]:
        """Two of these for one order are two payments: nothing here is idempotent."""
        total = checks.whole(body.get("total_amount"), least=1)
        tax_free = checks.whole(body.get("tax_free_amount"))
        vat = checks.optional_whole(body.get("vat_amount"))
        if tax_free > total or (vat or 0) > total - tax_free:
            raise KakaoPayRefusal(-722)
        now = self._clock.now()
        payment = Payment(
            tid=name("T"),
            cid=cid,
            ticket=secrets.token_hex(32),
            partner_order_id=checks.text(body.get("partner_order_id"), most=100),
            partner_user_id=checks.text(body.get("partner_user_id"), most=100),
            item_name=checks.text(body.get("item_name"), most=100),
            item_code=checks.optional_text(body.get("item_code"), most=100),
            quantity=checks.whole(body.get("quantity"), least=1),
            total=total,
            tax_free=tax_free,
            vat=vat_of(total, tax_free) if vat is None else vat,
            approval_url=checks.return_url(body.get("approval_url")),
            cancel_url=checks.return_url(body.get("cancel_url")),
            fail_url=checks.return_url(body.get("fail_url")),
            created_at=local(self._clock),
            deadline=epoch(now) + self._session_seconds,
        )
        self._ledger.add(payment)
        window = f"{self._base_url}/kakaopay/v1/{payment.ticket}"
        return {
            "tid": payment.tid,
            "tms_result": False,
            "next_redirect_app_url": f"{window}/aInfo",
            "next_redirect_mobile_url": f"{window}/mInfo",
            "next_redirect_pc_url": f"{window}/info",
            "android_app_scheme": f"kakaotalk://kakaopay/pg?url={window}/order",
            "ios_app_scheme": f"kakaotalk://kakaopay/pg?url={window}/order",
            "created_at": payment.created_at,
        }

    def approve(self, cid: str, body: dict[str, Any]) -> Payment:
        """Money moves once. The refusal of the payer's method is raised by the caller, once FAIL_PAYMENT is written."""
        payment = self._ledger.get(checks.text(body.get("tid"), most=20), cid)
        self._check(payment, body)
        if payment.decline is not None:
            payment.status = "FAIL_PAYMENT"
            self._ledger.save(payment)
            return payment
        payment.status = "SUCCESS_PAYMENT"
        payment.approved_at = local(self._clock)
        payment.approved_epoch = epoch(self._clock.now())
        row = payment.act(
            "PAYMENT", payment.total, payment.approved_at, checks.optional_text(body.get("payload"), most=200)
        )
        self._ledger.move(payment, "payment", payment.total, row["aid"])
        self._ledger.save(payment)
        return payment

    def _check(self, payment: Payment, body: dict[str, Any]) -> None:
        amount = checks.optional_whole(body.get("total_amount"), least=1)
        if checks.text(body.get("partner_order_id"), most=100) != payment.partner_order_id:
            raise KakaoPayRefusal(-706)
        if checks.text(body.get("partner_user_id"), most=100) != payment.partner_user_id:
            raise KakaoPayRefusal(-707)
        if payment.status in PAID:
            raise KakaoPayRefusal(-702)
        if payment.status in OVER:
            raise KakaoPayRefusal(-783)
        if payment.deadline <= epoch(self._clock.now()):
            raise KakaoPayRefusal(-723)
        if payment.pg_token is None:
            raise KakaoPayRefusal(-701)
        if body.get("pg_token") != payment.pg_token:
            raise KakaoPayRefusal(-708)
        if amount is not None and amount != payment.total:
            raise KakaoPayRefusal(-704)


def approved(payment: Payment) -> dict[str, Any]:
    """The answer to approve."""
    row = payment.actions[0]
    answer = payment.head() | {"aid": row["aid"]}
    if payment.method == "CARD":
        answer["card_info"] = CARD_INFO
    if "payload" in row:
        answer["payload"] = row["payload"]
    return answer


def local(clock: Clock) -> str:
    """Korean time without an offset, to the second, as KakaoPay writes it."""
    return clock.now().replace(tzinfo=None).isoformat(timespec="seconds")
