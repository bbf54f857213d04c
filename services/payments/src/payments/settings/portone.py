"""PortOne: V2 `PAYMENTS_PORTONE_*`, V1 `PAYMENTS_PORTONE_V1_*`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from payments.clients.gateway import PaymentGateway
from payments.clients.portone import PortOneAccess, PortOneGateway
from payments.clients.portone_v1 import PortOneV1Access, PortOneV1Gateway
from payments.clients.registry import EVERY_MALL, per_mall
from payments.settings.provider import ProviderSettings

# A caller must give PortOne so long to cancel: a connection that breaks does not stop the work there.
_LEAST_SECONDS = 60
_HOSTS = ("portone.io", "iamport.kr")


def _patient(url: str, seconds: float) -> None:
    """Raises ValueError for a caller of PortOne itself that would not wait long enough; a sandbox need not be waited
    for."""
    host = urlsplit(url).hostname or ""
    if seconds < _LEAST_SECONDS and any(host == known or host.endswith(f".{known}") for known in _HOSTS):
        raise ValueError(f"timeout_seconds is at least {_LEAST_SECONDS} at {host}")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


class PortOneAccount(BaseModel):
    """A mall's own account of V2."""

    store_id: str = Field(min_length=1)
    secret: SecretStr = Field(min_length=1)
    channels: dict[str, str] = Field(min_length=1, description="channel key by method")
    webhook_secrets: list[SecretStr] = Field(default_factory=list, description="live ones; two while one is replaced")
    easy_pay_provider: str = ""
    complex_tax: bool = False


class PortOneSettings(ProviderSettings):
    """What all malls share, the account of every mall that has none of its own, and the malls that have.

    Without a secret V2 is offered only to the malls named.
    """

    model_config = SettingsConfigDict(env_prefix="PAYMENTS_PORTONE_", extra="ignore")

    url: str = Field(default="https://api.portone.io", description="base URL of the API")
    script_url: str = Field(default="https://cdn.portone.io/v2/browser-sdk.js", description="the browser's script")
    store_id: str = Field(default="", description="store of every mall without an account")
    secret: SecretStr = Field(default=SecretStr(""), description="its API secret; empty: no account for everybody")
    channels: dict[str, str] = Field(default_factory=dict, description='its channel keys, JSON: {"card": "...", ...}')
    webhook_secrets: list[SecretStr] = Field(
        default_factory=list,
        description='its live webhook secrets, JSON: ["whsec_...", ...]; none refuses every webhook',
    )
    easy_pay_provider: str = Field(default="", description="its wallet, where the channel does not say; KAKAOPAY ...")
    complex_tax: bool = Field(default=False, description="send tax-free and VAT amounts: only with the PG's contract")
    malls: dict[str, PortOneAccount] = Field(default_factory=dict, description="accounts of single malls, JSON")
    account_holder: str = Field(default="포트원", description="holder shown with an account that names none")
    # memory: the amount is locked through a path that only the SDKs show.
    pre_register: bool = Field(default=True, description="lock the amount before the window opens")
    sources: str = Field(default="52.78.5.241/32", description="networks webhooks come from; empty: any")
    timeout_seconds: float = Field(
        default=60, gt=0, le=120, description="how long a cancel may take: at PortOne itself not below 60"
    )
    look_up_seconds: float = Field(default=10, gt=0, le=25, description="a look-up, or locking the amount")
    lookback_days: int = Field(
        default=30, ge=1, le=90, description="a day's list is looked for among payments changed since so long before it"
    )

    @model_validator(mode="after")
    def _waits_long_enough(self) -> Self:
        _patient(self.url, self.timeout_seconds)
        return self

    def merchants(self, http: httpx.AsyncClient) -> Mapping[str, PaymentGateway]:
        return per_mall(PortOneGateway, http, self.accesses())

    def accesses(self) -> dict[str, PortOneAccess]:
        """By mall."""
        accounts = dict(self.malls)
        if self.secret.get_secret_value():
            everybody = PortOneAccount(
                store_id=self.store_id,
                secret=self.secret,
                channels=self.channels,
                webhook_secrets=self.webhook_secrets,
                easy_pay_provider=self.easy_pay_provider,
                complex_tax=self.complex_tax,
            )
            accounts = {EVERY_MALL: everybody, **accounts}
        return {mall: self._access(account) for mall, account in accounts.items()}

    def _access(self, account: PortOneAccount) -> PortOneAccess:
        return PortOneAccess(
            url=self.url,
            store_id=account.store_id,
            secret=account.secret.get_secret_value(),
            channels=account.channels,
            webhook_secrets=tuple(secret.get_secret_value() for secret in account.webhook_secrets),
            script_url=self.script_url,
            holder=self.account_holder,
            easy_pay_provider=account.easy_pay_provider,
            complex_tax=account.complex_tax,
            pre_register=self.pre_register,
            sources=_listed(self.sources),
            timeout_seconds=self.timeout_seconds,
            look_up_seconds=self.look_up_seconds,
            lookback_days=self.lookback_days,
        )


