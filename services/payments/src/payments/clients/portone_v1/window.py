"""The page that calls IMP.request_pay, and what the browser brings back from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from common.clock import SEOUL
from payments import errors
from payments.clients.gateway import Agreed, Page, Terms
from payments.clients.portone.window import script_page
from payments.clients.portone_v1.access import PortOneV1Access
from payments.clients.portone_v1.unproven import NAME_MOST, PAY_METHODS
from payments.commands.answers import Refused
from payments.domain.payment import Payment

_IMP_UID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SCRIPT = """(function(){
var read=function(id){return JSON.parse(document.getElementById(id).textContent);};
var code=read("code"),request=read("request"),back=read("back");
function go(answer){var told=new URLSearchParams();
["imp_uid","merchant_uid","imp_success","success","error_code","error_msg"].forEach(function(name){
if(answer&&answer[name]!=null){told.set(name,String(answer[name]).slice(0,300));}});
location.replace(back+(back.indexOf("?")<0?"?":"&")+told.toString());}
window.addEventListener("load",function(){
if(!window.IMP){go({error_code:"SCRIPT_NOT_LOADED"});return;}
window.IMP.init(code);window.IMP.request_pay(request,go);});
})();"""


def page(payment: Payment, terms: Terms, access: PortOneV1Access) -> Page:
    data = {"code": access.imp_code, "request": request(payment, terms, access), "back": terms.return_url}
    return script_page(access.script_url, data, _SCRIPT)


def request(payment: Payment, terms: Terms, access: PortOneV1Access) -> dict[str, Any]:
    """The argument of request_pay."""
    asked: dict[str, Any] = {
        "channelKey": access.channels[payment.method],
        "pay_method": PAY_METHODS[payment.method],
        "merchant_uid": payment.order_ref,
        "name": payment.order_name[:NAME_MOST],
        "amount": payment.amount,
        "currency": payment.currency,
        "buyer_name": terms.customer_name[:100],
        "m_redirect_url": terms.return_url,
        "notice_url": terms.notice_url,
    }
    if access.complex_tax:
        asked |= {"tax_free": payment.tax_free_amount, "vat_amount": payment.vat_amount}
    if payment.method == "virtual_account":
        asked["vbank_due"] = f"{payment.due_at.astimezone(SEOUL):%Y%m%d%H%M}"
    return asked


def read(fields: Mapping[str, str]) -> Agreed | Refused:
    """Raises `ReturnUnreadable`."""
    code, success = fields.get("error_code", ""), fields.get("imp_success") or fields.get("success")
    if code or success == "false":
        return Refused(code[:64] or "window_failed", fields.get("error_msg", "")[:300])
    imp_uid = fields.get("imp_uid", "")
    if not _IMP_UID.fullmatch(imp_uid):
        raise errors.ReturnUnreadable("the return names no payment")
    return Agreed(imp_uid, order_ref=fields.get("merchant_uid") or None)
