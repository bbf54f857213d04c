"""What orders is told from outside."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="ORDERS_", extra="ignore")

    cart_url: str = Field(default="http://127.0.0.1:8102", description="base URL of cart")
    catalog_url: str = Field(default="http://127.0.0.1:8101", description="base URL of catalog")
    token_key: SecretStr = Field(min_length=16, description="secret that the tokens of guest orders are made with")
    reservation_seconds: int = Field(default=1800, ge=60, description="how long catalog holds stock for a placing")
    payment_window_minutes: int = Field(default=30, ge=1, description="time to pay, without a virtual account")
    payment_grace_seconds: int = Field(default=60, ge=0, description="a payment made in time may arrive this late")
    account_grace_minutes: int = Field(
        default=1440, ge=0, description="after a virtual account's due time, how long payments may stay silent"
    )
    expire_every_seconds: float = Field(default=30, gt=0, description="how often unpaid orders are looked at")
    complete_after_days: int = Field(default=7, ge=0, description="days from delivery to completion")
    complete_every_seconds: float = Field(default=300, gt=0, description="how often delivered orders are looked at")
    order_name_pattern: str = Field(
        default="{first} 외 {more}건", description="what a payment window shows for an order of several lines"
    )
