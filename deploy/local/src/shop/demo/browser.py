"""A customer's browser on its way through a provider's window and back: it follows redirects, sends the forms that
send themselves, does what the providers' scripts do, and presses one button.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode, urljoin

import httpx

from shop.demo.complaint import Unexpected
from shop.demo.pages import Form, Page, read

_MOST_STEPS = 12
_MOST_PAUSE_SECONDS = 3.0
_FORM_ACTION = re.compile(r'form\.action="([^"]+)"')
_SCRIPT_AT = re.compile(r'var at="([^"]+)"')


@dataclass(frozen=True)
class Step:
    """What the browser asks for next; `fields` are posted as a form."""

    method: str
    url: str
    fields: Mapping[str, str] | None = None


@dataclass
class Browser:
    """Goes on until it comes to `home`. Asks again while the other side is busy or away, `patience` seconds a step.

    Everything raises `Unexpected` where a customer would be stuck.
    """

    http: httpx.AsyncClient
    home: str
    patience: float = 60.0

    async def pay(self, url: str, choice: str = "pay") -> str:
        """From the window's address, pressing `choice` in it. Returns the address it came home to."""
        return await self.follow(await self.press(url, choice))

    async def press(self, url: str, choice: str = "pay") -> Step:
        """As far as the way back to the shop, which is not taken."""
        step, pressed = Step("GET", url), False
        for _ in range(_MOST_STEPS):
            if pressed and "/v1/payments/" in step.url:
                return step
            answer = await self._ask(step)
            if answer.is_redirect:
                step = _onward(step, answer)
                continue
            page = read(answer.text)
            if buttons := [form for form in page.forms if form.choices()]:
                step, pressed = _pressed(buttons[0], choice, str(answer.url)), True
            else:
                step = await self._by_itself(page, str(answer.url))
        raise Unexpected(f"{url} leads nowhere")

    async def follow(self, step: Step) -> str:
        for _ in range(_MOST_STEPS):
            if step.url.startswith(self.home):
                return step.url
            answer = await self._ask(step)
            if not answer.is_redirect:
                raise Unexpected(f"{step.method} {step.url} answered {answer.status_code}: {answer.text[:300]}")
            step = _onward(step, answer)
        raise Unexpected(f"{step.url} leads nowhere")

    async def _ask(self, step: Step) -> httpx.Response:
        end, pause = time.monotonic() + self.patience, 0.2
        while True:
            try:
                answer = await self.http.request(step.method, step.url, data=step.fields, follow_redirects=False)
            except httpx.TransportError as error:
                said = repr(error)
            else:
                if answer.status_code < 400:
                    return answer
                said = f"answered {answer.status_code}: {answer.text[:300]}"
                if answer.status_code < 500 and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                    raise Unexpected(f"{step.method} {step.url} {said}")
            if time.monotonic() > end:
                raise Unexpected(f"{step.method} {step.url}: {said}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, _MOST_PAUSE_SECONDS)

    async def _by_itself(self, page: Page, at: str) -> Step:
        """What the page does without anybody's hand. Inicis's script sends the form to its window, PortOne's goes to
        its window with what it was asked for; the page on the way back is a form that sends itself."""
        if "request" in page.data:
            asked = page.data["request"] | ({"imp_code": page.data["code"]} if "code" in page.data else {})
            return Step("GET", f"{await self._said(page, _SCRIPT_AT, at)}?{urlencode({'request': json.dumps(asked)})}")
        if not page.forms:
            raise Unexpected(f"{at} has nothing to press")
        form = page.forms[0]
        target = form.action or await self._said(page, _FORM_ACTION, at)
        return Step("POST", urljoin(at, target), form.fields)

    async def _said(self, page: Page, what: re.Pattern[str], at: str) -> str:
        if not page.scripts:
            raise Unexpected(f"{at} has no script")
        script = await self._ask(Step("GET", urljoin(at, page.scripts[0])))
        found = what.search(script.text)
        if found is None:
            raise Unexpected(f"the script of {at} leads nowhere")
        return found[1]


def _onward(step: Step, answer: httpx.Response) -> Step:
    return Step("GET", urljoin(step.url, answer.headers["location"]))


def _pressed(form: Form, choice: str, at: str) -> Step:
    if choice not in form.choices():
        raise Unexpected(f"{at} has no button {choice}")
    return Step("POST", urljoin(at, form.action), form.fields | {"choice": choice})


def changed(step: Step, **fields: str) -> Step:
    """The same way back with other words in it, as somebody who means ill would send it."""
    return replace(step, fields={**(step.fields or {}), **fields})
