"""Who a mall is to PortOne V1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PortOneV1Access:
    """`imp_code`: the merchant code the browser's script is opened with. `channels`: the channel key of each method; a
    method without one is not offered. `refund_banks`: the PG's code of a bank where it is not the common one.

    `complex_tax`: tax-free and VAT amounts are sent, for which some PGs want a contract.
    """

    url: str
    imp_code: str
    imp_key: str = field(repr=False)
    imp_secret: str = field(repr=False)
    channels: Mapping[str, str]
    refund_banks: Mapping[str, str] = field(default_factory=dict)
    script_url: str = "https://cdn.iamport.kr/v1/iamport.js"
    holder: str = "포트원"
    complex_tax: bool = False
    sources: tuple[str, ...] = ()
    timeout_seconds: float = 60
    look_up_seconds: float = 10
    lookback_days: int = 30
