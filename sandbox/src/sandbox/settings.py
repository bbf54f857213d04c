"""Everything that can be turned, by environment variables that begin with SANDBOX_. Read once, in main."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from sandbox.inicis.settings import InicisSettings
from sandbox.kakaopay.settings import KakaoPaySettings
from sandbox.portone.settings import PortOneSettings


def listed(text: str) -> tuple[str, ...]:
    """Comma-separated words, blanks dropped."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SANDBOX_", extra="ignore")

    host: str = "127.0.0.1"
    port: int = 8120
    prefix: str = Field("/sandbox", pattern=r"^(/[a-z0-9_-]+)*$")  # every path but the probes stands under it
    public_url: str = ""  # base of links in answers (receipts, the payment window); empty = host, port and prefix
    data_dir: Path = Path(".shop/sandbox")  # the SQLite file lives here
    log_format: Literal["json", "console"] = "console"
    minute_seconds: float = Field(60.0, gt=0)  # seconds in a "minute" of the retry schedules; demos set 0.1
    callback_timeout_seconds: float = Field(10.0, gt=0)  # a callback unanswered for so long has failed
    tick_seconds: float = Field(0.2, gt=0)  # how often the world moves by itself (expiry, delivery reports, the job)

    toss_secret_key: str = "test_sk_sandbox"  # noqa: S105 - a key of the sandbox itself
    toss_client_key: str = "test_ck_sandbox"
    toss_mid: str = Field("sandboxmall", max_length=14)
    toss_webhook_url: str = ""  # empty = no webhook registered: nothing is sent
    toss_webhook_events: str = "PAYMENT_STATUS_CHANGED,DEPOSIT_CALLBACK"
    toss_session_seconds: float = 600.0  # an authenticated but unconfirmed payment lives so long
    toss_valid_hours: float = 168.0  # a virtual account without validHours or dueDate
    toss_cancel_guard_seconds: float = 1.0  # two cancels of one payment inside it: only the first runs
    toss_refund_minutes: float = 2.0  # the bank's refund of a paid virtual account goes PENDING -> COMPLETED
    toss_fee_permille: int = Field(32, ge=0, le=1000)  # VAT included; what the settlement list keeps of each amount
    toss_payout_days: int = Field(2, ge=0)
    toss_exact_amounts: bool = True  # the bank takes the sum asked for and no other, once; False: any sum, any number
    toss_callback_on_issue: bool = False  # DEPOSIT_CALLBACK already when the account is issued
    # What a payment is called once partial cancels have used up its balance; measured by others as PARTIAL_CANCELED.
    toss_partial_sum_status: Literal["PARTIAL_CANCELED", "CANCELED"] = "PARTIAL_CANCELED"

    kakaopay: KakaoPaySettings = Field(default_factory=KakaoPaySettings)

    inicis: InicisSettings = Field(default_factory=InicisSettings)

    portone: PortOneSettings = Field(default_factory=PortOneSettings)

    solapi_api_key: str = "NCSSANDBOX"
    solapi_api_secret: str = "sandbox-solapi-secret"  # noqa: S105 - a key of the sandbox itself
    solapi_pf_id: str = "KA01PF0000SANDBOX"
    solapi_senders: str = "0212345678"  # registered sender numbers
    solapi_templates: str = ""  # JSON file of approved templates, loaded at start
    solapi_webhook_url: str = ""
    solapi_no_kakao_suffix: str = "99"  # comma-separated number endings without KakaoTalk
    solapi_unreachable_suffix: str = ""  # comma-separated number endings that no message reaches
    solapi_opted_out: str = ""  # numbers that refused by the free 080 number
    solapi_send_seconds: float = 0.2  # accepted (2000) -> at the carrier (3000)
    solapi_deliver_seconds: float = 0.5  # at the carrier (3000) -> final
    solapi_retry_minutes: str = "1,5,30"  # report retries
    solapi_report_shape: Literal["event", "flat"] = "event"  # how an item of a report looks

    logistics_url: str = ""  # the mall's base URL; empty = the active job stays at home
    logistics_api_key: str = ""
    logistics_poll_seconds: float = 2.0
    logistics_accept_seconds: float = 0.0  # seen -> accepted
    logistics_waybill_seconds: float = 1.0  # accepted -> waybill
    logistics_book_seconds: float = 0.0  # a return seen -> its collection booked with a carrier
    logistics_inspect_seconds: float = 1.0  # returned goods in the centre -> looked at
    # the mall's carrier code = the tracking API's carrier id, used in turn
    logistics_carriers: str = "cj=kr.cjlogistics,lotte=kr.lotte"

    fassto_api_cd: str = "sandbox-cd"
    fassto_api_key: str = "sandbox-key"
    fassto_cst_cd: str = "94001"
    fassto_token_seconds: float = 3600.0
    fassto_work_seconds: float = 1.0  # ORDER -> WORKING
    fassto_done_seconds: float = 2.0  # ORDER -> DONE
    fassto_default_stock: int = 1000  # given to a product first heard of; 0 = unknown products are refused

    tracker_client_id: str = "sandbox"
    tracker_client_secret: str = "sandbox-tracker-secret"  # noqa: S105 - a key of the sandbox itself
    tracking_step_seconds: float = 3.0  # one step of a parcel's journey
    tracking_hidden_seconds: float = 0.0  # NOT_FOUND until so long after the waybill's issue

    @property
    def base_url(self) -> str:
        return (self.public_url or f"http://{self.host}:{self.port}{self.prefix}").rstrip("/")

    @property
    def carrier_codes(self) -> tuple[tuple[str, str], ...]:
        """(the mall's code, the tracking API's id) in the order of use."""
        pairs = (word.partition("=") for word in listed(self.logistics_carriers))
        return tuple((code, carrier_id or code) for code, _, carrier_id in pairs)
