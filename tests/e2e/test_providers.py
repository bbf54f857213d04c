"""Every provider and every method through the edge: paid, given back in parts, left, forged, doubled, raced, lost.

The customers of a test are in the shop at the same time.
"""

import asyncio
from dataclasses import dataclass

import httpx
import pytest
from rich.console import Console

from common import ids
from shop.audit import run as audit
from shop.audit.outside.tills import Money, name_of, read
from shop.demo.browser import Step, changed
from shop.demo.complaint import Unexpected
from shop.demo.door import PAYS, WAYS, Door, Order
from shop.demo.people import person
from shop.tokens import mint_staff

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

TAXABLE = "JELLY-PEACH"
BY_WINDOW = {"toss": "card", "kakaopay": "easy_pay", "inicis": "card", "portone": "card", "portone_v1": "card"}
BY_ACCOUNT = [provider for provider, method in WAYS if method == "virtual_account"]
WHERE = {"bank": "88", "account_number": "110123456789", "holder_name": "데모"}
SOON = 90.0


@dataclass
class Payer:
    """A customer of one provider, with an order of two taxable units and a tax-free one."""

    door: Door
    provider: str
    method: str
    order: Order
    payment_id: str = ""

    @property
    def pays(self) -> str:
        return PAYS.get(self.provider, "pay")

    async def pay(self, choice: str = "") -> None:
        if self.method == "virtual_account":
            account = await self.door.ask_for_account(self.order, provider=self.provider)
            self.payment_id = account["id"]
            await self.door.deposit(account)
        else:
            self.payment_id = await self.door.pay_by_window(self.order, self.method, self.provider, choice)

    async def to_the_return(self) -> Step:
        """Has paid in the window, and is about to come back."""
        payment = await self.door.open_window(self.order, self.method, self.provider)
        self.payment_id = payment["id"]
        return await self.door.browser.press(payment["next_action"]["url"], self.pays)

    async def becomes(self, *statuses: str) -> None:
        await self.door.wait_for(
            self.order, lambda found: found["status"] in statuses, " or ".join(statuses), seconds=SOON
        )

    async def paid(self) -> None:
        await self.becomes("paid", "preparing")
        assert await self.money() == Money(taken=self.order.total)

    async def unpaid(self) -> None:
        """And nothing is under way: an outcome that a slow answer left unknown has been asked for."""
        if self.payment_id:
            await self._known()
        assert (await self.door.look(self.order))["status"] == "pending_payment"
        assert await self.money() == Money()

    async def _known(self) -> None:
        for _ in range(int(SOON / 0.3)):
            if (await self.door.look_at_payment(self.order, self.payment_id))["status"] != "unknown":
                return
            await asyncio.sleep(0.3)
        raise Unexpected(f"what became of payment {self.payment_id} is still unknown")

    async def gives_back(self, amount: int, lines: list[dict] | None = None) -> None:
        """Cancels, and names the account where money of a deposit is wanted back."""
        await self.door.cancel(self.order, "changed my mind", lines)
        headers, named = {"X-Order-Token": self.order.token}, False
        for _ in range(int(SOON / 0.3)):
            payment = await self.door.look_at_payment(self.order, self.payment_id)
            if payment["refunded"]["amount"] == amount:
                return
            if not named and (payment["next_action"] or {}).get("type") == "refund_account":
                path = f"/v1/payments/{self.payment_id}/refund-account"
                await self.door.call("POST", path, expect=(204,), json=WHERE, headers=headers)
                named = True
            await asyncio.sleep(0.3)
        raise Unexpected(f"{payment['refunded']['amount']} of {amount} came back: {payment['refunds']}")

    async def gives_all_back(self) -> None:
        await self.gives_back(self.order.total)
        await self.becomes("cancelled")
        there = await self.money()
        assert (there.taken, there.refunds_total) == (self.order.total, self.order.total)

    async def money(self) -> Money:
        """What the provider has of this payment."""
        if not self.payment_id:
            return Money()
        url = f"{self.door.sandbox}/{self.provider}/_sandbox/books"
        found = (await self.door.http.get(url)).raise_for_status().json()
        return read(self.provider, found["payments"]).get(name_of(self.provider, self.payment_id), Money())


@pytest.fixture(scope="module")
async def tax_free(shop) -> str:
    """A product of the mall whose centre can be told to wait. Its SKU."""
    sku = f"SALT-{ids.new_id().hex[-8:]}"
    token = mint_staff(shop.secrets["staff_token_key"], roles=("catalog",))
    price = {"amount": 7_000, "currency": "KRW"}
    variant = {"sku": sku, "price": price, "tax": "tax_free"}
    product = {"mall_id": "intake", "slug": sku.lower(), "name": "천일염", "variants": [variant]}
    async with httpx.AsyncClient(timeout=30) as http:
        door = Door(http, shop.edge_url, f"{shop.edge_url}/sandbox")

        async def staff(path, **body):
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": ids.new_id().hex}
            return await door.call("POST", path, json=body, headers=headers)

        made = await staff("/v1/products", **product)
        await staff("/v1/stock/receipts", items=[{"sku": sku, "quantity": 500}], reference=sku)
        await staff(f"/v1/products/{made['id']}/publish")
        for _ in range(200):
            try:
                await door.fill_cart("intake", "pc", [(sku, 1)])
            except Unexpected:
                await asyncio.sleep(0.1)
            else:
                return sku
    raise AssertionError(f"cart does not know {sku}")


