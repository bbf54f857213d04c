"""The bank behind the virtual accounts: deposits, deposits taken back, accounts that run out."""

import secrets

from sandbox.banks import BankRefusal, BankRules, Offer
from sandbox.clock import Clock, epoch, wire_time
from sandbox.settings import Settings
from sandbox.toss.ledger import Ledger
from sandbox.toss.notices import Notices
from sandbox.toss.payment import Payment, transaction_key

PAID = ("DONE", "PARTIAL_CANCELED")


class Bank:
    def __init__(self, settings: Settings, clock: Clock, ledger: Ledger, notices: Notices) -> None:
        self._settings = settings
        self._clock = clock
        self._ledger = ledger
        self._notices = notices
        self.rules = BankRules(ledger.store, "toss", exact=settings.toss_exact_amounts)

    def find(self, *, account_number: str | None, order_id: str | None) -> Payment:
        payment = None
        if account_number:
            payment = self._ledger.of_account(account_number)
        elif order_id:
            payment = self._ledger.of_order(order_id)
        if payment is None or payment.account_number is None:
            raise BankRefusal("NO_ACCOUNT", "없는 계좌입니다.")
        return payment

    def deposit(
        self, payment: Payment, *, amount: int | None = None, depositor: str = "", force: bool = False
    ) -> Payment:
        """Pay into the account; all of it unless said. `force` lets a late deposit through after cancel or expiry.

        memory: where the bank takes any sum, Toss says nothing until all of it is there, and shows nothing beyond it.
        """
        if payment.status == "WAITING_FOR_DEPOSIT" and self._is_over(payment):
            self.expire(payment)
        is_paid = payment.status in PAID
        takes = is_paid or payment.status == "WAITING_FOR_DEPOSIT"
        offer = Offer(payment.total if amount is None else amount, payment.total, is_paid, takes, force)
        refusal = offer.refusal(exact=self.rules.exact)
        if refusal is not None:
            self._ledger.move(payment, "deposit_refused", 0, f"{refusal.code} {offer.amount}")
            raise refusal
        who = depositor or payment.customer_name
        with self._ledger.store.tx():
            self._ledger.move(payment, "deposit", offer.amount, who)
            if not is_paid and self._ledger.held(payment) >= payment.total:
                self._receive(payment, who)
        return payment

    def _is_over(self, payment: Payment) -> bool:
        return payment.deadline is not None and payment.deadline <= epoch(self._clock.now())

    def _receive(self, payment: Payment, depositor: str) -> None:
        payment.status, payment.deadline = "DONE", None
        payment.balance, payment.failure = payment.total, None
        payment.approved_at = wire_time(self._clock.now())
        payment.last_transaction_key = transaction_key()
        payment.sold(payment.total, self._clock.now())
        if payment.virtual_account:
            payment.virtual_account |= {"depositorName": depositor, "expired": False}
        wanted = payment.wanted_receipt
        if wanted and wanted.get("type") != "미발행":
            payment.cash_receipt = self._receipt(payment, wanted["type"])
        self._ledger.save(payment)
        self._notices.deposit(payment)
        self._notices.status_changed(payment)

    def _receipt(self, payment: Payment, kind: str) -> dict[str, object]:
        key = secrets.token_hex(16)
        return {
            "type": kind,
            "receiptKey": key,
            "issueNumber": f"{secrets.randbelow(10**9):09d}",
            "receiptUrl": f"{self._settings.base_url}/toss/receipts/{payment.payment_key}",
            "amount": payment.total,
            "taxFreeAmount": payment.tax_free,
        }

    def reverse(self, payment: Payment) -> Payment:
        """The bank takes back all that is in it: DONE becomes WAITING_FOR_DEPOSIT again, and shipping must stop."""
        held = self._ledger.held(payment)
        if payment.status == "PARTIAL_CANCELED" or held <= 0:
            raise BankRefusal("NOTHING_TO_REVERSE", "되돌릴 입금이 없습니다.")
        with self._ledger.store.tx():
            self._ledger.move(payment, "reversal", -held, "입금 정정")
            if payment.status != "DONE":
                return payment  # too little had come, so nobody was told of it
            payment.status, payment.approved_at = "WAITING_FOR_DEPOSIT", None
            payment.last_transaction_key = transaction_key()
            payment.unsold()
            payment.deadline = epoch(self._clock.now()) + self._settings.toss_valid_hours * 3600
            payment.cash_receipt = None
            self._ledger.save(payment)
            self._notices.deposit(payment)
            self._notices.status_changed(payment)
        return payment

    def expire(self, payment: Payment) -> Payment:
        """The account's last moment has passed, or is made to have passed."""
        if payment.status not in ("WAITING_FOR_DEPOSIT", "IN_PROGRESS"):
            raise BankRefusal("NOT_WAITING", "입금 대기 상태가 아닙니다.")
        with self._ledger.store.tx():
            payment.status, payment.deadline = "EXPIRED", None
            payment.failure = {"code": "EXPIRED_PAYMENT", "message": "결제가 만료되었습니다. 다시 시도해주세요."}
            if payment.virtual_account:
                payment.virtual_account["expired"] = True
            self._ledger.save(payment)
            self._notices.status_changed(payment)
        return payment

    def sweep(self) -> None:
        for payment in self._ledger.overdue():
            self.expire(payment)
