"""What Inicis is made of, put together once."""

from sandbox.clock import Clock
from sandbox.courier import Courier
from sandbox.faults import Faults
from sandbox.inicis.approval import Approval
from sandbox.inicis.bank import Bank
from sandbox.inicis.desk import Desk
from sandbox.inicis.ledger import Ledger
from sandbox.inicis.notices import Notices
from sandbox.inicis.refunds import Refunds
from sandbox.inicis.settings import InicisSettings
from sandbox.store import Store


class Inicis:
    def __init__(
        self,
        *,
        settings: InicisSettings,
        base_url: str,
        minute_seconds: float,
        clock: Clock,
        store: Store,
        faults: Faults,
        courier: Courier,
    ) -> None:
        self.settings = settings
        self.base_url = f"{base_url}/inicis"
        self.clock = clock
        self.store = store
        self.faults = faults
        self.ledger = Ledger(settings, store, clock)
        self.notices = Notices(settings, minute_seconds, clock, courier)
        self.desk = Desk(settings, self.base_url, clock, self.ledger)
        self.approval = Approval(settings, clock, self.ledger)
        self.refunds = Refunds(clock, self.ledger)
        self.bank = Bank(clock, self.ledger, self.notices, exact=settings.exact_amounts)
