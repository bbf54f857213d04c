"""What Toss is made of, put together once."""

from typing import Any

from starlette.responses import JSONResponse

from sandbox.clock import Clock
from sandbox.courier import Courier
from sandbox.faults import Faults
from sandbox.settings import Settings
from sandbox.store import Store
from sandbox.toss.approval import Approval
from sandbox.toss.bank import Bank
from sandbox.toss.cancels import Cancels
from sandbox.toss.idempotency import Idempotency
from sandbox.toss.ledger import Ledger
from sandbox.toss.notices import Notices
from sandbox.toss.payment import Payment
from sandbox.toss.receipts import CashReceipts
from sandbox.toss.settlements import Settlements
from sandbox.toss.window import Window


class Toss:
    def __init__(self, *, settings: Settings, clock: Clock, store: Store, faults: Faults, courier: Courier) -> None:
        notices = Notices(settings, clock, courier)
        self.settings = settings
        self.clock = clock
        self.faults = faults
        self.ledger = Ledger(store, clock)
        self.window = Window(settings, clock, self.ledger, notices)
        self.approval = Approval(settings, clock, self.ledger, notices)
        self.cancels = Cancels(settings, clock, self.ledger, notices)
        self.bank = Bank(settings, clock, self.ledger, notices)
        self.receipts = CashReceipts(settings, clock, store)
        self.settlements = Settlements(settings, self.ledger)
        self.idempotency = Idempotency(store, clock)

    def wire(self, payment: Payment) -> dict[str, Any]:
        return payment.wire(mid=self.settings.toss_mid, base_url=self.settings.base_url)

    def answer(self, payment: Payment) -> JSONResponse:
        return JSONResponse(self.wire(payment))

    def tick(self) -> None:
        """What happens by itself as time passes: accounts and sessions run out, refunds arrive."""
        self.bank.sweep()
        self.cancels.finish_refunds()
