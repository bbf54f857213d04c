"""Pages to look at what the parties received, and to be the customer and the bank by hand."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox.banks import MOST_WON, BankRefusal, BankRules
from sandbox.faults import Faults
from sandbox.logistics.parts import Logistics
from sandbox.settings import Settings
from sandbox.solapi.checks import STATUS
from sandbox.solapi.parts import Solapi
from sandbox.store import Store
from sandbox.toss.errors import TossRefusal
from sandbox.toss.parts import Toss
from sandbox.toss.payment import ACCOUNT, BANKS, Payment

TEMPLATES = Path(__file__).parent / "templates"
SHOWN = 100
GUARD = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
WINDOW_FIELDS = (
    "clientKey", "method", "amount", "orderId", "orderName", "successUrl", "failUrl", "customerName", "taxFreeAmount",
    "useEscrow", "validHours",
)  # fmt: skip


def won(amount: int) -> str:
    return f"{amount:,}원"


class Pages:
    def __init__(self, settings: Settings) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self._environment.filters["won"] = won
        self._environment.globals["base"] = settings.prefix

    def show(self, template: str, status: int = 200, **values: Any) -> Response:
        html = self._environment.get_template(template).render(**values)
        return HTMLResponse(html, status, headers=GUARD)


async def form(request: Request) -> dict[str, str]:
    raw = (await request.body()).decode(errors="replace")
    return dict(parse_qsl(raw, keep_blank_values=True))


def from_elsewhere(request: Request) -> bool:
    """A form another site's page sent: the buttons here move money, if only pretended."""
    return request.headers.get("sec-fetch-site") in ("cross-site", "same-site")


