"""What logistics is made of, put together once."""

import httpx

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.logistics.fassto import Fassto
from sandbox.logistics.job import Job
from sandbox.logistics.mall import MallApi
from sandbox.logistics.parcels import Parcels
from sandbox.logistics.returns import Returns
from sandbox.logistics.switches import Switches
from sandbox.settings import Settings
from sandbox.store import Store


class Logistics:
    def __init__(
        self, *, settings: Settings, clock: Clock, store: Store, faults: Faults, http: httpx.AsyncClient
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.store = store
        self.faults = faults
        self.parcels = Parcels(settings, clock, store)
        self.fassto = Fassto(settings, clock, store, self.parcels)
        self.switches = Switches(settings, store)
        mall = MallApi(settings, http)
        self.returns = Returns(
            settings=settings, clock=clock, store=store, faults=faults, parcels=self.parcels, switches=self.switches,
            mall=mall,
        )  # fmt: skip
        self.job = Job(
            settings=settings, clock=clock, store=store, faults=faults, parcels=self.parcels, switches=self.switches,
            mall=mall, returns=self.returns,
        )  # fmt: skip
