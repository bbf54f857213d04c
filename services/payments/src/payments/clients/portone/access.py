"""Who a mall is to PortOne V2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PortOneAccess:
    """`channels`: the channel key of each method; a method without one is not offered.

    `complex_tax`: tax-free and VAT amounts are sent. Without a contract for it, some PGs then charge another amount.
    `pre_register`: the amount is locked at PortOne before the window opens.
    """

    url: str
    store_id: str
    secret: str = field(repr=False)
    channels: Mapping[str, str]
    webhook_secrets: tuple[str, ...] = field(repr=False, default=())
    script_url: str = "https://cdn.portone.io/v2/browser-sdk.js"
    holder: str = "포트원"
    easy_pay_provider: str = ""
    complex_tax: bool = False
    pre_register: bool = True
    sources: tuple[str, ...] = ()
    timeout_seconds: float = 60
    look_up_seconds: float = 10
    lookback_days: int = 30
