"""Who we are to Inicis, and where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ApiVersion = Literal["v1", "v2"]


@dataclass(frozen=True, slots=True)
class InicisAccess:
    """`sign_key` signs the window, `api_key` and `api_iv` (16 characters each) INIAPI: they are different keys.

    `idc_urls`: the base URL of each centre a return may name; nothing else is ever called to approve. `client_ip`: the
    address our calls leave from, as Inicis knows it. `accept`: options of the window. `easy_pay`: its wallet.
    `settlement_path`: where INIAPI lists settlements, empty for nowhere.
    """

    merchant: str
    sign_key: str = field(repr=False)
    api_key: str = field(repr=False)
    api_iv: str = field(repr=False)
    script_url: str
    idc_urls: Mapping[str, str]
    api_url: str
    client_ip: str
    accept: str
    easy_pay: str
    buyer_tel: str
    buyer_email: str
    holder: str
    verification: bool
    refund_version: ApiVersion
    tax_contract: bool
    settlement_path: str
    sources: tuple[str, ...]
    timeout_seconds: float
