"""What the demo's browser makes of pages like the providers'."""

import httpx
import pytest

from shop.demo.browser import Browser, Step, changed
from shop.demo.complaint import Unexpected
from shop.demo.customers import KINDS, SPECIAL, cast
from shop.demo.door import WAYS
from shop.demo.pages import read

EDGE = "http://shop.test"
WINDOW = """<form method="post" action="/sandbox/inicis/choose"><input type="hidden" name="oid" value="1&amp;2">
<select name="bank"><option value="03">A</option><option value="88" selected>B</option></select>
<button name="choice" value="pay">Pay</button><button name="choice" value="cancel">Cancel</button></form>"""
BACK = """<form id="back" method="post" action="http://shop.test/v1/payments/7/return"><input type="hidden" name="t"
value="x"><button class="main">Continue</button></form><script nonce="n">document.getElementById("back")</script>"""


class TestPages:
    def test_a_form_with_its_hidden_fields_its_list_and_its_buttons(self):
        (form,) = read(WINDOW).forms
        assert (form.action, form.method) == ("/sandbox/inicis/choose", "post")
        assert form.fields == {"oid": "1&2", "bank": "88"}
        assert form.choices() == ["pay", "cancel"]

    def test_without_a_choice_a_list_has_its_first(self):
        (form,) = read('<form><select name="b"><option value="1"><option value="2"></select></form>').forms
        assert form.fields == {"b": "1"}

    def test_scripts_and_the_data_they_were_given(self):
        page = read(
            '<script src="/a.js"></script><script type="application/json" id="request">{"a": "\\u003cb"}</script>'
            "<script>var later=1;</script>"
        )
        assert (page.scripts, page.data) == (["/a.js"], {"request": {"a": "<b"}})


class Street:
    """Answers by method and path; a list is answered one after the other."""

    def __init__(self, **answers) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.answers = answers

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        path = request.url.path
        self.asked.append((request.method, path, request.content.decode()))
        found = self.answers[path.rsplit("/", 1)[-1]]
        found = found.pop(0) if isinstance(found, list) else found
        return found if isinstance(found, httpx.Response) else httpx.Response(200, text=found)

    def browser(self, patience: float = 5.0) -> Browser:
        return Browser(httpx.AsyncClient(transport=httpx.MockTransport(self)), f"{EDGE}/paid", patience)


def onward(url: str) -> httpx.Response:
    return httpx.Response(303, headers={"location": url})


class TestBrowser:
    async def test_a_form_of_the_shop_a_window_and_a_form_back(self):
        street = Street(
            window='<script src="http://inicis.test/pay.js"></script><form id="f"><input name="oid" value="7"></form>',
            **{"pay.js": 'form.action="http://inicis.test/open";'},
            open=WINDOW,
            choose=BACK,
            **{"return": onward(f"{EDGE}/paid?status=confirmed")},
        )
        assert await street.browser().pay(f"{EDGE}/v1/payments/7/window") == f"{EDGE}/paid?status=confirmed"
        assert street.asked[2:] == [
            ("POST", "/open", "oid=7"),
            ("POST", "/sandbox/inicis/choose", "oid=1%262&bank=88&choice=pay"),
            ("POST", "/v1/payments/7/return", "t=x"),
        ]

    async def test_a_script_that_goes_to_its_window_with_what_it_was_asked_for(self):
        street = Street(
            window='<script src="http://portone.test/sdk.js"></script>'
            '<script type="application/json" id="request">{"a":1}</script>',
            **{"sdk.js": 'var at="http://portone.test/open";'},
            open=WINDOW,
            choose=onward(f"{EDGE}/v1/payments/7/return?a=1"),
        )
        step = await street.browser().press(f"{EDGE}/v1/payments/7/window", "cancel")
        assert step == Step("GET", f"{EDGE}/v1/payments/7/return?a=1")
        assert ("GET", "/open", "") in street.asked

    async def test_is_patient_with_who_is_busy_and_sends_the_same_again(self):
        street = Street(**{"return": [httpx.Response(503), onward(f"{EDGE}/paid")]})
        step = changed(Step("POST", f"{EDGE}/v1/payments/7/return", {"t": "x"}), t="y")
        await street.browser().follow(step)
        assert street.asked == [("POST", "/v1/payments/7/return", "t=y")] * 2

    @pytest.mark.parametrize("answer", [httpx.Response(404), httpx.Response(200, text="<p>nothing</p>"), WINDOW])
    async def test_complains_of_what_leads_nowhere(self, answer):
        with pytest.raises(Unexpected):
            await Street(pay=answer).browser().pay("http://toss.test/pay", "no such button")

    async def test_complains_of_who_stays_away(self):
        with pytest.raises(Unexpected, match="503"):
            await Street(pay=httpx.Response(503)).browser(patience=0.1).pay("http://toss.test/pay")


class TestCast:
    def test_the_demos_customers_pay_in_every_way_there_is(self):
        come = cast(33)
        assert len(come) == 33
        assert len(set(come)) == len(WAYS) + len(SPECIAL) == len(KINDS)

    def test_the_special_ones_come_always(self):
        assert set(cast(1)) == set(SPECIAL)
