"""Stats' own settings, prefix STATS_."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="STATS_", extra="ignore")

    default_currency: str = Field(default="KRW", pattern=r"^[A-Z]{3}$", description="of figures when none is asked for")
    max_rows: int = Field(default=10_000, ge=1, description="rows of one answer at most")
    report_delay_minutes: int = Field(default=15, ge=0, description="minutes after midnight in Seoul for late events")
    report_backlog_days: int = Field(default=7, ge=1, description="days back that a missed report is made up for")
    rebuild_grace_seconds: float = Field(default=10, ge=0, description="seconds the consumer may lag behind a rebuild")
    rebuild_stall_seconds: float = Field(default=30, gt=0, description="seconds of silence that fail a rebuild")
