"""The bank behind the virtual accounts: deposits, deposits taken back, accounts that run out."""

import secrets

from sandbox.clock import Clock, epoch, wire_time
from sandbox.settings import Settings
from sandbox.toss.ledger import Ledger
from sandbox.toss.notices import Notices
from sandbox.toss.payment import Payment, transaction_key


class BankRefusal(Exception):
    """The bank turned it away: nothing moved. `code` is the sandbox's own word, not one of Toss."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Bank:
    def __init__(self, settings: Settings, clock: Clock, ledger: Ledger, notices: Notices) -> None:
        self._settings = settings
        self._clock = clock
        self._ledger = ledger
        self._notices = notices

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
        """Pay into the account; all of it unless said. `force` lets a late deposit through after cancel or expiry."""
        paid = payment.total if amount is None else amount
        if payment.status in ("DONE", "PARTIAL_CANCELED"):
            raise self._turned_away(payment, "ALREADY_PAID", "이미 입금된 계좌입니다.", paid)
        if paid != payment.total:
            raise self._turned_away(payment, "WRONG_AMOUNT", "입금액이 맞지 않아 은행이 거절했습니다.", paid)
        if payment.status == "WAITING_FOR_DEPOSIT" and self._is_over(payment):
            self.expire(payment)
        if payment.status != "WAITING_FOR_DEPOSIT" and not force:
            raise self._turned_away(payment, "ACCOUNT_CLOSED", "더 이상 입금할 수 없는 계좌입니다.", paid)
        with self._ledger.store.tx():
            self._receive(payment, depositor or payment.customer_name)
        return payment

    def _is_over(self, payment: Payment) -> bool:
        return payment.deadline is not None and payment.deadline <= epoch(self._clock.now())

    def _turned_away(self, payment: Payment, code: str, message: str, amount: int) -> BankRefusal:
        self._ledger.move(payment, "deposit_refused", 0, f"{code} {amount}")
        return BankRefusal(code, message)

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
        self._ledger.move(payment, "deposit", payment.total, depositor)
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
        """The bank takes the deposit back: DONE becomes WAITING_FOR_DEPOSIT again, and shipping must stop."""
        if payment.status != "DONE":
            raise BankRefusal("NOTHING_TO_REVERSE", "입금 완료 상태가 아닙니다.")
        with self._ledger.store.tx():
            payment.status, payment.approved_at = "WAITING_FOR_DEPOSIT", None
            payment.last_transaction_key = transaction_key()
            payment.unsold()
            payment.deadline = epoch(self._clock.now()) + self._settings.toss_valid_hours * 3600
            payment.cash_receipt = None
            self._ledger.move(payment, "reversal", -payment.total, "입금 정정")
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
