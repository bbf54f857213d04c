"""The cart's frozen quote."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID

import httpx
from pydantic import BaseModel, Field, StrictInt, ValidationError

from common import log
from common.errors import UpstreamUnavailable
from common.http_client import ask
from common.money import vat_included
from orders.clients.refusals import refusal
from orders.commands import PlaceOrder
from orders.domain import Promotion, Quote, QuoteLine

_log = log.get(__name__)

_PASSED_ON = frozenset(
    {
        "cart.not_found",
        "cart.empty",
        "cart.already_ordered",
        "cart.busy",
        "cart.line_unavailable",
        "cart.merged",
        "cart.limit_exceeded",
        "coupon.unknown",
        "coupon.not_usable",
        "cart.too_many_coupons",
        "sku.not_for_sale",
        "shipping_rule.missing",
    }
)

_Amount = Annotated[StrictInt, Field(ge=0)]


class Cart(Protocol):
    """Refusals come as `UpstreamRefused` with the cart's own code, anything unclear as `UpstreamUnavailable`."""

    async def freeze(self, wanted: PlaceOrder, *, without_gifts: Collection[str] = ()) -> Quote:
        """The same order id gets the same quote, however often it is asked; gifts once left out stay out."""
        ...

    async def release(self, cart_id: UUID, order_id: UUID) -> None:
        """Lets another order have the cart at once. May be asked for a cart that this order does not hold."""
        ...

    async def surcharge(self, mall_id: str, zonecode: str, order_id: UUID) -> int:
        """What delivery there costs this order beside the fee, in minor units of the mall's currency."""
        ...


class _Promotion(BaseModel):
    """Explains a discount; the amounts that count are the lines'."""

    promotion_id: UUID
    label: Annotated[str, Field(max_length=300)]
    amount: StrictInt


class _Line(BaseModel):
    line_id: UUID
    sku: str
    product_id: UUID
    product_name: str
    variant_name: str | None = None
    category_ids: tuple[str, ...] = ()
    quantity: Annotated[StrictInt, Field(ge=1)]
    unit_price: _Amount
    discount_amount: _Amount
    amount: _Amount
    vat_amount: _Amount
    tax_free_amount: _Amount
    kind: Literal["item", "gift"] = "item"
    gift_of: tuple[UUID, ...] = ()
    promotions: tuple[_Promotion, ...] = ()


class _Surcharge(BaseModel):
    amount: _Amount


class _FrozenQuote(BaseModel):
    cart_id: UUID
    mall_id: str
    channel: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    lines: tuple[_Line, ...]
    items_amount: _Amount
    discount_amount: _Amount
    shipping_amount: _Amount
    total_amount: _Amount
    coupon_uses: tuple[UUID, ...] = ()
    surcharge_amount: _Amount = 0
    shipping_discount_amount: _Amount = 0
    free_shipping_from: _Amount | None = None

    def to_quote(self) -> Quote:
        return Quote(
            cart_id=self.cart_id,
            mall_id=self.mall_id,
            channel=self.channel,
            currency=self.currency,
            lines=tuple(QuoteLine(**line.model_dump(exclude={"promotions"})) for line in self.lines),
            items_amount=self.items_amount,
            discount_amount=self.discount_amount,
            shipping_amount=self.shipping_amount,
            shipping_vat_amount=vat_included(self.shipping_amount),
            total_amount=self.total_amount,
            promotions=self._promotions(),
            coupon_uses=self.coupon_uses,
            surcharge_amount=self.surcharge_amount,
            shipping_discount_amount=self.shipping_discount_amount,
            free_shipping_from=self.free_shipping_from,
        )

    def _promotions(self) -> tuple[Promotion, ...]:
        """What each took off all lines together."""
        amounts: dict[tuple[str, str], int] = {}
        for line in self.lines:
            for off in line.promotions:
                name = (str(off.promotion_id), off.label)
                amounts[name] = amounts.get(name, 0) + off.amount
        return tuple(Promotion(promotion_id, label, amount) for (promotion_id, label), amount in amounts.items())


class HttpCart:
    """Cart over HTTP. `http` shows the shop's own key."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self._url = url.rstrip("/")

    async def freeze(self, wanted: PlaceOrder, *, without_gifts: Collection[str] = ()) -> Quote:
        body: dict[str, Any] = {"order_id": str(wanted.order_id), "ship_to_zonecode": wanted.contact.zonecode}
        if without_gifts:
            body["without_gifts"] = sorted(without_gifts)
        response = await ask(
            self._http,
            "POST",
            f"{self._url}/internal/carts/{wanted.cart_id}/freeze",
            service="cart",
            json=body,
            headers={"X-Cart-Token": wanted.cart_token},
        )
        if response.status_code != httpx.codes.OK:
            raise refusal(response, "cart", _PASSED_ON)
        try:
            return _FrozenQuote.model_validate_json(response.content).to_quote()
        except ValidationError as error:
            _log.error("the cart's quote cannot be read", errors=error.error_count())
            raise UpstreamUnavailable("cart cannot answer this now", service="cart") from error

    async def release(self, cart_id: UUID, order_id: UUID) -> None:
        response = await ask(
            self._http, "DELETE", f"{self._url}/internal/carts/{cart_id}/freeze/{order_id}", service="cart"
        )
        if response.is_error:
            raise refusal(response, "cart", frozenset())

    async def surcharge(self, mall_id: str, zonecode: str, order_id: UUID) -> int:
        url = f"{self._url}/internal/surcharges/{mall_id}/{zonecode}?order_id={order_id}"
        response = await ask(self._http, "GET", url, service="cart")
        if response.status_code != httpx.codes.OK:
            raise refusal(response, "cart", frozenset())
        try:
            return _Surcharge.model_validate_json(response.content).amount
        except ValidationError as error:
            _log.error("the cart's surcharge cannot be read", errors=error.error_count())
            raise UpstreamUnavailable("cart cannot answer this now", service="cart") from error
