"""The standard web window: what INIStdPay.js is handed, and what goes back to the mall's returnUrl."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from sandbox.clock import Clock, epoch
from sandbox.inicis import signing
from sandbox.inicis.ledger import Ledger
from sandbox.inicis.payment import ACCOUNT, BANKS, Payment, method_of
from sandbox.inicis.refusals import WINDOW, InicisRefusal
from sandbox.inicis.settings import InicisSettings

CHOICES = ("pay", "decline", "fail", "cancel")
NEEDED = ("version", "mid", "oid", "price", "timestamp", "signature", "mKey", "goodname", "buyername", "buyertel")
KEPT = (
    *NEEDED, "gopaymethod", "currency", "buyeremail", "acceptmethod", "returnUrl", "closeUrl", "charset", "use_chkfake",
    "verification",
)  # fmt: skip
VBANK = re.compile(r"(?:^|:)vbank\((\d{8})(\d{4})?\)", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """The window's form, checked."""

    mid: str
    oid: str
    price: int
    goods: str
    buyer: str
    method: str
    return_url: str
    close_url: str
    due: str


@dataclass(frozen=True)
class Back:
    """Where the browser goes: a POST of `fields`, or a mere visit when there are none."""

    url: str
    fields: dict[str, str]


class Desk:
    def __init__(self, settings: InicisSettings, base_url: str, clock: Clock, ledger: Ledger) -> None:
        self._settings = settings
        self._base = base_url
        self._clock = clock
        self._ledger = ledger

    def read(self, fields: Mapping[str, str]) -> Asked:
        if not all(fields.get(name) for name in NEEDED):
            raise InicisRefusal("V001")
        merchant = self._settings.merchant(fields["mid"])
        if merchant is None:
            raise InicisRefusal("V002")
        oid, price, stamp = fields["oid"], fields["price"], fields["timestamp"]
        genuine = (
            signing.same(fields["mKey"], signing.sha256(merchant.sign_key))
            and signing.same(fields["signature"], signing.window_signature(oid, price, stamp))
            and (fields.get("use_chkfake") != "Y" or self._verified(fields, merchant.sign_key))
        )
        if not genuine or not stamp.isdigit() or len(oid) > 40:
            raise InicisRefusal("V003")
        if not (price.isascii() and price.isdigit()) or int(price) < 1:
            raise InicisRefusal("V005")
        method = method_of(fields.get("gopaymethod", ""))
        if method is None:
            raise InicisRefusal("V004")
        return Asked(
            mid=merchant.mid,
            oid=oid,
            price=int(price),
            goods=fields["goodname"],
            buyer=fields["buyername"],
            method=method,
            return_url=_address(fields.get("returnUrl", "")),
            close_url=_address(fields.get("closeUrl") or fields.get("returnUrl", "")),
            due=self._due(fields.get("acceptmethod", "")),
        )

    def _verified(self, fields: Mapping[str, str], sign_key: str) -> bool:
        expected = signing.window_verification(fields["oid"], fields["price"], sign_key, fields["timestamp"])
        return signing.same(fields.get("verification", ""), expected)

    def _due(self, accept: str) -> str:
        """The account's last moment: the end of the day named, or its minute."""
        found = VBANK.search(accept)
        if found:
            return found[1] + (f"{found[2]}00" if found[2] else "235959")
        return f"{self._clock.now() + timedelta(days=self._settings.valid_days):%Y%m%d}235959"

    def choose(self, asked: Asked, choice: str, bank: str = "88") -> Back:
        if choice not in CHOICES or bank not in BANKS:
            raise InicisRefusal("V001")
        if choice == "cancel":
            return Back(asked.close_url, {})
        named = {"mid": asked.mid, "orderNumber": asked.oid, "charset": "UTF-8", "merchantData": ""}
        if choice == "fail":
            return Back(asked.return_url, {"resultCode": "R201", "resultMsg": WINDOW["R201"], **named})
        payment = Payment(
            token=secrets.token_urlsafe(96),
            mid=asked.mid,
            oid=asked.oid,
            price=asked.price,
            goods=asked.goods,
            buyer=asked.buyer,
            method=asked.method,
            status="AGREED",
            until=epoch(self._clock.now()) + self._settings.token_seconds,
            decline=choice == "decline",
            bank=bank,
            due=asked.due if asked.method == ACCOUNT else None,
        )
        self._ledger.add(payment)
        return Back(
            asked.return_url,
            {
                "resultCode": "0000",
                "resultMsg": "성공",
                **named,
                "authToken": payment.token,
                "authUrl": f"{self._base}/api/payAuth",
                "netCancelUrl": f"{self._base}/api/netCancel",
                "idc_name": self._settings.idc_name,
            },
        )


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InicisRefusal("V001")
    return value