@pytest.fixture
def payer(door, tax_free, idle_centre):
    """Makes customers, whose parcels are not packed before the test is over."""
    numbers = iter(range(700, 800))

    async def make(provider: str, method: str = "") -> Payer:
        cart = await door.fill_cart("intake", "pc", [(TAXABLE, 2), (tax_free, 1)])
        order = await door.place(cart, person(next(numbers)))
        return Payer(door, provider, method or BY_WINDOW[provider], order)

    return make


@pytest.fixture
async def misbehave(http, shop):
    """The next calls or callbacks of a party go wrong; forgotten after the test."""
    faults = f"{shop.edge_url}/sandbox/_sandbox/faults"

    async def order(party: str, operation: str, kind: str, **more) -> None:
        body = {"party": party, "operation": operation, "kind": kind, "count": 1, **more}
        (await http.post(faults, json=body)).raise_for_status()

    yield order
    (await http.delete(faults)).raise_for_status()


async def together(**customers) -> None:
    """All at once; then every one who was unhappy, by name."""
    names, stories = list(customers), list(customers.values())
    results = await asyncio.gather(*stories, return_exceptions=True)
    unhappy = [f"{name}: {result!r}" for name, result in zip(names, results, strict=True) if result is not None]
    assert not unhappy, "\n".join(unhappy)


async def test_paid_given_back_in_part_and_the_rest(payer, tax_free):
    async def story(provider, method):
        mine = await payer(provider, method)
        await mine.pay()
        await mine.paid()
        line = next(line for line in mine.order.lines if line["sku"] == tax_free)
        await mine.gives_back(7_000, [{"line_id": line["line_id"], "quantity": 1}])
        await mine.gives_all_back()
        assert sorted((await mine.money()).refunds.elements()) == sorted([7_000, mine.order.total - 7_000])

    await together(**{f"{provider} {method}": story(provider, method) for provider, method in WAYS})


async def test_a_payer_gives_up_and_comes_again(payer):
    ways_out = {
        "toss": ("cancel", "fail", "decline"),
        "kakaopay": ("quit", "fail", "password", "decline"),
        "inicis": ("cancel", "fail", "decline"),
        "portone": ("cancel", "fail"),
        "portone_v1": ("cancel", "fail"),
    }

    async def story(provider, choice):
        mine = await payer(provider)
        await mine.pay(choice)
        await mine.unpaid()
        await mine.pay()
        await mine.paid()

    leaving = [(provider, choice) for provider, choices in ways_out.items() for choice in choices]
    await together(**{f"{provider} {choice}": story(provider, choice) for provider, choice in leaving})


class Forger:
    """What anybody could send about somebody's open payment."""

    def __init__(self, http: httpx.AsyncClient, mine: Payer, window: str) -> None:
        self.http = http
        self.mine = mine
        self.window = window

    async def toss(self) -> None:
        name, total = self.mine.payment_id, self.mine.order.total
        data = {
            "paymentKey": "forged", "orderId": name, "status": "DONE", "totalAmount": total, "mId": "sandboxmall",
            "method": "카드", "currency": "KRW",
        }  # fmt: skip
        body = {"eventType": "PAYMENT_STATUS_CHANGED", "createdAt": "2026-11-22T12:00:00.000000", "data": data}
        assert await self.calls_back(body) < 500
        await self.returns(paymentKey="forged", orderId=name, amount=str(total))

    async def kakaopay(self) -> None:
        assert 400 <= await self.calls_back({"partner_order_id": self.mine.payment_id}) < 500
        await self.returns(pg_token="0123456789abcdef0123")

    async def inicis(self) -> None:
        forged = {
            "no_tid": "StdpayVBNKsandboxmal20261122120000000001", "no_oid": self.mine.payment_id,
            "id_merchant": "sandboxmal", "amt_input": str(self.mine.order.total), "type_msg": "0200",
        }  # fmt: skip
        assert await self.calls_back(**forged) < 500
        step = await self.mine.door.browser.press(self.window, self.mine.pays)
        elsewhere = "http://127.0.0.1:9/api/payAuth"
        for words in ({"authUrl": elsewhere}, {"authToken": "invented"}, {"mid": "another000"}):
            fields = changed(step, **words).fields
            self.unmoved(await self.http.post(step.url, data=fields, follow_redirects=False))

    async def portone(self) -> None:
        name = self.mine.payment_id
        for how in ("unsigned", "wrong", "old", "tampered"):
            url = f"{self.mine.door.sandbox}/portone/_sandbox/forge"
            (await self.http.post(url, json={"how": how, "paymentId": name})).raise_for_status()
        body = {"type": "Transaction.Paid", "data": {"paymentId": name, "storeId": "store-sandbox"}}
        assert await self.calls_back(body) == 403
        await self.returns(paymentId=name, txId="forged")

    async def portone_v1(self) -> None:
        name = self.mine.payment_id
        assert await self.calls_back({"imp_uid": "imp_forged", "merchant_uid": name, "status": "paid"}) < 500
        await self.returns(imp_uid="imp_forged", merchant_uid=name, imp_success="true")

    async def calls_back(self, body: object = None, **form: str) -> int:
        url = f"{self.mine.door.edge}/v1/callbacks/{self.mine.provider}"
        return (await self.http.post(url, json=body, data=form or None)).status_code

    async def returns(self, **words: str) -> None:
        url = f"{self.mine.door.edge}/v1/payments/{self.mine.payment_id}/return"
        self.unmoved(await self.http.get(url, params=words, follow_redirects=False))

    @staticmethod
    def unmoved(answer: httpx.Response) -> None:
        assert answer.status_code < 500, answer.text
        assert "status=confirmed" not in answer.headers.get("location", "")


