"""What Solapi is made of, put together once."""

from sandbox.clock import Clock
from sandbox.courier import Courier
from sandbox.faults import Faults
from sandbox.settings import Settings
from sandbox.solapi.auth import Auth
from sandbox.solapi.checks import Checks
from sandbox.solapi.messages import Messages
from sandbox.solapi.templates import Templates
from sandbox.store import Store


class Solapi:
    def __init__(self, *, settings: Settings, clock: Clock, store: Store, faults: Faults, courier: Courier) -> None:
        self.settings = settings
        self.clock = clock
        self.store = store
        self.faults = faults
        self.auth = Auth(settings, clock, store)
        self.templates = Templates(store, settings.solapi_templates)
        self.messages = Messages(
            settings=settings, clock=clock, store=store, courier=courier, checks=Checks(settings, self.templates)
        )

    def tick(self) -> None:
        self.messages.tick()
