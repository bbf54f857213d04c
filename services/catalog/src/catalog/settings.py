"""What catalog is told from outside, beside what every service is told."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="CATALOG_", extra="ignore")

    s3_endpoint: str = Field(default="http://127.0.0.1:8133", description="how this service reaches object storage")
    s3_public_url: str = Field(
        default="http://127.0.0.1:8080/media", description="how browsers reach the bucket: uploads and pictures"
    )
    s3_bucket: str = Field(default="media", description="the bucket of the pictures; anybody may read a known key")
    s3_region: str = Field(default="us-east-1", description="part of every signature")
    s3_access_key: SecretStr = Field(default=SecretStr(""), description="may put, read and delete in the bucket")
    s3_secret_key: SecretStr = Field(default=SecretStr(""))
    low_stock_units: int = Field(default=5, ge=0, description="so few units, or fewer, show as `low`")
    list_cache_seconds: int = Field(default=5, ge=0, description="how long browsers and proxies may keep a list")
    shelf_seconds: float = Field(default=1, ge=0, description="how long a process gives the same answer to a read")
    post_movements_seconds: float = Field(default=0.25, gt=0, description="how often counters catch up")
    expire_holds_seconds: float = Field(default=5, gt=0, description="how often holds are looked through")
