"""KG Inicis: `PAYMENTS_INICIS_*`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import httpx
from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from payments.clients.gateway import PaymentGateway
from payments.clients.inicis import InicisAccess, InicisGateway
from payments.clients.registry import EVERY_MALL, per_mall
from payments.settings.provider import ProviderSettings

# Where deposit notices come from: what public shop code lists, and behind it the three the newer module still names.
NOTICE_SOURCES = (
    "203.238.37.3/32,203.238.37.15/32,203.238.37.16/32,203.238.37.25/32,203.238.37.32/32,183.109.71.153/32,"
    "118.129.210.25/32,39.115.212.9/32"
)
_CENTRES = {
    "fc": "https://fcstdpay.inicis.com",
    "ks": "https://ksstdpay.inicis.com",
    "stg": "https://stgstdpay.inicis.com",
}


class InicisAccount(BaseModel):
    """A mall's own account. What it leaves out is everybody's."""

    merchant_id: str = Field(min_length=1, description="mid")
    sign_key: SecretStr = Field(min_length=1, description="signs the window")
    api_key: SecretStr = Field(min_length=1, description="INIAPI key; not the sign key")
    api_iv: SecretStr = Field(default=SecretStr(""), description="INIAPI IV, for accounts to refund to")
    buyer_tel: str | None = None
    buyer_email: str | None = None
    tax_contract: bool | None = None


class InicisSettings(ProviderSettings):
    """What all malls share, the account of every mall that has none of its own, and the malls that have."""

    model_config = SettingsConfigDict(env_prefix="PAYMENTS_INICIS_", extra="ignore")

    merchant_id: str = Field(default="", description="mid of every mall without an account; empty: none")
    sign_key: SecretStr = Field(default=SecretStr(""), description="its web standard sign key")
    api_key: SecretStr = Field(default=SecretStr(""), description="its INIAPI key; not the sign key")
    api_iv: SecretStr = Field(default=SecretStr(""), description="its INIAPI IV")
    malls: dict[str, InicisAccount] = Field(
        default_factory=dict, description='accounts of single malls, JSON: {"kids": {"merchant_id": "...", ...}}'
    )
    script_url: str = Field(
        default="https://stdpay.inicis.com/stdjs/INIStdPay.js", description="the window's script; stgstdpay for tests"
    )
    idc_urls: dict[str, str] = Field(
        default_factory=lambda: dict(_CENTRES),
        description="centre by idc_name, JSON; an approval goes nowhere else. Leave stg out where money is real",
    )
    api_url: str = Field(default="https://iniapi.inicis.com", description="INIAPI, without a path")
    client_ip: str = Field(default="127.0.0.1", description="our address as registered with Inicis")
    accept: str = Field(default="below1000:centerCd(Y)", description="acceptmethod of the window")
    # memory: what gopaymethod is called for a wallet.
    easy_pay: str = Field(default="onlykakaopay", description="gopaymethod of easy pay")
    buyer_tel: str = Field(default="02-0000-0000", description="the window wants one; the shop's, not the customer's")
    buyer_email: str = Field(default="pay@example.com", description="the window wants one; the shop's")
    account_holder: str = Field(default="KG이니시스", description="holder shown with an account that names none")
    # memory: field names of `verification`; the older window does without.
    verification: bool = Field(default=True, description="send use_chkfake=Y and verification")
    refund_version: Literal["v1", "v2"] = Field(default="v1", description="INIAPI of refunds")
    tax_contract: bool = Field(default=False, description="tax and tax-free sums are sent: only with a contract for it")
    # memory: the whole list; empty means it is not asked for.
    settlement_path: str = Field(default="", description="path of the settlement list at INIAPI; empty: not offered")
    sources: str = Field(default=NOTICE_SOURCES, description="networks notices come from, comma separated; empty: any")
    timeout_seconds: float = Field(default=8, gt=0, le=10, description="one call; a refund may need five")

    def merchants(self, http: httpx.AsyncClient) -> Mapping[str, PaymentGateway]:
        return per_mall(InicisGateway, http, self.accesses())

    def accesses(self) -> dict[str, InicisAccess]:
        """By mall. No account for everybody, no entry for everybody."""
        accounts = dict(self.malls)
        if self.merchant_id:
            accounts.setdefault(
                EVERY_MALL,
                InicisAccount(
                    merchant_id=self.merchant_id, sign_key=self.sign_key, api_key=self.api_key, api_iv=self.api_iv
                ),
            )
        return {mall: self._access(account) for mall, account in accounts.items()}

    def _access(self, account: InicisAccount) -> InicisAccess:
        return InicisAccess(
            merchant=account.merchant_id,
            sign_key=account.sign_key.get_secret_value(),
            api_key=account.api_key.get_secret_value(),
            api_iv=account.api_iv.get_secret_value(),
            script_url=self.script_url,
            idc_urls=self.idc_urls,
            api_url=self.api_url,
            client_ip=self.client_ip,
            accept=self.accept,
            easy_pay=self.easy_pay,
            buyer_tel=account.buyer_tel or self.buyer_tel,
            buyer_email=account.buyer_email or self.buyer_email,
            holder=self.account_holder,
            verification=self.verification,
            refund_version=self.refund_version,
            tax_contract=self.tax_contract if account.tax_contract is None else account.tax_contract,
            settlement_path=self.settlement_path,
            sources=tuple(part.strip() for part in self.sources.split(",") if part.strip()),
            timeout_seconds=self.timeout_seconds,
        )
