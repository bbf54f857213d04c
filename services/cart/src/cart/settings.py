"""Cart's own settings, prefix CART_."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from cart.domain.cart import Terms
from cart.domain.shipping import ShippingRule
from common.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="CART_", extra="ignore")

    max_lines: int = Field(default=100, ge=1, description="lines in one cart")
    max_quantity: int = Field(default=9999, ge=1, le=2_147_483_647, description="units in one line")
    channels: str = Field(default="pc,mobile,app", description="channels a cart may be opened in, comma separated")
    freeze_seconds: int = Field(default=60, ge=1, description="seconds an order being placed keeps others away")
    hold_minutes: int = Field(
        default=60, ge=5, description="minutes that gifts and coupons are kept for an order that is not placed"
    )
    abandoned_after_minutes: int = Field(default=60, ge=1, description="minutes of rest that make a cart abandoned")
    keep_days: int = Field(default=90, ge=1, description="days after its last change that a cart is kept")
    default_shipping_fee: int = Field(default=3000, ge=0, description="minor units; for malls without a rule")
    default_free_shipping_from: int = Field(default=50000, ge=0, description="minor units of goods after discounts")
    default_shipping_currency: str = Field(default="KRW", pattern=r"^[A-Z]{3}$")
    default_shipping_label: str = Field(default="배송비", min_length=1, description="what the customer reads")

    def terms(self) -> Terms:
        """The settings in the words of the domain."""
        return Terms(
            max_lines=self.max_lines,
            max_quantity=self.max_quantity,
            hold=timedelta(seconds=self.freeze_seconds),
            channels=frozenset(part.strip() for part in self.channels.split(",") if part.strip()),
            default_shipping=ShippingRule(
                label=self.default_shipping_label,
                fee=self.default_shipping_fee,
                free_from=self.default_free_shipping_from,
                currency=self.default_shipping_currency,
            ),
        )
