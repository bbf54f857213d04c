"""The bank behind the accounts: deposits, and deposits taken back. Nobody is told when an account runs out."""

from sandbox.banks import BankRefusal, BankRules, Offer
from sandbox.clock import Clock
from sandbox.inicis.ledger import Ledger
from sandbox.inicis.notices import Notices
from sandbox.inicis.payment import Payment
from sandbox.inicis.settings import Kind

PAID = ("PAID", "PART_CANCELLED")


class Bank:
    def __init__(self, clock: Clock, ledger: Ledger, notices: Notices, *, exact: bool) -> None:
        self._clock = clock
        self._ledger = ledger
        self._notices = notices
        self.rules = BankRules(ledger.store, "inicis", exact=exact)

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
        """Pay into the account. `force` lets a late deposit through after its day or a cancel; `notice`: whose form.

        memory: where the bank takes any sum, each deposit is told by itself and the look-up shows what came in all.
        """
        is_paid = payment.status in PAID
        takes = is_paid or (payment.status == "WAITING" and not self._over(payment))
        offer = Offer(payment.price if amount is None else amount, payment.price, is_paid, takes, force)
        refusal = offer.refusal(exact=self.rules.exact)
        if refusal is not None:
            self._ledger.move(payment, "deposit_refused", 0, "", f"{refusal.code} {offer.amount}")
            raise refusal
        with self._ledger.store.tx():
            before = payment.deposited if self._ledger.held(payment) > 0 else 0
            self._ledger.move(payment, "deposit", offer.amount, payment.tid or "")
            payment.deposited = before + offer.amount
            payment.deposited_at = f"{self._clock.now():%Y%m%d%H%M%S}"
            if not is_paid:
                # Money in an account that was called off calls it back.
                all_there = self._ledger.held(payment) >= payment.price
                payment.status, payment.cancelled_at = ("PAID" if all_there else "WAITING"), None
                payment.balance = payment.price
            self._ledger.save(payment)
            self._notices.deposit(payment, offer.amount, kind=notice)
        return payment

    def reverse(self, payment: Payment) -> Payment:
        """The bank takes back all that is in it: the account waits again, and shipping must stop."""
        held = self._ledger.held(payment)
        if payment.status == "PART_CANCELLED" or held <= 0:
            raise BankRefusal("NOTHING_TO_REVERSE", "되돌릴 입금이 없습니다.")
        with self._ledger.store.tx():
            if payment.status == "PAID":
                payment.status = "WAITING"
            payment.deposited, payment.deposited_at = 0, None
            self._ledger.move(payment, "reversal", -held, payment.tid or "")
            self._ledger.save(payment)
            self._notices.reversed(payment, held)
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
