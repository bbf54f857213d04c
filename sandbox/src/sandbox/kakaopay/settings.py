"""KakaoPay's knobs, by environment variables that begin with SANDBOX_KAKAOPAY_."""

import hmac

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from sandbox.kakaopay.errors import Shape


class KakaoPaySettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SANDBOX_KAKAOPAY_", extra="ignore")

    accounts: str = "TC0ONETIME=kakaopay-sandbox-key"  # cid=secret key, comma separated: one per mall
    schemes: str = "SECRET_KEY,DEV_SECRET_KEY"  # words taken before the key in Authorization
    session_seconds: float = 900.0  # a payment nobody has approved lives so long (memory)
    card_refund_days: float = 365.0
    money_refund_days: float = 1826.0
    fee_permille: int = Field(33, ge=0, le=1000)  # what the settlement listing keeps of each amount
    payout_days: int = Field(2, ge=0)
    error_shape: Shape = "error_code"  # which of the spellings refusals come in
    # An answer of the live API captured by others in 2023 has rows of payment_action_details without `amount`.
    action_amounts: bool = True
    payload_in_order: bool = True

    def key_of(self, cid: str) -> str | None:
        pairs = (word.strip().partition("=") for word in self.accounts.split(","))
        return next((key for name, _, key in pairs if name == cid and key), None)

    def knows(self, key: str) -> bool:
        """Whether it is one of the merchants' keys."""
        return any(_same(key, word.strip().partition("=")[2]) for word in self.accounts.split(","))


def _same(one: str, other: str) -> bool:
    return bool(other) and hmac.compare_digest(one.encode(), other.encode())
