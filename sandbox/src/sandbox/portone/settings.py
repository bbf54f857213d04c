"""PortOne's own switches: SANDBOX_PORTONE_*."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class PortOneSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SANDBOX_PORTONE_", extra="ignore")

    store_id: str = "store-sandbox"
    api_secret: str = "sandbox-portone-secret"  # noqa: S105 - a key of the sandbox itself
    webhook_url: str = ""  # the console's; a payment's own noticeUrls come first. Both empty = nothing is sent
    # Live secrets, comma separated: all of them sign while one is being replaced.
    webhook_secrets: str = "whsec_c2FuZGJveC1wb3J0b25lLXdlYmhvb2s="
    webhook_timeout_seconds: float = Field(30.0, gt=0)  # a webhook unanswered for so long has failed (V1: memory)
    valid_hours: float = 168.0  # an account whose expiry was not said (V1)
    refund_minutes: float = 2.0  # a bank's refund goes REQUESTED -> SUCCEEDED; 1-2 business days in the world
    # What becomes of an account nobody paid into. (memory: korea.md does not say; the silent one is the harder case)
    expired_status: Literal["VIRTUAL_ACCOUNT_ISSUED", "CANCELLED"] = "VIRTUAL_ACCOUNT_ISSUED"
    # The bank takes the sum asked for and no other, once. False: any sum, any number of times.
    exact_amounts: bool = True
    fee_rate: float = Field(0.03, ge=0, le=1)  # what the PG behind keeps, in its settlement list

    v1_imp_code: str = "imp00000000"
    v1_imp_key: str = "sandbox-imp-key"
    v1_imp_secret: str = "sandbox-imp-secret"  # noqa: S105 - a key of the sandbox itself
    v1_webhook_url: str = ""
    v1_token_seconds: float = 1800.0
    v1_retry_minutes: str = "1,1,1,1,1"  # (memory)
