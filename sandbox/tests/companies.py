"""Every payment company of the sandbox through one door: pay, deposit, give back, and the day's file."""

from collections import defaultdict
from typing import Any

import httpx
from inicis_world import Shop, sealed
from sandbox_world import Running

PRICE = 33000
V1_KEYS = {"imp_key": "sandbox-imp-key", "imp_secret": "sandbox-imp-secret"}
KAKAO = {"authorization": "SECRET_KEY kakaopay-sandbox-key"}
V2_AUTH = {"authorization": "PortOne sandbox-portone-secret"}
Rows = dict[str, list[int]]


class Toss:
    def __init__(self, running: Running) -> None:
        self.running = running
        self.keys: dict[str, str] = {}

    async def pay(self, order: str) -> None:
        self.keys[order] = (await self.running.paid(order, PRICE))["paymentKey"]

    async def deposit(self, order: str) -> None:
        self.keys[order] = (await self.running.account(order, PRICE))["paymentKey"]
        await self.running.bank("deposit", orderId=order)

    async def give_back(self, order: str, amount: int, _left: int, *, by_account: bool) -> None:
        account = {"bank": "88", "accountNumber": "110123456789", "holderName": "김하늘"}
        body = {"cancelReason": "변심", "cancelAmount": amount} | (
            {"refundReceiveAccount": account} if by_account else {}
        )
        done = await self.running.toss("POST", f"/payments/{self.keys[order]}/cancel", body)
        assert done.status_code == 200, done.text

    async def file(self, day: str) -> Rows:
        asked = httpx.QueryParams({"startDate": day, "endDate": day})
        rows = (await self.running.toss("GET", f"/settlements?{asked}")).json()
        return grouped((row["orderId"], row["amount"], row["fee"], row["payOutAmount"]) for row in rows)


class Inicis:
    def __init__(self, running: Running) -> None:
        self.shop = Shop(running)
        self.tids: dict[str, str] = {}

    async def pay(self, order: str) -> None:
        self.tids[order] = (await self.shop.paid(order, PRICE))["tid"]

    async def deposit(self, order: str) -> None:
        self.tids[order] = (await self.shop.account(order, PRICE))["tid"]
        await self.shop.bank("deposit", orderId=order)

    async def give_back(self, order: str, amount: int, left: int, *, by_account: bool) -> None:
        more = {"price": str(amount), "confirmPrice": str(left)}
        if by_account:
            more |= {"refundAcctNum": sealed("110123456789"), "refundBankCode": "88", "refundAcctName": "김하늘"}
        done = await self.shop.refund(self.tids[order], "Vacct" if by_account else "Card", **more)
        assert done["resultCode"] == "00", done

    async def file(self, day: str) -> Rows:
        rows = (await self.shop.v2("settlement", {"date": day.replace("-", "")}))["settlementList"]
        signs = {"APPROVAL": 1, "CANCEL": -1}
        return grouped(
            (row["oid"], sign * int(row["price"]), sign * int(row["fee"]), sign * (int(row["price"]) - int(row["fee"])))
            for row in rows
            for sign in (signs[row["kind"]],)
        )


class PortOne:
    party = "portone"

    def __init__(self, running: Running) -> None:
        self.running = running
        self.client = running.client

    async def pay(self, order: str, method: str = "CARD") -> None:
        asked = {
            "storeId": "store-sandbox", "channelKey": "c", "paymentId": order, "orderName": "머그컵",
            "totalAmount": PRICE, "currency": "KRW", "payMethod": method, "redirectUrl": "http://shop.test/back",
            "virtualAccount": {"accountExpiry": {"validHours": 24}},
        }  # fmt: skip
        await self.control("pay", asked)

    async def deposit(self, order: str) -> None:
        await self.pay(order, "VIRTUAL_ACCOUNT")
        await self.control("deposit", {"paymentId": order})

    async def give_back(self, order: str, amount: int, _left: int, *, by_account: bool) -> None:
        account = {"bank": "SHINHAN", "number": "110123456789", "holderName": "김하늘"}
        body = {"reason": "변심", "amount": amount} | ({"refundAccount": account} if by_account else {})
        done = await self.client.post(f"/portone/payments/{order}/cancel", json=body, headers=V2_AUTH)
        assert done.status_code == 200, done.text
        await self.control("finish-refunds", {"paymentId": order})

    async def control(self, verb: str, body: Any) -> None:
        done = await self.client.post(f"/{self.party}/_sandbox/{verb}", json=body)
        assert done.status_code == 200, done.text

    async def file(self, day: str) -> Rows:
        rows = (await self.client.get(f"/{self.party}/_sandbox/settlements/{day}")).json()
        return grouped((row["paymentId"], row["amount"], row["fee"], row["payout"]) for row in rows)


