"""What PortOne is made of, put together once."""

from typing import Any

from sandbox.clock import Clock
from sandbox.courier import Courier
from sandbox.faults import Faults
from sandbox.portone.cancels import Cancels
from sandbox.portone.desk import Desk
from sandbox.portone.idempotency import Idempotency
from sandbox.portone.ledger import Ledger
from sandbox.portone.notices import Notices
from sandbox.portone.payment import Payment
from sandbox.settings import Settings
from sandbox.store import Store


class PortOne:
    def __init__(self, *, settings: Settings, clock: Clock, store: Store, faults: Faults, courier: Courier) -> None:
        self.settings = settings
        self.clock = clock
        self.faults = faults
        self.notices = Notices(settings, clock, courier)
        self.ledger = Ledger(store, clock)
        self.desk = Desk(settings, clock, self.ledger, self.notices)
        self.cancels = Cancels(settings, clock, self.ledger, self.notices)
        self.idempotency = Idempotency(store, clock)

    def wire(self, payment: Payment) -> dict[str, Any]:
        base = self.settings.base_url
        return payment.wire_v1(base) if payment.api == "v1" else payment.wire_v2(base)

    def tick(self) -> None:
        """What happens by itself as time passes: accounts run out, banks finish refunds."""
        self.desk.sweep()
        self.cancels.finish()
