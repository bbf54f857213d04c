"""What cart hears: catalog keeps its copy of the goods true, orders close a cart."""

from __future__ import annotations

from cart import handlers
from cart.commands import (
    CloseCart,
    GiveBack,
    GiveBackPart,
    GoneUnits,
    RecordedVariant,
    RecordMall,
    RecordPrice,
    RecordProduct,
    RecordStock,
)
from common.db import Tx
from common.processing import Handlers
from contracts.claims import ClaimCompleted, ReplacementStopped
from contracts.orders import OrderCancelled, OrderPlaced
from contracts.products import MallChanged, PriceChanged, ProductChanged, ProductPublished, TaxClass
from contracts.stock import StockChanged


async def on_mall_changed(event: MallChanged, tx: Tx) -> None:
    await handlers.record_mall(RecordMall(event.mall_id, event.name, event.currency, event.occurred_at), tx)


async def on_product(event: ProductPublished | ProductChanged, tx: Tx) -> None:
    variants = tuple(
        RecordedVariant(
            each.sku,
            each.variant_id,
            each.name,
            each.price,
            each.tax is TaxClass.TAX_FREE,
            tuple((part.sku, part.quantity) for part in each.parts),
        )
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
    if event.whole:
        await handlers.give_back(GiveBack(event.order_id), tx)
        return
    gone = tuple(GoneUnits(line.line_id, line.quantity, line.quantity) for line in event.lines)
    await handlers.give_back_part(GiveBackPart(event.order_id, event.cancel_id, gone), tx)


async def on_claim_completed(event: ClaimCompleted, tx: Tx) -> None:
    """Of what is exchanged the customer has as much as before."""
    if event.kind != "return":
        return
    gone = tuple(GoneUnits(line.line_id, line.resellable + line.damaged, line.resellable) for line in event.lines)
    await handlers.give_back_part(GiveBackPart(event.order_id, event.claim_id, gone, last=event.whole), tx)


async def on_replacement_stopped(event: ReplacementStopped, tx: Tx) -> None:
    """What was to be sent in exchange is paid back instead, so it is gone as if it had been returned."""
    gone = tuple(GoneUnits(line.line_id, line.quantity, line.resellable) for line in event.lines)
    await handlers.give_back_part(GiveBackPart(event.order_id, event.stop_id, gone, last=event.whole), tx)


def handlers_of() -> Handlers:
    return {
        MallChanged: on_mall_changed,
        ProductPublished: on_product,
        ProductChanged: on_product,
        PriceChanged: on_price_changed,
        StockChanged: on_stock_changed,
        OrderPlaced: on_order_placed,
        OrderCancelled: on_order_cancelled,
        ClaimCompleted: on_claim_completed,
        ReplacementStopped: on_replacement_stopped,
    }
