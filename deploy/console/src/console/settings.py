"""Everything that can be turned, by environment variables that begin with CONSOLE_. Read once, in main."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Only HOST and PORT matter for a start: whatever else is missing or away is shown as not reachable."""

    model_config = SettingsConfigDict(env_prefix="CONSOLE_", extra="ignore", populate_by_name=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8121, ge=1, le=65535)
    edge_url: str = Field(default="http://127.0.0.1:8080", description="where the whole shop is reached; for links")
    smtp_port: int = Field(default=8145, ge=1, le=65535, description="of the mail sink, on the same address")
    auditor_database_url: SecretStr = Field(
        default=SecretStr(""), description="a role that reads every schema and writes nothing; empty: not reachable"
    )
    kafka_bootstrap_servers: str = Field(default="", description="host:port, comma separated; empty: not reachable")
    service_urls: dict[str, str] = Field(default_factory=dict, description="JSON object: service → base URL")
    sandbox_url: str = Field(default="", description="base URL of the outside world, without /sandbox")
    data_dir: Path | None = Field(default=None, description="mails and traces; none: a folder that goes at the end")
    instance: str = Field(
        default="main",
        validation_alias=AliasChoices("CONSOLE_INSTANCE", "SHOP_INSTANCE"),
        description="for the command lines shown",
    )
    log_format: Literal["json", "console"] = "json"
    mails_kept: int = Field(default=500, ge=1)
    journeys_kept: int = Field(default=2000, ge=1, description="traces that met a message or an error")
    reads_kept: int = Field(default=1000, ge=1, description="all other traces: plain reads and polls")
    spans_kept: int = Field(default=150_000, ge=1)
    events_kept: int = Field(default=2000, ge=1, description="records of the log held in memory")
