"""KakaoPay: `PAYMENTS_KAKAOPAY_*`."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from payments.clients.gateway import PaymentGateway
from payments.clients.kakaopay import KakaoPayAccess, KakaoPayGateway
from payments.clients.registry import EVERY_MALL, per_mall
from payments.settings.provider import ProviderSettings


class KakaoPayAccount(BaseModel):
    """A mall's own account; what it leaves out is everybody's."""

    secret_key: SecretStr
    cid: str = Field(min_length=1)
    cid_secret: SecretStr = SecretStr("")
    scheme: str | None = None


class KakaoPaySettings(ProviderSettings):
    """What all malls share, the account of every mall that has none of its own, and the malls that have.

    Without a secret key KakaoPay is offered only to the malls named.
    """

    model_config = SettingsConfigDict(env_prefix="PAYMENTS_KAKAOPAY_", extra="ignore")

    url: str = Field(default="https://open-api.kakaopay.com", description="base URL of the API, without a path")
    secret_key: SecretStr = Field(default=SecretStr(""), description="secret key; a dev key goes with a test cid")
    scheme: str = Field(
        default="SECRET_KEY", description="the word before the key; code with dev keys also uses DEV_SECRET_KEY"
    )
    cid: str = Field(default="TC0ONETIME", description="merchant code; the default is KakaoPay's own for tests")
    cid_secret: SecretStr = Field(default=SecretStr(""), description="key of the merchant code, where there is one")
    # memory: KakaoPay itself gives up after 11 s.
    timeout_seconds: float = Field(default=15, gt=0, le=18, description="how long a call to KakaoPay may take")
    look_up_seconds: float = Field(default=8, gt=0, le=10, description="how long a look-up after a lost call may take")
    # memory: a payment nobody approved is over after 15 minutes. Twice that, so that nothing late is missed.
    session_seconds: float = Field(
        default=1800, ge=900, description="a payment shown untouched for so long is taken for expired"
    )
    # Invented: no public description of a settlement list was found.
    settlement_path: str = Field(
        default="",
        description="where a day's settlement list is read; empty reads none (the sandbox: /online/v1/settlements)",
    )
    malls: dict[str, KakaoPayAccount] = Field(
        default_factory=dict,
        description='accounts of single malls, JSON: {"kids": {"secret_key": "...", "cid": "..."}}',
    )

    def merchants(self, http: httpx.AsyncClient) -> Mapping[str, PaymentGateway]:
        return per_mall(KakaoPayGateway, http, self.accesses())

    def accesses(self) -> dict[str, KakaoPayAccess]:
        """By mall."""
        accounts = dict(self.malls)
        if self.secret_key.get_secret_value():
            everybody = KakaoPayAccount(secret_key=self.secret_key, cid=self.cid, cid_secret=self.cid_secret)
            accounts = {EVERY_MALL: everybody, **accounts}
        return {mall: self._access(account) for mall, account in accounts.items()}

    def _access(self, account: KakaoPayAccount) -> KakaoPayAccess:
        return KakaoPayAccess(
            url=self.url,
            secret_key=account.secret_key.get_secret_value(),
            cid=account.cid,
            scheme=account.scheme or self.scheme,
            cid_secret=account.cid_secret.get_secret_value(),
            timeout_seconds=self.timeout_seconds,
            look_up_seconds=self.look_up_seconds,
            session_seconds=self.session_seconds,
            settlement_path=self.settlement_path,
        )
