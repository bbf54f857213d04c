"""What cart hears: catalog keeps its copy of the goods true, orders close a cart."""

from __future__ import annotations

from cart import handlers
from cart.commands import CloseCart, GiveBack, RecordedVariant, RecordMall, RecordPrice, RecordProduct, RecordStock
from common.db import Tx
from common.processing import Handlers
from contracts.orders import OrderCancelled, OrderPlaced
from contracts.products import MallChanged, PriceChanged, ProductChanged, ProductPublished, TaxClass
from contracts.stock import StockChanged


async def on_mall_changed(event: MallChanged, tx: Tx) -> None:
    await handlers.record_mall(RecordMall(event.mall_id, event.name, event.currency, event.occurred_at), tx)


async def on_product(event: ProductPublished | ProductChanged, tx: Tx) -> None:
    variants = tuple(
        RecordedVariant(each.sku, each.variant_id, each.name, each.price, each.tax is TaxClass.TAX_FREE)
        for each in event.variants
    )
    command = RecordProduct(
        product_id=event.product_id,
        mall_id=event.mall_id,
        name=event.name,
        currency=event.currency,
        on_sale=event.status != "hidden",
        category_ids=event.category_ids,
        image_url=event.image_url,
        variants=variants,
        changed_at=event.occurred_at,
    )
    await handlers.record_product(command, tx)


async def on_price_changed(event: PriceChanged, tx: Tx) -> None:
    await handlers.record_price(RecordPrice(event.product_id, event.sku, event.new_price, event.occurred_at), tx)


async def on_stock_changed(event: StockChanged, tx: Tx) -> None:
    await handlers.record_stock(RecordStock(event.sku, event.available, event.occurred_at), tx)


async def on_order_placed(event: OrderPlaced, tx: Tx) -> None:
    await handlers.close_cart(CloseCart(event.order_id), tx)


async def on_order_cancelled(event: OrderCancelled, tx: Tx) -> None:
    """A part that is cancelled leaves the order, and with it what the order used."""
    if event.whole:
        await handlers.give_back(GiveBack(event.order_id), tx)


def handlers_of() -> Handlers:
    return {
        MallChanged: on_mall_changed,
        ProductPublished: on_product,
        ProductChanged: on_product,
        PriceChanged: on_price_changed,
        StockChanged: on_stock_changed,
        OrderPlaced: on_order_placed,
        OrderCancelled: on_order_cancelled,
    }