async def test_forged_returns_and_callbacks_change_nothing(payer, http):
    async def story(provider):
        mine = await payer(provider)
        payment = await mine.door.open_window(mine.order, mine.method, provider)
        mine.payment_id = payment["id"]
        await getattr(Forger(http, mine, payment["next_action"]["url"]), provider)()
        await mine.unpaid()
        await mine.pay()
        await mine.paid()

    await together(**{provider: story(provider) for provider in BY_WINDOW})


async def test_deposits_that_never_came_are_not_believed(payer, http, shop):
    async def story(provider):
        mine = await payer(provider, "virtual_account")
        account = await mine.door.ask_for_account(mine.order, provider=provider)
        mine.payment_id = name = account["id"]
        when = "2026-11-22T12:00:00.000000"
        said = {
            "toss": {"orderId": name, "secret": "guessed", "status": "DONE", "transactionKey": "x", "createdAt": when},
            "portone": {"type": "Transaction.Paid", "data": {"paymentId": name}},
            "portone_v1": {"imp_uid": "imp_forged", "merchant_uid": name, "status": "paid"},
        }
        if provider == "inicis":  # the company's own words, sent although nothing was paid in
            for fields in ({}, {"amt_input": "1"}):
                notice = {"orderId": name, "fields": fields}
                (await http.post(f"{mine.door.sandbox}/inicis/_sandbox/notice", json=notice)).raise_for_status()
        else:
            told = await http.post(f"{shop.edge_url}/v1/callbacks/{provider}", json=said[provider])
            assert told.status_code < 500
        await mine.unpaid()
        await mine.door.deposit(account)
        await mine.paid()

    await together(**{provider: story(provider) for provider in BY_ACCOUNT})


async def test_callbacks_doubled_and_returns_raced(payer, misbehave):
    for party in BY_ACCOUNT:
        await misbehave(party, "*", "duplicate_callbacks", count=8, seconds=0)

    async def at_a_window(provider):
        """Three tabs come back at once, while the provider calls."""
        mine = await payer(provider)
        step = await mine.to_the_return()
        homes = await asyncio.gather(*(mine.door.browser.follow(step) for _ in range(3)))
        assert any("status=confirmed" in home for home in homes), homes
        await mine.paid()
        await mine.gives_all_back()

    async def into_an_account(provider):
        mine = await payer(provider, "virtual_account")
        await mine.pay()
        await mine.paid()

    windows = {f"{provider} window": at_a_window(provider) for provider in BY_WINDOW}
    accounts = {f"{provider} account": into_an_account(provider) for provider in BY_ACCOUNT}
    await together(**windows, **accounts)


async def test_outcomes_nobody_told_are_found_out(payer, misbehave):
    """The answers to taking the money, to looking it up and to giving it back are lost."""
    lost = {
        "toss": ("confirm", "get_order", "cancel"),
        "kakaopay": ("approve", "order", "cancel"),
        "inicis": ("pay_auth", "net_cancel", "refund"),
        "portone": ("get_payment", "get_payment", "cancel"),
        "portone_v1": ("get_payment", "get_payment", "cancel"),
    }
    for party, (taking, looking, giving) in lost.items():
        await misbehave(party, taking, "drop_after_effect", mode="http_500")
        await misbehave(party, looking, "http_500")
        await misbehave(party, giving, "drop_after_effect", mode="http_500" if party == "inicis" else "close")

    async def story(provider):
        mine = await payer(provider)
        await mine.pay()
        await mine.paid()
        await mine.gives_all_back()

    await together(**{provider: story(provider) for provider in lost})


async def test_and_all_books_balance(shop):
    assert await asyncio.to_thread(audit, shop, Console(), settle_seconds=90)
