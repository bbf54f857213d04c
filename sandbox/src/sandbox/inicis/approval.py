"""payAuth and netCancel: what the mall's server does with the token the window gave its customer's browser."""

import secrets
from collections import deque
from collections.abc import Mapping
from typing import Any

from sandbox.clock import Clock, epoch
from sandbox.inicis import signing
from sandbox.inicis.ledger import Ledger
from sandbox.inicis.payment import ACCOUNT, CARD, TID_WORDS, Payment
from sandbox.inicis.refusals import InicisRefusal
from sandbox.inicis.settings import InicisSettings

FORGERIES = ("signature", "amount", "order")


class Approval:
    def __init__(self, settings: InicisSettings, clock: Clock, ledger: Ledger) -> None:
        self._settings = settings
        self._clock = clock
        self._ledger = ledger
        # What is wrong with the next answers, on request: not the company's doing, but somebody's in between.
        self.forgeries: deque[str] = deque()

    def approve(self, form: Mapping[str, str]) -> dict[str, Any]:
        payment = self._agreed(form)
        if payment.status != "AGREED":
            raise InicisRefusal("V013")
        if payment.until <= epoch(self._clock.now()):
            raise InicisRefusal("V014")
        payment.tid = self._tid(payment)
        if payment.decline:
            # Written down by whoever asked: a decline is no effect of its own, and asked again it declines again.
            raise InicisRefusal("R301", tid=payment.tid)
        payment.approved_at = f"{self._clock.now():%Y%m%d%H%M%S}"
        payment.balance = payment.price
        if payment.method == ACCOUNT:
            payment.status = "WAITING"
            number = self._ledger.store.next_number("inicis_accounts")
            payment.account = f"562{secrets.randbelow(10**7):07d}{number:04d}"
        else:
            payment.status = "PAID"
            self._ledger.move(payment, "approved", payment.price, payment.tid)
        self._ledger.save(payment)
        return self._answer(payment, form["timestamp"])

    def net_cancel(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Undoes an approval of the last minutes. Not a refund: once one was made it is too late."""
        payment = self._agreed(form)
        if payment.status not in ("PAID", "WAITING") or payment.until <= epoch(self._clock.now()):
            raise InicisRefusal("N001")
        if payment.status == "PAID":
            self._ledger.move(payment, "net_cancel", -payment.price, payment.tid or "")
        payment.status, payment.balance = "NET_CANCELLED", 0
        payment.cancelled_at = f"{self._clock.now():%Y%m%d%H%M%S}"
        self._ledger.save(payment)
        return {"resultCode": "0000", "resultMsg": "망취소가 완료되었습니다.", "tid": payment.tid, "mid": payment.mid}

    def _agreed(self, form: Mapping[str, str]) -> Payment:
        merchant = self._settings.merchant(form.get("mid", ""))
        if merchant is None:
            raise InicisRefusal("V002")
        token, stamp = form.get("authToken", ""), form.get("timestamp", "")
        if not token or not (stamp.isascii() and stamp.isdigit()) or form.get("format") != "JSON":
            raise InicisRefusal("V001")
        if not signing.same(form.get("signature", ""), signing.approval_signature(token, stamp)):
            raise InicisRefusal("V003")
        verification = form.get("verification")
        if verification is not None and not signing.same(
            verification, signing.approval_verification(token, merchant.sign_key, stamp)
        ):
            raise InicisRefusal("V003")
        payment = self._ledger.of_token(token)
        if payment is None or payment.mid != merchant.mid:
            raise InicisRefusal("V013")
        return payment

    def _tid(self, payment: Payment) -> str:
        """40 characters, as the company's."""
        now = self._clock.now()
        number = self._ledger.store.next_number("inicis_tids") % 10**6
        return f"Stdpay{TID_WORDS[payment.method]}{payment.mid:0<10}{now:%Y%m%d%H%M%S}{number:06d}"

    def _answer(self, payment: Payment, timestamp: str) -> dict[str, Any]:
        forged = self.forgeries.popleft() if self.forgeries else None
        price = str(payment.price + 1 if forged == "amount" else payment.price)
        oid = "another-order" if forged == "order" else payment.oid
        approved = payment.approved_at or ""
        body = {
            "resultCode": "0000",
            "resultMsg": "정상처리되었습니다.",
            "mid": payment.mid,
            "tid": payment.tid,
            "MOID": oid,
            "TotPrice": price,
            "goodName": payment.goods,
            "buyerName": payment.buyer,
            "payMethod": payment.method,
            "applDate": approved[:8],
            "applTime": approved[8:],
            "applNum": f"{secrets.randbelow(10**8):08d}",
            "currency": "WON",
            "authSignature": signing.answer_signature(mid=payment.mid, oid=oid, price=price, timestamp=timestamp),
        }
        if forged == "signature":
            body["authSignature"] = "0" * 64
        if payment.method == CARD:
            body |= {"CARD_Num": "532750*********3", "CARD_Code": "14", "CARD_Quota": "00"}
        if payment.account and payment.due:
            body |= {
                "VACT_Num": payment.account,
                "VACT_BankCode": payment.bank,
                "VACT_Name": "（주）케이지이니시",
                "VACT_InputName": payment.buyer,
                "VACT_Date": payment.due[:8],
                "VACT_Time": payment.due[8:],
            }
        return body