class PortOneV1(PortOne):
    party = "portone_v1"

    async def pay(self, order: str, method: str = "card") -> None:
        asked = {
            "imp_code": "imp00000000", "pay_method": "vbank" if method == "VIRTUAL_ACCOUNT" else method,
            "merchant_uid": order, "name": "머그컵", "amount": PRICE, "m_redirect_url": "http://shop.test/back",
            "vbank_due": "202611241000",
        }  # fmt: skip
        await self.control("pay", asked)

    async def give_back(self, order: str, amount: int, _left: int, *, by_account: bool) -> None:
        token = (await self.client.post("/portone_v1/users/getToken", json=V1_KEYS)).json()["response"]["access_token"]
        headers = {"authorization": token}
        found = (await self.client.get(f"/portone_v1/payments/find/{order}", headers=headers)).json()["response"]
        body = {"imp_uid": found["imp_uid"], "amount": amount, "reason": "변심"}
        if by_account:
            body |= {"refund_holder": "김하늘", "refund_bank": "88", "refund_account": "110123456789"}
        done = await self.client.post("/portone_v1/payments/cancel", json=body, headers=headers)
        assert done.json()["code"] == 0, done.text


class KakaoPay:
    """No accounts: money and cards."""

    def __init__(self, running: Running) -> None:
        self.client = running.client
        self.tids: dict[str, str] = {}

    async def pay(self, order: str, choice: str = "card") -> None:
        names = {"cid": "TC0ONETIME", "partner_order_id": order, "partner_user_id": "buyer"}
        asked = names | {
            "item_name": "머그컵", "quantity": 1, "total_amount": PRICE, "tax_free_amount": 0,
            "approval_url": "http://shop.test/back", "cancel_url": "http://shop.test/quit",
            "fail_url": "http://shop.test/failed",
        }  # fmt: skip
        opened = await self.call("ready", asked)
        chosen = await self.client.post("/kakaopay/_sandbox/pay", json={"tid": opened["tid"], "choice": choice})
        self.tids[order] = opened["tid"]
        await self.call("approve", names | {"tid": opened["tid"], "pg_token": chosen.json()["pg_token"]})

    async def deposit(self, order: str) -> None:
        await self.pay(order, "money")

    async def give_back(self, order: str, amount: int, _left: int, *, by_account: bool) -> None:
        body = {"cid": "TC0ONETIME", "tid": self.tids[order], "cancel_amount": amount, "cancel_tax_free_amount": 0}
        await self.call("cancel", body)

    async def call(self, verb: str, body: Any) -> dict[str, Any]:
        answer = await self.client.post(f"/kakaopay/online/v1/payment/{verb}", json=body, headers=KAKAO)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def file(self, day: str) -> Rows:
        asked = {"cid": "TC0ONETIME", "date": day}
        rows = (await self.client.get("/kakaopay/online/v1/settlements", params=asked, headers=KAKAO)).json()["rows"]
        return grouped((row["partner_order_id"], row["amount"], row["fee"], row["payout_amount"]) for row in rows)


def grouped(rows: Any) -> Rows:
    """Amounts by order, in the file's order. What is paid out is the amount without the fee, in both directions."""
    found: Rows = defaultdict(list)
    for order, amount, fee, payout in rows:
        assert amount - fee == payout
        assert (fee > 0) == (amount > 0)
        found[order].append(amount)
    return dict(found)


COMPANIES: dict[str, Any] = {
    "toss": Toss, "inicis": Inicis, "portone": PortOne, "portone_v1": PortOneV1, "kakaopay": KakaoPay,
}  # fmt: skip
