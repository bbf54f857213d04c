"""What payments is told from outside. Each provider has a settings class of its own."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings
from payments.settings.files import FromFiles
from payments.settings.inicis import InicisSettings
from payments.settings.kakaopay import KakaoPaySettings
from payments.settings.portone import PortOneSettings, PortOneV1Settings
from payments.settings.provider import ProviderSettings
from payments.settings.toss import TossSettings


class Settings(FromFiles, ServiceSettings):
    """Read from the environment with the prefix `PAYMENTS_`, and before it from files: see `files`."""

    model_config = SettingsConfigDict(env_prefix="PAYMENTS_", extra="ignore")

    secrets_dir: str = Field(default="", description="folder with a file per secret; a file counts before a variable")
    orders_url: str = Field(default="http://127.0.0.1:8103", description="base URL of orders")
    public_url: str = Field(default="http://127.0.0.1:8080", description="our edge as browsers reach it")
    return_origins: str = Field(
        default="", description="origins a return_url may lead to, comma separated; empty allows any"
    )
    account_valid_hours: float = Field(default=24, gt=0, le=720, description="time to pay into a virtual account")
    account_valid_minutes: float | None = Field(
        default=None, gt=0, description="overrides the hours, fractions allowed: for demos of expiry"
    )
    expiry_grace_seconds: float = Field(
        default=60, ge=0, description="how long past its due date an account the provider still shows open is left"
    )
    unknown_every_seconds: float = Field(default=2, gt=0, description="how often due look-ups are made")
    turn_seconds: float = Field(default=0.25, gt=0, description="how long a turn of a job waits for slow providers")
    patience_seconds: float = Field(
        default=5,
        gt=0,
        description="a request without a record so long after its provider's own timeouts was cut off",
    )
    refund_account_days: int = Field(default=30, ge=1, description="an account for refunds nobody used is erased")
    callback_body_days: int = Field(default=90, ge=1, description="raw callbacks are erased after this")
    callback_unread_days: int = Field(
        default=30, ge=1, description="callbacks refused unread (forged, unreadable) are erased after this"
    )
    receipt_least_amount: int = Field(
        default=100_000, ge=1, description="cash payments of so much, in won, get a receipt even unasked"
    )
    receipt_after_hours: float = Field(
        default=24, ge=0, le=96, description="so long the customer may ask for one first; the law leaves five days"
    )
    settlement_days: int = Field(default=3, ge=1, le=31, description="days back compared with the providers' accounts")
    settlement_hour: int = Field(default=10, ge=0, le=23, description="hour in Korea from which they are asked for")
    trusted_proxies: str = Field(
        default="127.0.0.1/32,::1/128",
        description="networks of our own proxies, comma separated: the address before them is a callback's sender",
    )
    sealing_key: SecretStr = Field(
        default=SecretStr(""), description="seals what is personal or secret at rest; empty uses the Toss secret key"
    )
    toss: TossSettings = Field(default_factory=TossSettings)
    kakaopay: KakaoPaySettings = Field(default_factory=KakaoPaySettings)
    inicis: InicisSettings = Field(default_factory=InicisSettings)
    portone: PortOneSettings = Field(default_factory=PortOneSettings)
    portone_v1: PortOneV1Settings = Field(default_factory=PortOneV1Settings)

    def providers(self) -> dict[str, ProviderSettings]:
        """Every one there is, by the name payments are opened with."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: told for name, told in fields.items() if isinstance(told, ProviderSettings)}

    @property
    def account_valid(self) -> timedelta:
        if self.account_valid_minutes is not None:
            return timedelta(minutes=self.account_valid_minutes)
        return timedelta(hours=self.account_valid_hours)


__all__ = ["InicisSettings", "KakaoPaySettings", "PortOneSettings", "PortOneV1Settings", "Settings", "TossSettings"]
