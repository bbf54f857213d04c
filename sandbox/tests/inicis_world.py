"""A mall's server and a payer at the sandbox's Inicis. What the mall sends is reckoned here from korea.md 1.3."""

import base64
import hashlib
import json
from typing import Any

import httpx
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from sandbox_world import Running

MID = "sandboxmal"
SIGN_KEY, API_KEY, API_IV = "sandbox-inicis-sign-key", "SandboxIniapi001", "SandboxIniapiIv1"
STAMP = "1795316400007"  # its last digit chooses TotPrice, mid, tstamp
RETURN_URL = "http://shop.test/v1/payments/1/return"
CLOSE_URL = "http://shop.test/v1/payments/1/return/fail"
HOOK = "http://mall.test/v1/callbacks/inicis/intake"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def sha512(text: str) -> str:
    return hashlib.sha512(text.encode()).hexdigest()


def sealed(number: str) -> str:
    raw = number.encode()
    padding = 16 - len(raw) % 16
    encryptor = Cipher(algorithms.AES(API_KEY.encode()), modes.CBC(API_IV.encode())).encryptor()
    return base64.b64encode(encryptor.update(raw + bytes([padding]) * padding) + encryptor.finalize()).decode()


def window(oid: str = "order-0001", price: int = 33000, **changes: str) -> dict[str, str]:
    signed = f"oid={oid}&price={price}&timestamp={STAMP}"
    return {
        "version": "1.0", "gopaymethod": "Card", "mid": MID, "oid": oid, "price": str(price), "timestamp": STAMP,
        "signature": sha256(signed), "mKey": sha256(SIGN_KEY), "currency": "WON", "goodname": "머그컵 외 2건",
        "buyername": "김하늘", "buyertel": "02-1234-5678", "buyeremail": "a@example.com",
        "acceptmethod": "HPP(2):below1000:centerCd(Y)", "returnUrl": RETURN_URL, "closeUrl": CLOSE_URL,
        "charset": "UTF-8", "use_chkfake": "Y",
        "verification": sha256(f"oid={oid}&price={price}&signKey={SIGN_KEY}&timestamp={STAMP}"),
    } | changes  # fmt: skip


def approval(token: str, **changes: str) -> dict[str, str]:
    return {
        "mid": MID, "authToken": token, "timestamp": STAMP, "signature": sha256(f"authToken={token}&timestamp={STAMP}"),
        "charset": "UTF-8", "format": "JSON",
    } | changes  # fmt: skip


class Shop:
    def __init__(self, running: Running) -> None:
        self.running = running
        self.client = running.client

    async def agree(self, form: dict[str, str] | None = None, **how: str) -> dict[str, Any]:
        """What the browser takes along: {url, fields}."""
        answer = await self.client.post("/inicis/_sandbox/pay", json=(form or window()) | how)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def approve(self, token: str, **changes: str) -> dict[str, Any]:
        return self.read(await self.client.post("/inicis/api/payAuth", data=approval(token, **changes)))

    async def net_cancel(self, token: str, **changes: str) -> dict[str, Any]:
        return self.read(await self.client.post("/inicis/api/netCancel", data=approval(token, **changes)))

    @staticmethod
    def read(answer: httpx.Response) -> dict[str, Any]:
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def paid(self, oid: str = "order-0001", price: int = 33000, **changes: str) -> dict[str, Any]:
        """Approved: paid, or an account to pay into."""
        back = await self.agree(window(oid, price, **changes))
        body = await self.approve(back["fields"]["authToken"])
        assert body["resultCode"] == "0000", body
        return body

    async def account(self, oid: str = "order-0001", price: int = 33000) -> dict[str, Any]:
        return await self.paid(oid, price, gopaymethod="VBank", acceptmethod="below1000:vbank(20261124)")

    async def v1(self, path: str, fields: dict[str, str], *hashed: str) -> dict[str, Any]:
        """`hashed`: the values behind mid, in their order."""
        form = {"timestamp": "20261122100000", "clientIp": "127.0.0.1", "mid": MID} | fields
        common = (form["type"], form["paymethod"], form["timestamp"], form["clientIp"], form["mid"])
        form.setdefault("hashData", sha512(API_KEY + "".join((*common, *hashed))))
        return self.read(await self.client.post(f"/inicis/api/v1/{path}", data=form))

    async def refund(self, tid: str, paymethod: str = "Card", **more: str) -> dict[str, Any]:
        """v1; with `price` and `confirmPrice` in part."""
        kind = "PartialRefund" if "price" in more else "Refund"
        fields = {"type": kind, "paymethod": paymethod, "tid": tid, "msg": "취소"} | more
        order = ("price", "confirmPrice", "refundAcctNum")
        return await self.v1("refund", fields, tid, *(more[name] for name in order if name in more))

    async def v2(self, kind: str, data: dict[str, str], *, text: str | None = None) -> dict[str, Any]:
        written = text or json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        hashed = sha512(f"{API_KEY}{MID}{kind}20261122100000{written}")
        body = (
            f'{{"mid":"{MID}","type":"{kind}","timestamp":"20261122100000","clientIp":"127.0.0.1","data":{written},'
            f'"hashData":"{hashed}"}}'
        )
        headers = {"content-type": "application/json;charset=utf-8"}
        return self.read(await self.client.post(f"/inicis/v2/pg/{kind}", content=body.encode(), headers=headers))

    async def bank(self, verb: str, **body: Any) -> httpx.Response:
        return await self.client.post(f"/inicis/_sandbox/{verb}", json=body)

    async def totals(self) -> dict[str, int]:
        return dict((await self.client.get("/inicis/_sandbox/books")).json()["totals"])
