"""The page that calls PortOne.requestPayment, and what the browser brings back from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from common.clock import SEOUL
from payments import errors
from payments.clients.gateway import Agreed, Page, Terms
from payments.clients.portone.access import PortOneAccess
from payments.clients.portone.unproven import ORDER_NAME_MOST, PAY_METHODS
from payments.commands.answers import Refused
from payments.domain.payment import Payment

# With a frame the answer comes to us, with a redirect the browser goes by itself; either way it ends at our return.
_SCRIPT = """(function(){
var read=function(id){return JSON.parse(document.getElementById(id).textContent);};
var request=read("request"),back=read("back"),gone=false;
function go(answer){if(gone){return;}gone=true;
var told=new URLSearchParams();
["paymentId","txId","transactionType","code","message","pgCode"].forEach(function(name){
if(answer&&answer[name]!=null){told.set(name,String(answer[name]).slice(0,300));}});
if(!told.has("paymentId")){told.set("paymentId",request.paymentId);}
location.replace(back+(back.indexOf("?")<0?"?":"&")+told.toString());}
window.addEventListener("load",function(){
if(!window.PortOne){go({code:"SCRIPT_NOT_LOADED"});return;}
window.PortOne.requestPayment(request).then(go,function(error){
go({code:(error&&error.code)||"PORTONE_ERROR",message:error&&error.message});});});
})();"""


def page(payment: Payment, terms: Terms, access: PortOneAccess) -> Page:
    return script_page(
        access.script_url, {"request": request(payment, terms, access), "back": terms.return_url}, _SCRIPT
    )


def script_page(script_url: str, data: Mapping[str, Any], script: str) -> Page:
    """`data` by the id of its element. JSON in HTML ends at a `<`, so there is none in it."""
    blocks = "\n".join(
        f'<script type="application/json" id="{escape(name)}">{_inert(value)}</script>' for name, value in data.items()
    )
    return Page(
        "<!doctype html>\n"
        '<html lang="ko"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>결제창을 여는 중입니다</title>\n'
        f'<script src="{escape(script_url)}"></script></head>\n'
        '<body><p role="status">결제창을 여는 중입니다.</p>\n'
        f"{blocks}\n<script>{script}</script>\n</body></html>\n"
    )


def _inert(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def request(payment: Payment, terms: Terms, access: PortOneAccess) -> dict[str, Any]:
    """The argument of requestPayment."""
    asked: dict[str, Any] = {
        "storeId": access.store_id,
        "channelKey": access.channels[payment.method],
        "paymentId": payment.order_ref,
        "orderName": payment.order_name[:ORDER_NAME_MOST],
        "totalAmount": payment.amount,
        "currency": payment.currency,
        "payMethod": PAY_METHODS[payment.method],
        "customer": {"fullName": terms.customer_name[:100]},
        "redirectUrl": terms.return_url,
        "forceRedirect": True,
        "noticeUrls": [terms.notice_url],
    }
    if access.complex_tax:
        asked |= {"taxFreeAmount": payment.tax_free_amount, "vatAmount": payment.vat_amount}
    if payment.method == "virtual_account":
        due = payment.due_at.astimezone(SEOUL).isoformat(timespec="seconds")
        asked["virtualAccount"] = {"accountExpiry": {"dueDate": due}}
    if payment.method == "easy_pay" and access.easy_pay_provider:
        asked["easyPay"] = {"easyPayProvider": access.easy_pay_provider}
    return asked


def read(fields: Mapping[str, str]) -> Agreed | Refused:
    """Raises `ReturnUnreadable`."""
    code = fields.get("code", "")
    if code:
        return Refused(code[:64], fields.get("message", "")[:300])
    payment_id = fields.get("paymentId", "")
    if not payment_id or len(payment_id) > 64:
        raise errors.ReturnUnreadable("the return names no payment")
    return Agreed(payment_id, order_ref=payment_id)
