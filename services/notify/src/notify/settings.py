"""What notify is told from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings

SMTP_STEPS = 4  # connect, MAIL, RCPT, DATA: each may take its whole timeout
SOLAPI_CALLS = 2  # one for a batch, and one for each of it where the provider finds the batch malformed


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="NOTIFY_", extra="ignore")

    smtp_host: str = Field(default="127.0.0.1", description="the mail server that takes our mail")
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_user: str = Field(default="", description="empty: the server wants no sign-in")
    smtp_password: SecretStr = SecretStr("")
    smtp_tls: Literal["none", "starttls", "tls"] = Field(default="none", description="tls: from the first byte")
    smtp_timeout_seconds: float = Field(default=15, gt=0, description="of each step of a conversation")
    smtp_lines: int = Field(default=4, ge=1, description="connections to the mail server at a time, per process")
    from_email: str = Field(default="no-reply@shop.example", description="sender of every mail; its name is the mall's")

    solapi_url: str = Field(default="https://api.solapi.com", description="base URL, without /messages")
    solapi_api_key: str = Field(default="", description="empty: no Alimtalk and no texts, e-mail alone")
    solapi_api_secret: SecretStr = SecretStr("")
    solapi_pf_id: str = Field(default="", description="the Kakao channel; empty: texts instead of Alimtalk")
    solapi_timeout_seconds: float = Field(default=10, gt=0, description="of one call")
    solapi_callback_token: SecretStr = Field(
        default=SecretStr(""), description="secret that reports show; empty: reports only make us ask the provider"
    )
    solapi_callback_header: str = Field(default="X-Solapi-Secret", description="header the secret may stand in")
    sender_number: str = Field(default="", description="registered sender number, digits alone")
    alimtalk: bool = Field(default=True, description="off: texts instead of Alimtalk")
    alimtalk_templates: Path | None = Field(
        default=None, description="JSON file of approved texts with this installation's template ids; unset: our own"
    )

    send_every_seconds: float = Field(default=1, gt=0, description="slowest look at what is due")
    batch: int = Field(default=100, ge=1, le=1000, description="deliveries taken in hand at a time")
    lease_seconds: float = Field(default=120, gt=0, description="how long a dead sender keeps its deliveries")
    give_up_hours: float = Field(default=24, gt=0, description="a delivery that cannot leave has failed after this")
    contact_wait_hours: float = Field(default=168, gt=0, description="a message waits so long for its order's contact")
    contact_days: int = Field(default=365, ge=1, description="after this, contacts and addresses are erased")

    @model_validator(mode="after")
    def _lease_outlives_a_call(self) -> Self:
        """Else every sender would find its lease too short to begin, and nothing would ever leave."""
        longest = max(self.smtp_timeout_seconds * SMTP_STEPS, self.solapi_timeout_seconds * SOLAPI_CALLS)
        if self.lease_seconds <= longest:
            raise ValueError(f"the lease must be longer than a call takes at most, {longest:g} s")
        return self
