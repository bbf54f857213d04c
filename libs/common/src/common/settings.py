"""What every service is told from outside. Each service adds its own and sets its prefix."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

Role = Literal["api", "relay", "consumer", "jobs"]


class ServiceSettings(BaseSettings):
    """Read from the environment with the service's prefix (`ORDERS_DATABASE_URL`), or files in a secrets folder."""

    model_config = SettingsConfigDict(extra="ignore", secrets_dir=None)

    database_url: SecretStr = Field(description="postgresql://role:password@host:port/database; one role per service")
    database_pool_size: int = Field(default=10, ge=1, description="connections for requests, consumers and jobs")
    kafka_bootstrap_servers: str = Field(default="127.0.0.1:9092", description="host:port, comma separated")
    kafka_groups: bool = Field(
        default=True, description="off only for brokers whose groups keep killed members; then one consumer per service"
    )
    kafka_idempotence: bool = Field(default=True, description="off only for brokers that lack it")
    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8000, ge=1, le=65535)
    roles: str = Field(default="api,relay,consumer,jobs", description="which of the roles this process plays")
    log_level: str = "info"
    log_format: Literal["json", "console"] = "json"
    otlp_endpoint: str = Field(default="", description="OTLP/HTTP base URL; empty turns tracing off")
    trace_sample_ratio: float = Field(default=1.0, ge=0, le=1, description="share of traces that start here")
    staff_token_key: SecretStr = Field(
        default=SecretStr(""), description="HS256 key of staff tokens; empty refuses all"
    )
    internal_key: SecretStr = Field(default=SecretStr(""), description="what services of the shop show each other")
    max_body_bytes: int = Field(default=1_048_576, ge=1, description="larger request bodies get a 413")
    relay_poll_max_seconds: float = Field(default=0.5, gt=0, description="slowest look at an idle outbox")
    relay_lease_seconds: float = Field(default=10, gt=0, description="how long a dead relay keeps its shards")
    consumer_batch_events: int = Field(default=100, ge=1, description="events handled in one transaction at most")
    consumer_session_seconds: float = Field(default=30, gt=0, description="a silent consumer is out after this")
    consumer_rebalance_seconds: float = Field(
        default=60, gt=0, description="time a member has to finish its work when partitions move; then it is out"
    )
    consumer_commit_seconds: float = Field(default=1, gt=0, description="how often offsets are committed")
    dlq_max_consecutive: int = Field(default=50, ge=1, description="so many dead letters in a row halt the consumer")
    dlq_max_ratio: float = Field(default=0.5, gt=0, le=1, description="and so does this share of the last 1,000 events")
    inbox_months: int = Field(default=14, ge=2, description="how long handled event ids are remembered")
    drain_seconds: float = Field(default=15, gt=0, description="time to finish work after SIGTERM")

    def plays(self, role: Role) -> bool:
        """Whether this process plays `role`."""
        return role in {part.strip() for part in self.roles.split(",")}
