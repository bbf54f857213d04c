"""Toss Payments: `PAYMENTS_TOSS_*`."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from payments.clients.gateway import PaymentGateway
from payments.clients.registry import EVERY_MALL, per_mall
from payments.clients.toss import TossAccess, TossGateway
from payments.settings.provider import ProviderSettings


class TossAccount(BaseModel):
    """A mall's own account; what it leaves out is everybody's."""

    secret_key: SecretStr
    client_key: str
    merchant_id: str = ""
    account_holder: str | None = None
    default_bank: str | None = None


class TossSettings(ProviderSettings):
    """What all malls share, the account of every mall that has none of its own, and the malls that have."""

    model_config = SettingsConfigDict(env_prefix="PAYMENTS_TOSS_", extra="ignore")

    url: str = Field(default="https://api.tosspayments.com", description="base URL of the API, without /v1")
    secret_key: SecretStr = Field(default=SecretStr(""), description="secret key; test_ or live_ picks the mode")
    client_key: str = Field(default="", description="client key, shown to browsers")
    window_url: str = Field(
        default="http://127.0.0.1:8080/sandbox/toss/pay", description="where browsers find the payment window"
    )
    merchant_id: str = Field(default="", description="our mId; empty compares none")
    account_holder: str = Field(default="토스페이먼츠", description="holder shown with a virtual account")
    default_bank: str = Field(default="88", description="bank code of virtual accounts when the customer names none")
    timeout_seconds: float = Field(default=10, gt=0, le=25, description="how long a call to Toss may take")
    malls: dict[str, TossAccount] = Field(
        default_factory=dict,
        description='accounts of single malls, JSON: {"kids": {"secret_key": "...", "client_key": "...", ...}}',
    )

    def merchants(self, http: httpx.AsyncClient) -> Mapping[str, PaymentGateway]:
        return per_mall(TossGateway, http, self.accesses())

    def accesses(self) -> dict[str, TossAccess]:
        """By mall."""
        everybody = TossAccount(secret_key=self.secret_key, client_key=self.client_key, merchant_id=self.merchant_id)
        return {mall: self._access(account) for mall, account in {EVERY_MALL: everybody, **self.malls}.items()}

    def _access(self, account: TossAccount) -> TossAccess:
        return TossAccess(
            url=self.url,
            secret_key=account.secret_key.get_secret_value(),
            client_key=account.client_key,
            window_url=self.window_url,
            merchant=account.merchant_id,
            holder=account.account_holder or self.account_holder,
            default_bank=account.default_bank or self.default_bank,
            timeout_seconds=self.timeout_seconds,
        )
