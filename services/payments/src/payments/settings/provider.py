"""What the settings of every provider have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import httpx

from payments.clients.gateway import PaymentGateway
from payments.settings.files import FromFiles


class ProviderSettings(FromFiles):
    """A field of `Settings` of this class is a provider: the field's name is what payments are opened with."""

    @abstractmethod
    def merchants(self, http: httpx.AsyncClient) -> Mapping[str, PaymentGateway]:
        """A gateway for each mall's account, under `*` that of every mall without one. None at all: not offered."""
