"""The page that opens the standard web window, and what the window brings back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape

from common.clock import SEOUL
from common.money import vat_included
from payments import errors
from payments.clients.gateway import Agreed, Page, Terms
from payments.clients.inicis import signing
from payments.clients.inicis.access import InicisAccess
from payments.clients.inicis.unproven import BUYERNAME_BYTES, GOODNAME_BYTES, WINDOW_METHODS
from payments.commands.answers import Refused
from payments.domain.payment import Payment

AGREED = "0000"
# What the return has to carry once the customer has agreed.
_NEEDED = ("mid", "orderNumber", "authToken", "authUrl", "netCancelUrl", "idc_name")
_FORM = "inicis-window"


def page(payment: Payment, terms: Terms, access: InicisAccess, now: datetime) -> Page:
    inputs = "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields(payment, terms, access, now).items()
    )
    return Page(
        "<!doctype html>\n"
        '<html lang="ko"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>결제창을 여는 중입니다</title>\n'
        f'<script src="{escape(access.script_url)}" charset="UTF-8"></script></head>\n'
        '<body><p role="status">결제창을 여는 중입니다.</p>\n'
        f'<form id="{_FORM}" method="post" accept-charset="UTF-8">\n'
        f"{inputs}\n</form>\n"
        f'<script>window.addEventListener("load",function(){{INIStdPay.pay("{_FORM}");}});</script>\n'
        "</body></html>\n"
    )


def fields(payment: Payment, terms: Terms, access: InicisAccess, now: datetime) -> dict[str, str]:
    """Of the form INIStdPay.js sends. The time stamp is the one that was signed."""
    stamp, price = milliseconds(now), str(payment.amount)
    signed = {"oid": payment.order_ref, "price": price, "timestamp": stamp}
    form = {
        "version": "1.0",
        "gopaymethod": WINDOW_METHODS.get(payment.method, access.easy_pay),
        "mid": access.merchant,
        **signed,
        "signature": signing.signature(signed),
        "mKey": signing.m_key(access.sign_key),
        "currency": "WON",
        "goodname": _cut(payment.order_name, GOODNAME_BYTES),
        "buyername": _cut(terms.customer_name, BUYERNAME_BYTES),
        "buyertel": access.buyer_tel,
        "buyeremail": access.buyer_email,
        "acceptmethod": _accept(payment, access),
        "returnUrl": terms.return_url,
        "closeUrl": terms.fail_url,
        "charset": "UTF-8",
    }
    if access.verification:
        form |= {"use_chkfake": "Y", "verification": signing.signature({**signed, "signKey": access.sign_key})}
    if access.tax_contract and payment.tax_free_amount:
        # Without a contract for it these two may change what is charged.
        form |= {
            "tax": str(vat_included(payment.amount - payment.tax_free_amount)),
            "taxfree": str(payment.tax_free_amount),
        }
    return form


def read(found: Mapping[str, str], access: InicisAccess) -> Agreed | Refused:
    """Raises `ReturnUnreadable`, also where the return names a place of its own to be approved at."""
    code = found.get("resultCode")
    if not code:
        raise errors.ReturnUnreadable("the return has no result")
    if code != AGREED:
        return Refused(code[:40], found.get("resultMsg", "")[:300])
    grant = {name: found.get(name, "") for name in _NEEDED}
    if not all(grant.values()):
        raise errors.ReturnUnreadable("the return lacks what an approval needs")
    if grant["mid"] != access.merchant:
        raise errors.ReturnUnreadable("the return is another merchant's")
    addresses(grant, access)
    return Agreed(None, order_ref=grant["orderNumber"], grant=grant)


def addresses(grant: Mapping[str, str], access: InicisAccess) -> tuple[str, str]:
    """Where to approve and where to net-cancel, built from the centre's name. Raises `ReturnUnreadable` if the browser
    brought others: it may have been told to lead us to a host of somebody's own."""
    base = access.idc_urls.get(grant.get("idc_name", ""))
    if base is None:
        raise errors.ReturnUnreadable("the return names no centre of Inicis")
    base = base.rstrip("/")
    built = (f"{base}/api/payAuth", f"{base}/api/netCancel")
    if built != (grant.get("authUrl"), grant.get("netCancelUrl")):
        raise errors.ReturnUnreadable("the return names another host")
    return built


def milliseconds(now: datetime) -> str:
    return str(int(now.timestamp() * 1000))


def _accept(payment: Payment, access: InicisAccess) -> str:
    words = [word for word in access.accept.split(":") if word]
    if payment.method == "virtual_account":
        words.append(f"vbank({payment.due_at.astimezone(SEOUL):%Y%m%d})")
    return ":".join(words)


def _cut(text: str, most: int) -> str:
    return text.encode()[:most].decode(errors="ignore")
