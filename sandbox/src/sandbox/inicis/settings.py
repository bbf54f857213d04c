"""Inicis's knobs, by environment variables that begin with SANDBOX_INICIS_."""

from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Kind = Literal["pc", "mobile"]  # whose form a deposit notice is


@dataclass(frozen=True)
class Merchant:
    """`api_key` and `api_iv` are 16 characters each."""

    mid: str
    sign_key: str = field(repr=False)
    api_key: str = field(repr=False)
    api_iv: str = field(repr=False)


class InicisSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SANDBOX_INICIS_", extra="ignore")

    # mid=sign key:INIAPI key:INIAPI IV, comma separated: one per mall.
    accounts: str = "sandboxmal=sandbox-inicis-sign-key:SandboxIniapi001:SandboxIniapiIv1"
    idc_name: str = "stg"  # the centre returns name
    notice_url: str = ""  # where deposit notices go; empty = none registered
    notice_kind: Kind = "pc"
    notice_charset: Literal["euc-kr", "utf-8"] = "euc-kr"
    notice_retries: int = Field(60, ge=0)  # sent again so often, a minute apart, until the answer is OK (memory)
    token_seconds: float = 600.0  # what was agreed at the window can be approved, and net-cancelled, for so long
    valid_days: int = Field(7, ge=1)  # an account whose acceptmethod names no day
    # A number per order (건별채번) takes its sum alone, once. False: the bank takes any sum, any number of times.
    exact_amounts: bool = True
    fee_permille: int = Field(22, ge=0, le=1000)  # what the settlement listing keeps of each amount
    payout_days: int = Field(3, ge=0)

    def merchant(self, mid: str) -> Merchant | None:
        for word in self.accounts.split(","):
            name, _, keys = word.strip().partition("=")
            if name == mid and keys.count(":") == 2:
                return Merchant(name, *keys.split(":"))
        return None
