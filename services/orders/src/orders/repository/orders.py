"""The order's own rows, written by hand both ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import zip_longest
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from orders import errors, tables
from orders.domain import Charge, Line, Order, Parcel, Payment, Promotion, Status, Trouble, UnwantedPayment
from orders.repository import cancels, claims, options, parcels

_ORDER = tables.orders
_LINE = tables.order_lines
_UNWANTED = tables.order_unwanted_payments
_UNDER_WAY = frozenset({Status.PREPARING, Status.SHIPPED, Status.DELIVERED, Status.COMPLETED, Status.RETURNED})


async def insert_order(connection: AsyncConnection, order: Order, access_token_hash: bytes) -> bool:
    """False when the order is there already, or another order of its cart is; then nothing was written."""
    values = {
        "order_id": order.order_id,
        "number": order.number,
        "mall_id": order.mall_id,
        "channel": order.channel,
        "currency": order.currency,
        "cart_id": order.cart_id,
        "access_token_hash": access_token_hash,
        "items_amount": order.items_amount,
        "discount_amount": order.discount_amount,
        "shipping_amount": order.shipping_amount,
        "shipping_vat_amount": order.shipping_vat_amount,
        "total_amount": order.total_amount,
        "promotions": [_promotion_values(promotion) for promotion in order.promotions],
        "coupon_uses": list(order.coupon_uses),
        "surcharge_amount": order.surcharge_amount,
        "shipping_discount_amount": order.shipping_discount_amount,
        "free_shipping_from_amount": order.free_shipping_from,
        "placed_at": order.placed_at,
        **_changing(order),
    }
    written = await connection.execute(
        insert(_ORDER).values(values).on_conflict_do_nothing().returning(_ORDER.c.order_id)
    )
    if written.first() is None:
        return False
    lines = [_line_values(order.order_id, place, line) for place, line in enumerate(order.lines)]
    await connection.execute(insert(_LINE), lines)
    return True


async def find(connection: AsyncConnection, order_id: UUID) -> Order | None:
    found = await find_many(connection, [order_id])
    return found[0] if found else None


async def find_many(connection: AsyncConnection, order_ids: Sequence[UUID]) -> list[Order]:
    """The orders that exist, in the order of `order_ids`, in as many queries however many they are."""
    rows = (await connection.execute(select(_ORDER).where(_ORDER.c.order_id.in_(order_ids)))).all()
    by_id = {order.order_id: order for order in await _load(connection, rows)}
    return [by_id[order_id] for order_id in order_ids if order_id in by_id]


async def lock(connection: AsyncConnection, order_id: UUID) -> Order:
    """Waits for whoever changes the order now. Raises `OrderNotFound`."""
    row = (await connection.execute(select(_ORDER).where(_ORDER.c.order_id == order_id).with_for_update())).first()
    if row is None:
        raise errors.OrderNotFound("there is no such order")
    return (await _load(connection, [row]))[0]


async def lock_if_free(connection: AsyncConnection, order_id: UUID) -> Order | None:
    """None when somebody else is changing the order."""
    wanted = select(_ORDER).where(_ORDER.c.order_id == order_id).with_for_update(skip_locked=True)
    row = (await connection.execute(wanted)).first()
    return (await _load(connection, [row]))[0] if row is not None else None


async def save(connection: AsyncConnection, before: Order, after: Order) -> None:
    """Writes what changed. Call with the order locked."""
    order_id = after.order_id
    if (changed := _changing(after)) != _changing(before):
        await connection.execute(update(_ORDER).where(_ORDER.c.order_id == order_id).values(changed))
    for was, line in zip(before.lines, after.lines, strict=True):
        if was.sku != line.sku:
            await options.keep_cancelled(connection, order_id, line.line_id, was.sku)
        if was != line:
            await connection.execute(
                update(_LINE)
                .where(_LINE.c.order_id == order_id, _LINE.c.line_id == line.line_id)
                .values(
                    sku=line.sku,
                    variant_name=line.variant_name,
                    cancelled_quantity=line.cancelled,
                    cancelling_quantity=line.cancelling,
                    claiming_quantity=line.claiming,
                    returned_quantity=line.returned,
                )
            )
    await cancels.save(connection, order_id, before.cancels, after.cancels)
    await claims.save(connection, after, before.claims)
    await options.save(connection, order_id, before.option_changes, after.option_changes)
    await parcels.save(connection, order_id, before.parcels, after.parcels)
    for known, unwanted in zip_longest(before.unwanted, after.unwanted):
        if known != unwanted:
            values = _unwanted_values(order_id, unwanted)
            changed = {"deposit_reversed_at": unwanted.reversed_at}
            written = insert(_UNWANTED).values(values)
            await connection.execute(written.on_conflict_do_update(index_elements=["refund_id"], set_=changed))


def _changing(order: Order) -> dict[str, Any]:
    payment = order.payment
    return {
        "status": order.status.value,
        "payment_due_at": order.payment_due_at,
        "awaited_payment_id": order.awaited_payment_id,
        "payment_id": payment.payment_id if payment else None,
        "payment_provider": payment.provider if payment else None,
        "payment_method": payment.method if payment else None,
        "paid_amount": payment.amount if payment else 0,
        "paid_at": payment.paid_at if payment else None,
        "deposit_reversed_at": payment.reversed_at if payment else None,
        "refunded_amount": order.refunded_amount,
        "stock_missing": order.stock_missing,
        "delivered_at": order.delivered_at,
        "completed_at": order.completed_at,
        "returned_at": order.returned_at,
        "cancelled_at": order.cancelled_at,
        "troubles": [_trouble_values(trouble) for trouble in order.troubles],
        "charges": [_charge_values(charge) for charge in order.charges],
        "option_changes": len(order.option_changes),
    }


def _trouble_values(trouble: Trouble) -> dict[str, Any]:
    return {
        "what": trouble.what,
        "subject": str(trouble.subject),
        "payment_id": str(trouble.payment_id),
        "amount": trouble.amount,
        "since": trouble.since.isoformat(),
        "over": trouble.over,
    }


def _trouble(stored: dict[str, Any]) -> Trouble:
    return Trouble(
        what=stored["what"],
        subject=UUID(stored["subject"]),
        payment_id=UUID(stored["payment_id"]),
        amount=stored["amount"],
        since=datetime.fromisoformat(stored["since"]),
        over=stored["over"],
    )


def _charge_values(charge: Charge) -> dict[str, Any]:
    return {
        "what": charge.what,
        "subject": str(charge.subject),
        "amount": charge.amount,
        "paid_by": charge.paid_by,
        "status": charge.status,
        "since": charge.since.isoformat(),
    }


def _charge(stored: dict[str, Any]) -> Charge:
    moment = datetime.fromisoformat(stored["since"])
    return Charge(**{**stored, "subject": UUID(stored["subject"]), "since": moment})


def _line_values(order_id: UUID, place: int, line: Line) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "line_id": line.line_id,
        "position": place,
        "sku": line.sku,
        "product_id": line.product_id,
        "product_name": line.product_name,
        "variant_name": line.variant_name,
        "category_ids": list(line.category_ids),
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "discount_amount": line.discount_amount,
        "amount": line.amount,
        "vat_amount": line.vat_amount,
        "tax_free_amount": line.tax_free_amount,
        "kind": line.kind,
        "gift_of": list(line.gift_of),
    }


def _promotion_values(promotion: Promotion) -> dict[str, Any]:
    return {"promotion_id": promotion.promotion_id, "label": promotion.label, "amount": promotion.amount}


def _unwanted_values(order_id: UUID, unwanted: UnwantedPayment) -> dict[str, Any]:
    return {
        "payment_id": unwanted.payment_id,
        "order_id": order_id,
        "refund_id": unwanted.refund_id,
        "amount": unwanted.amount,
        "currency": unwanted.currency,
        "reason": unwanted.reason,
        "confirmed_at": unwanted.confirmed_at,
        "deposit_reversed_at": unwanted.reversed_at,
    }


async def _load(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[Order]:
    order_ids = [row.order_id for row in rows]
    if not order_ids:
        return []
    lines: dict[UUID, list[Line]] = {order_id: [] for order_id in order_ids}
    wanted = select(_LINE).where(_LINE.c.order_id.in_(order_ids)).order_by(_LINE.c.order_id, _LINE.c.position)
    for row in await connection.execute(wanted):
        lines[row.order_id].append(_line(row))
    unwanted: dict[UUID, list[UnwantedPayment]] = {order_id: [] for order_id in order_ids}
    for row in await connection.execute(
        select(_UNWANTED).where(_UNWANTED.c.order_id.in_(order_ids)).order_by(_UNWANTED.c.confirmed_at)
    ):
        unwanted[row.order_id].append(
            UnwantedPayment(
                row.payment_id,
                row.refund_id,
                row.amount,
                row.currency,
                row.reason,
                row.confirmed_at,
                row.deposit_reversed_at,
            )
        )
    cancelled = await cancels.load(connection, order_ids)
    chosen = await options.load(connection, [row.order_id for row in rows if row.option_changes])
    # Most orders that are read are on their way to be paid or sent: they have none of these, and need not be asked.
    sent = await parcels.load(connection, [row.order_id for row in rows if row.status in _UNDER_WAY])
    there = [row.order_id for row in rows if row.delivered_at is not None or _arrived(sent.get(row.order_id, ()))]
    claimed = await claims.load(connection, there)
    return [
        replace(
            _order(row, lines[row.order_id]),
            cancels=tuple(cancelled[row.order_id]),
            claims=tuple(claimed.get(row.order_id, ())),
            option_changes=tuple(chosen.get(row.order_id, ())),
            parcels=tuple(sent.get(row.order_id, ())),
            unwanted=tuple(unwanted[row.order_id]),
        )
        for row in rows
    ]


def _arrived(sent: Sequence[Parcel]) -> bool:
    return any(parcel.status == "delivered" for parcel in sent)


def _line(row: Row[Any]) -> Line:
    return Line(
        line_id=row.line_id,
        sku=row.sku,
        product_id=row.product_id,
        product_name=row.product_name,
        variant_name=row.variant_name,
        category_ids=tuple(row.category_ids),
        quantity=row.quantity,
        unit_price=row.unit_price,
        discount_amount=row.discount_amount,
        amount=row.amount,
        vat_amount=row.vat_amount,
        tax_free_amount=row.tax_free_amount,
        cancelled=row.cancelled_quantity,
        cancelling=row.cancelling_quantity,
        claiming=row.claiming_quantity,
        returned=row.returned_quantity,
        kind=row.kind,
        gift_of=tuple(row.gift_of),
    )


def _order(row: Row[Any], lines: list[Line]) -> Order:
    payment = None
    if row.payment_id is not None:
        payment = Payment(
            payment_id=row.payment_id,
            provider=row.payment_provider,
            method=row.payment_method,
            amount=row.paid_amount,
            paid_at=row.paid_at,
            reversed_at=row.deposit_reversed_at,
        )
    return Order(
        order_id=row.order_id,
        number=row.number,
        mall_id=row.mall_id,
        channel=row.channel,
        currency=row.currency,
        cart_id=row.cart_id,
        status=Status(row.status),
        lines=tuple(lines),
        items_amount=row.items_amount,
        discount_amount=row.discount_amount,
        shipping_amount=row.shipping_amount,
        shipping_vat_amount=row.shipping_vat_amount,
        total_amount=row.total_amount,
        placed_at=row.placed_at,
        payment_due_at=row.payment_due_at,
        awaited_payment_id=row.awaited_payment_id,
        payment=payment,
        refunded_amount=row.refunded_amount,
        stock_missing=row.stock_missing,
        promotions=tuple(Promotion(**each) for each in row.promotions),
        coupon_uses=tuple(row.coupon_uses),
        surcharge_amount=row.surcharge_amount,
        shipping_discount_amount=row.shipping_discount_amount,
        free_shipping_from=row.free_shipping_from_amount,
        delivered_at=row.delivered_at,
        completed_at=row.completed_at,
        returned_at=row.returned_at,
        cancelled_at=row.cancelled_at,
        troubles=tuple(_trouble(stored) for stored in row.troubles),
        charges=tuple(_charge(stored) for stored in row.charges),
    )
