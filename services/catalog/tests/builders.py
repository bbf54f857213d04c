"""Things to test with, with honest defaults."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt

from catalog.commands import AddCategory, AddProduct, NewVariant, OpenMall, PublishProduct, ReceiveStock
from catalog.domain.product import Category, Product, Tax, Variant
from catalog.domain.reservation import Line, Reservation, Status
from catalog.handlers import malls, products, stock
from common import ids
from common.db import Database
from contracts.orders import (
    CancelledLine,
    OrderCancelled,
    OrderOptionChanged,
    OrderOptionChangeRefused,
    OrderPaid,
    OrderPlaced,
)
from contracts.shared import OrderLine, SkuQuantity

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
MEDIA = "https://shop.test/media"
STAFF_KEY = "a key of staff tokens, for tests only"
INTERNAL_KEY = "between-services"
MALL = "intake"


def a_staff_token(*roles: str, subject: str = "hana") -> str:
    claims = {"sub": subject, "typ": "staff", "roles": list(roles), "exp": 4_102_444_800}
    return jwt.encode(claims, STAFF_KEY, algorithm="HS256")


def a_variant(sku: str = "GRANOLA-500", price: int = 12_900, list_price: int | None = None) -> Variant:
    return Variant(ids.new_id(), sku, "500 g", price, list_price, Tax.TAXABLE)


def a_product(**changes) -> Product:
    facts = {
        "id": ids.new_id(),
        "mall_id": MALL,
        "slug": "organic-granola",
        "name": "유기농 그래놀라",
        "description": "귀리와 꿀",
        "currency": "KRW",
        "variants": (a_variant(),),
        "categories": (
            Category(MALL, "food", "식품", ("food",)),
            Category(MALL, "granola", "그래놀라", ("food", "granola")),
        ),
    }
    return Product(**(facts | changes))


def a_reservation(status: Status = Status.HELD, lines: dict[str, int] | None = None, **changes) -> Reservation:
    made = {sku: Line(quantity) for sku, quantity in (lines or {"A": 2, "B": 1}).items()}
    expires_at = NOW + timedelta(minutes=30) if status is Status.HELD else None
    facts = {"order_id": ids.new_id(), "mall_id": MALL, "status": status, "lines": made, "expires_at": expires_at}
    return Reservation(**(facts | changes))


async def a_mall(database: Database, mall_id: str = MALL) -> None:
    async with database.transaction() as tx:
        await malls.open_mall(OpenMall(mall_id, "인테이크", "KRW"), tx)


async def a_category(database: Database, category_id: str, parent_id: str | None = None, mall_id: str = MALL) -> None:
    async with database.transaction() as tx:
        await malls.add_category(AddCategory(mall_id, category_id, category_id, parent_id, 0), tx)


async def a_stored_product(
    database: Database,
    *skus: str,
    mall_id: str = MALL,
    name: str = "유기농 그래놀라",
    slug: str | None = None,
    category_id: str | None = None,
    price: int = 12_900,
    units: int = 0,
    publish: bool = True,
    parts: dict[str, int] | None = None,
    tags: tuple[str, ...] = (),
    rank: int = 0,
    tax: str = "taxable",
) -> UUID:
    """A product of these SKUs, with so many units of each, on sale unless said otherwise. With `parts`: sets."""
    product_id = ids.new_id()
    made_of = tuple((parts or {}).items())
    name_of = {sku: sku if len(skus) > 1 else None for sku in skus}
    variants = tuple(NewVariant(ids.new_id(), sku, name_of[sku], price, None, tax, parts=made_of) for sku in skus)
    async with database.transaction() as tx:
        new = AddProduct(
            product_id, mall_id, slug or str(product_id), name, "", category_id, "KRW", variants, tags, rank
        )
        await products.add_product(new, tx)
        if publish:
            await products.publish_product(PublishProduct(product_id), tx, MEDIA)
    if units:
        await receive(database, **dict.fromkeys(skus, units))
    return product_id


async def receive(database: Database, **units: int) -> None:
    async with database.transaction() as tx:
        await stock.receive(ReceiveStock(ids.new_id(), str(ids.new_id()), None, units), tx)


def _lines(units: dict[str, int]) -> tuple[OrderLine, ...]:
    return tuple(
        OrderLine(
            line_id=ids.new_id(),
            sku=sku,
            product_id=ids.new_id(),
            product_name="유기농 그래놀라",
            quantity=quantity,
            unit_price=12_900,
            amount=12_900 * quantity,
        )
        for sku, quantity in units.items()
    )


def _order(order_id: UUID) -> dict[str, object]:
    return {
        "order_id": order_id,
        "order_number": "20261122-00000001",
        "mall_id": MALL,
        "channel": "pc",
        "currency": "KRW",
    }


def order_placed(order_id: UUID, **units: int) -> OrderPlaced:
    return OrderPlaced(
        **_order(order_id),
        lines=_lines(units),
        items_amount=0,
        discount_amount=0,
        shipping_amount=0,
        total_amount=0,
        placed_at=NOW,
        payment_due_at=NOW + timedelta(minutes=30),
    )


def order_paid(order_id: UUID, **units: int) -> OrderPaid:
    return OrderPaid(
        **_order(order_id),
        payment_id=ids.new_id(),
        provider="toss",
        method="card",
        lines=_lines(units),
        shipping_amount=0,
        discount_amount=0,
        total_amount=0,
        placed_at=NOW,
        paid_at=NOW,
    )


def an_option(order_id: UUID, change_id: UUID, sku: str, new_sku: str, quantity: int) -> dict[str, object]:
    """What both ends of a change say."""
    return {
        **_order(order_id),
        "change_id": change_id,
        "line_id": ids.new_id(),
        "product_id": ids.new_id(),
        "product_name": "유기농 그래놀라",
        "sku": sku,
        "new_sku": new_sku,
        "quantity": quantity,
    }


def option_changed(
    order_id: UUID, change_id: UUID, sku: str, new_sku: str, quantity: int, *, short: dict[str, int] | None = None
) -> OrderOptionChanged:
    about = an_option(order_id, change_id, sku, new_sku, quantity)
    return OrderOptionChanged(**about, amount=0, short=_short(short), changed_at=NOW)


def _short(units: dict[str, int] | None) -> tuple[SkuQuantity, ...]:
    return tuple(SkuQuantity(sku=sku, quantity=quantity) for sku, quantity in (units or {}).items())


def option_refused(order_id: UUID, change_id: UUID, sku: str, new_sku: str, quantity: int) -> OrderOptionChangeRefused:
    about = an_option(order_id, change_id, sku, new_sku, quantity)
    return OrderOptionChangeRefused(**about, reason="centre_accepted", refused_at=NOW)


def order_cancelled(
    order_id: UUID,
    *,
    was_paid: bool,
    whole: bool = True,
    cancel_id: UUID | None = None,
    short: dict[str, int] | None = None,
    **units: int,
) -> OrderCancelled:
    """`short`: by SKU, what the centre does not have of it."""
    lines = tuple(
        CancelledLine(line_id=ids.new_id(), sku=sku, product_id=ids.new_id(), quantity=quantity, amount=0)
        for sku, quantity in units.items()
    )
    return OrderCancelled(
        **_order(order_id),
        cancel_id=cancel_id or ids.new_id(),
        whole=whole,
        was_paid=was_paid,
        reason="changed_mind",
        lines=lines,
        refund_amount=0,
        short=_short(short),
        placed_at=NOW,
        cancelled_at=NOW,
    )