def amount_in(fields: Mapping[str, str]) -> int | None:
    """What somebody wrote into the bank's form; None for all that is asked."""
    text = fields.get("amount", "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(MOST_WON)):
        raise BankRefusal("WRONG_AMOUNT", "금액은 원 단위 숫자로 적어 주세요.")
    return int(text)


def bank_buttons(
    api: APIRouter, settings: Settings, party: str, rules: BankRules, *,
    acts: Mapping[str, Callable[[dict[str, str]], object]], refused: Callable[[], Response],
) -> None:  # fmt: skip
    """The bank at a party's page: each act does what its button says; `rule` switches what the bank takes."""

    def switch(fields: dict[str, str]) -> None:
        rules.set(exact=fields.get("exact") != "no")

    known = {**acts, "rule": switch}

    @api.post(f"/{party}/buttons/{{button}}")
    async def press(request: Request, button: str) -> Response:
        if button not in known or from_elsewhere(request):
            return refused()
        fields = await form(request)
        try:
            known[button](fields)
            note = "done"
        except BankRefusal as refusal:
            note = refusal.message
        return RedirectResponse(f"{settings.prefix}/{party}?" + urlencode({"note": note}), 303)


def router(
    *, settings: Settings, store: Store, faults: Faults, toss: Toss, solapi: Solapi, logistics: Logistics
) -> APIRouter:
    api = APIRouter(include_in_schema=False)
    pages = Pages(settings)
    _overview(api, pages, store, faults, toss)
    _window(api, pages, toss)
    _bank_buttons(api, pages, settings, toss)
    _job_buttons(api, pages, settings, logistics)
    _party_pages(api, pages, toss, solapi, logistics)
    return api


def _overview(api: APIRouter, pages: Pages, store: Store, faults: Faults, toss: Toss) -> None:
    @api.get("/style.css")
    async def style() -> Response:
        return Response((TEMPLATES / "style.css").read_text(encoding="utf-8"), media_type="text/css")

    @api.get("/")
    async def home() -> Response:
        messages = store.row("SELECT count(*) FROM solapi_messages")
        parcels = store.row("SELECT count(*) FROM parcels")
        callbacks = store.rows(
            "SELECT party, state, count(*) AS many FROM callbacks GROUP BY party, state ORDER BY party, state"
        )
        return pages.show(
            "home.html",
            totals=toss.ledger.books()["totals"],
            messages=messages[0] if messages else 0,
            parcels=parcels[0] if parcels else 0,
            callbacks=callbacks,
            faults=faults.all(),
        )


def _window(api: APIRouter, pages: Pages, toss: Toss) -> None:
    def open_window(fields: dict[str, str], act: Callable[[dict[str, str]], Response]) -> Response:
        try:
            return act(fields)
        except TossRefusal as refusal:
            return pages.show("refused.html", refusal.status, refusal=refusal)

    @api.get("/toss/pay")
    async def window(request: Request) -> Response:
        """The payment window, as requestPayment opens it."""

        def show(fields: dict[str, str]) -> Response:
            asked = toss.window.read(fields)
            kept = {name: fields[name] for name in WINDOW_FIELDS if name in fields}
            return pages.show("window.html", asked=asked, kept=kept, banks=BANKS, by_account=asked.method == ACCOUNT)

        return open_window(dict(request.query_params), show)

    @api.post("/toss/pay")
    async def chosen(request: Request) -> Response:
        def choose(fields: dict[str, str]) -> Response:
            if from_elsewhere(request):
                raise TossRefusal("FORBIDDEN_REQUEST")
            _, url = toss.window.choose(toss.window.read(fields), fields.get("choice", ""))
            return RedirectResponse(url, 303)

        return open_window(await form(request), choose)

    @api.get("/toss/receipts/{payment_key}")
    @api.get("/toss/checkout/{payment_key}")
    async def receipt(payment_key: str) -> Response:
        payment = toss.ledger.find(payment_key)
        if payment is None:
            return pages.show("refused.html", 404, refusal=TossRefusal("NOT_FOUND_PAYMENT"))
        return pages.show("receipt.html", payment=payment, wire=toss.wire(payment))


def _bank_buttons(api: APIRouter, pages: Pages, settings: Settings, toss: Toss) -> None:
    def account(fields: dict[str, str]) -> Payment:
        return toss.bank.find(account_number=None, order_id=fields.get("orderId"))

    bank_buttons(
        api, settings, "toss", toss.bank.rules,
        acts={
            "deposit": lambda fields: toss.bank.deposit(account(fields), amount=amount_in(fields)),
            "late": lambda fields: toss.bank.deposit(account(fields), amount=amount_in(fields), force=True),
            "reverse": lambda fields: toss.bank.reverse(account(fields)),
            "expire": lambda fields: toss.bank.expire(account(fields)),
        },
        refused=lambda: pages.show("refused.html", 403, refusal=TossRefusal("FORBIDDEN_REQUEST")),
    )  # fmt: skip


def _job_buttons(api: APIRouter, pages: Pages, settings: Settings, logistics: Logistics) -> None:
    @api.post("/logistics/buttons/{button}")
    async def press(request: Request, button: str) -> Response:
        if button not in ("pause", "resume") or from_elsewhere(request):
            return pages.show("refused.html", 403, refusal=TossRefusal("FORBIDDEN_REQUEST"))
        logistics.switches.set("paused", "yes" if button == "pause" else "no")
        return RedirectResponse(f"{settings.prefix}/logistics", 303)


def _party_pages(api: APIRouter, pages: Pages, toss: Toss, solapi: Solapi, logistics: Logistics) -> None:
    @api.get("/toss")
    async def toss_page(note: str = "") -> Response:
        books = toss.ledger.books()
        return pages.show(
            "toss.html", totals=books["totals"], payments=books["payments"][: -SHOWN - 1 : -1], note=note, banks=BANKS,
            exact=toss.bank.rules.exact,
        )  # fmt: skip

    @api.get("/solapi")
    async def solapi_page() -> Response:
        messages = solapi.messages.all()
        return pages.show(
            "solapi.html", messages=messages[: -SHOWN - 1 : -1], many=len(messages), meanings=STATUS,
            templates=solapi.templates.all(),
        )  # fmt: skip

    @api.get("/logistics")
    async def logistics_page() -> Response:
        requests, returns = logistics.job.books(), logistics.returns.books()
        releases = logistics.fassto.slips()
        parcels = logistics.parcels.books()
        return pages.show(
            "logistics.html", requests=requests[: -SHOWN - 1 : -1], releases=releases[: -SHOWN - 1 : -1],
            parcels=parcels[: -SHOWN - 1 : -1], stock=logistics.fassto.stock(), switches=logistics.switches.show(),
            url=logistics.settings.logistics_url, returns=returns[: -SHOWN - 1 : -1],
        )  # fmt: skip
