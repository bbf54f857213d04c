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
    token_keys_before: list[SecretStr] = Field(
        default_factory=list, description="JSON: earlier values of token_key, so that guests find their older orders"
    )
    trusted_proxies: str = Field(
        default="127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7",
        description="networks of our own proxies, comma separated: the address before them looks orders up",
    )
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
    sellers: dict[str, list[str]] = Field(
        default_factory=dict, description='JSON: mall to the lines about its seller on invoices, {"intake": ["..."]}'
    )
    return_fee_amount: int = Field(default=3000, ge=0, description="for the way back, minor units")
    outbound_fee_amount: int = Field(default=3000, ge=0, description="for the way there where it was free, minor units")
    free_shipping_from_amount: int = Field(
        default=50000, ge=0, description="orders sent free, minor units; as cart's, for orders that do not say"
    )
    change_of_mind_days: int = Field(default=7, ge=7, description="days from delivery to send back for no reason")
    defect_days: int = Field(default=90, ge=90, description="days from delivery to send back at the seller's fault")
    defect_known_days: int = Field(default=30, ge=30, description="days from noticing the fault to say so")
