"""What scm is told from outside. Empty URLs leave a part out: no polled centre, no tracking."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from common.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="SCM_", extra="ignore")

    centre_api_keys: dict[str, SecretStr] = Field(
        default_factory=dict, description='JSON: code of a centre to its API key, {"icheon": "key"}'
    )
    default_centre: str = Field(default="icheon", description="where orders of a mall without a route go")
    cancel_after_accept: bool = Field(
        default=False, description="stop goods of a pulling centre even after it accepted the request"
    )
    carriers_file: Path | None = Field(default=None, description="a carrier table instead of the one shipped with scm")
    contact_days: int = Field(default=90, ge=1, description="days an address is kept after the last news of its goods")

    goods_wait_seconds: float = Field(
        default=60, ge=0, description="so long an order waits for news of a SKU that catalog has not told of yet"
    )
    holds_every_seconds: float = Field(default=10, gt=0, description="how often is looked at what waits for goods")

    poll_centre_code: str = Field(default="", description="code of the centre that is asked by us; empty: none")
    poll_centre_url: str = Field(default="", description="base URL of its API, without /api/v1")
    poll_centre_api_code: SecretStr = Field(default=SecretStr(""), description="apiCd of its connect call")
    poll_centre_api_key: SecretStr = Field(default=SecretStr(""), description="apiKey of its connect call")
    poll_centre_customer_code: str = Field(default="", description="cstCd: what the centre calls us")
    poll_centre_parcel_code: str = Field(default="1", description="outDiv of releases that leave as parcels")
    poll_settle_seconds: float = Field(
        default=30, gt=0, description="after an unheard call, wait so long before believing that it had no effect"
    )
    poll_every_seconds: float = Field(default=60, gt=0, description="how often the polled centre is asked")

    tracker_url: str = Field(default="", description="the GraphQL endpoint of the tracking API; empty: no tracking")
    tracker_key: SecretStr = Field(default=SecretStr(""), description="id:secret of the tracking API")
    tracking_every_seconds: float = Field(default=600, gt=0, description="how often a parcel on its way is asked for")
    tracking_days: int = Field(default=30, ge=1, description="days after which a parcel is not asked for any more")
