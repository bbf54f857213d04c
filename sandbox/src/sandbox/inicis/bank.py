"""The bank behind the accounts: deposits, and deposits taken back. Nobody is told when an account runs out."""

from sandbox.clock import Clock
from sandbox.inicis.ledger import Ledger
from sandbox.inicis.notices import Notices
from sandbox.inicis.payment import Payment
from sandbox.inicis.settings import Kind


class BankRefusal(Exception):
    """The bank turned it away: nothing moved. `code` is the sandbox's own word, not one of Inicis."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Bank:
    def __init__(self, clock: Clock, ledger: Ledger, notices: Notices) -> None:
        self._clock = clock
        self._ledger = ledger
        self._notices = notices

    def find(self, *, account_number: str | None, order_id: str | None) -> Payment:
        payment = None
        if account_number:
            payment = self._ledger.of_account(account_number)
        elif order_id:
            payment = self._ledger.newest(order_id)
        if payment is None or payment.account is None:
            raise BankRefusal("NO_ACCOUNT", "없는 계좌입니다.")
        return payment

    def deposit(
        self, payment: Payment, *, amount: int | None = None, force: bool = False, notice: Kind | None = None
    ) -> Payment:
        """Pay into the account. `force` lets a late deposit through after its day or a cancel; `notice`: whose form."""
        paid = payment.price if amount is None else amount
        if payment.status in ("PAID", "PART_CANCELLED"):
            raise self._turned_away(payment, "ALREADY_PAID", "이미 입금된 계좌입니다.", paid)
        if paid != payment.price:
            raise self._turned_away(payment, "WRONG_AMOUNT", "입금액이 맞지 않아 은행이 거절했습니다.", paid)
        if not force and (payment.status != "WAITING" or self._over(payment)):
            raise self._turned_away(payment, "ACCOUNT_CLOSED", "더 이상 입금할 수 없는 계좌입니다.", paid)
        with self._ledger.store.tx():
            payment.status, payment.balance, payment.cancelled_at = "PAID", payment.price, None
            payment.deposited_at = f"{self._clock.now():%Y%m%d%H%M%S}"
            self._ledger.move(payment, "deposit", payment.price, payment.tid or "")
            self._ledger.save(payment)
            self._notices.deposit(payment, kind=notice)
        return payment

    def reverse(self, payment: Payment) -> Payment:
        """The bank takes the deposit back: the account waits again, and shipping must stop."""
        if payment.status != "PAID":
            raise BankRefusal("NOTHING_TO_REVERSE", "입금 완료 상태가 아닙니다.")
        with self._ledger.store.tx():
            payment.status, payment.deposited_at = "WAITING", None
            self._ledger.move(payment, "reversal", -payment.price, payment.tid or "")
            self._ledger.save(payment)
            self._notices.reversed(payment)
        return payment

    def expire(self, payment: Payment) -> Payment:
        """Its last moment has passed, now. No deposit is taken any more, and the look-up still says it waits."""
        if payment.status != "WAITING":
            raise BankRefusal("NOT_WAITING", "입금 대기 상태가 아닙니다.")
        payment.due = f"{self._clock.now():%Y%m%d%H%M%S}"
        self._ledger.save(payment)
        return payment

    def _over(self, payment: Payment) -> bool:
        return payment.due is not None and payment.due <= f"{self._clock.now():%Y%m%d%H%M%S}"

    def _turned_away(self, payment: Payment, code: str, message: str, amount: int) -> BankRefusal:
        self._ledger.move(payment, "deposit_refused", 0, "", f"{code} {amount}")
        return BankRefusal(code, message)