class PortOneV1Account(BaseModel):
    """A mall's own account of V1."""

    imp_code: str = Field(min_length=1)
    imp_key: SecretStr = Field(min_length=1)
    imp_secret: SecretStr = Field(min_length=1)
    channels: dict[str, str] = Field(min_length=1, description="channel key by method")
    refund_banks: dict[str, str] = Field(default_factory=dict, description="the PG's bank codes where they differ")
    complex_tax: bool = False


class PortOneV1Settings(ProviderSettings):
    """Like `PortOneSettings`; without an imp_key V1 is offered only to the malls named."""

    model_config = SettingsConfigDict(env_prefix="PAYMENTS_PORTONE_V1_", extra="ignore")

    url: str = Field(default="https://api.iamport.kr", description="base URL of the API")
    script_url: str = Field(default="https://cdn.iamport.kr/v1/iamport.js", description="the browser's script")
    imp_code: str = Field(default="", description="merchant code of every mall without an account")
    imp_key: SecretStr = Field(default=SecretStr(""), description="its REST API key; empty: no account for everybody")
    imp_secret: SecretStr = Field(default=SecretStr(""), description="its REST API secret")
    channels: dict[str, str] = Field(default_factory=dict, description='its channel keys, JSON: {"card": "...", ...}')
    # memory: bank codes differ per PG; the common two digits go where nothing else is said.
    refund_banks: dict[str, str] = Field(default_factory=dict, description='its PG\'s bank codes, JSON: {"88": "26"}')
    complex_tax: bool = Field(default=False, description="send tax-free and VAT amounts: only with the PG's contract")
    malls: dict[str, PortOneV1Account] = Field(default_factory=dict, description="accounts of single malls, JSON")
    account_holder: str = Field(default="포트원", description="holder shown with an account that names none")
    # memory: where V1's webhooks come from was not found.
    sources: str = Field(default="", description="networks webhooks come from, comma separated; empty: any")
    timeout_seconds: float = Field(
        default=60, gt=0, le=120, description="how long a cancel may take: at PortOne itself not below 60"
    )
    look_up_seconds: float = Field(default=10, gt=0, le=25, description="a look-up, a token, or locking the amount")
    lookback_days: int = Field(default=30, ge=1, le=45, description="a day's list is looked for around it so far")

    @model_validator(mode="after")
    def _waits_long_enough(self) -> Self:
        _patient(self.url, self.timeout_seconds)
        return self

    def merchants(self, http: httpx.AsyncClient) -> Mapping[str, PaymentGateway]:
        return per_mall(PortOneV1Gateway, http, self.accesses())

    def accesses(self) -> dict[str, PortOneV1Access]:
        """By mall."""
        accounts = dict(self.malls)
        if self.imp_key.get_secret_value():
            everybody = PortOneV1Account(
                imp_code=self.imp_code,
                imp_key=self.imp_key,
                imp_secret=self.imp_secret,
                channels=self.channels,
                refund_banks=self.refund_banks,
                complex_tax=self.complex_tax,
            )
            accounts = {EVERY_MALL: everybody, **accounts}
        return {mall: self._access(account) for mall, account in accounts.items()}

    def _access(self, account: PortOneV1Account) -> PortOneV1Access:
        return PortOneV1Access(
            url=self.url,
            imp_code=account.imp_code,
            imp_key=account.imp_key.get_secret_value(),
            imp_secret=account.imp_secret.get_secret_value(),
            channels=account.channels,
            refund_banks=account.refund_banks,
            script_url=self.script_url,
            holder=self.account_holder,
            complex_tax=account.complex_tax,
            sources=_listed(self.sources),
            timeout_seconds=self.timeout_seconds,
            look_up_seconds=self.look_up_seconds,
            lookback_days=self.lookback_days,
        )
