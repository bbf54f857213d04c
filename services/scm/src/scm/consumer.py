"""What scm hears from orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from common import ids
from common.db import Tx
from common.errors import PermanentFailure
from common.processing import Handlers
from contracts.claims import (
    ClaimApproved,
    ClaimCompleted,
    ClaimLine,
    ClaimRejected,
    ClaimWithdrawn,
    ReplacementStopRequested,
)
from contracts.orders import (
    CancelledLine,
    OrderAddressChangeRequested,
    OrderCancelled,
    OrderCancelRequested,
    OrderContactRecorded,
    OrderOptionChangeRequested,
    OrderPaid,
)
from contracts.products import ProductChanged, ProductPublished
from scm.commands import (
    CancelUnits,
    ChangeAddress,
    ChangeOption,
    CloseReturn,
    OrderedLine,
    RecordContact,
    RecordGoods,
    RequestReturn,
    RequestShipment,
    ShipTo,
    StopOrder,
    ToldGoods,
    ToldPart,
)
from scm.domain.cancel import CancelState
from scm.domain.carrier import CarrierTable
from scm.handlers.addresses import change_address
from scm.handlers.cancels import stop_order
from scm.handlers.goods import record_goods
from scm.handlers.options import change_option
from scm.handlers.requests import Desk, record_contact, request_shipment
from scm.handlers.returns import close_return, request_return

_HASH_BYTES = 32
# Why a request ends whose units are paid back instead.
_GIVEN_UP = "replacement_given_up"


@dataclass(frozen=True)
class Policy:
    """`hurry` wakes the job that talks to the polled centre, `let_go` the one that looks at what waits for goods."""

    desk: Desk
    cancel_after_accept: bool
    hurry: Callable[[], None] = lambda: None
    let_go: Callable[[], None] = lambda: None


def handlers(carriers: CarrierTable, policy: Policy) -> Handlers:
    async def on_order_paid(event: OrderPaid, tx: Tx) -> None:
        if await request_shipment(_request(event), tx, carriers, policy.desk):
            tx.then(policy.hurry)

    async def on_order_contact_recorded(event: OrderContactRecorded, tx: Tx) -> None:
        await record_contact(_contact(event), tx)
        tx.then(policy.hurry)

    return {
        OrderPaid: on_order_paid,
        OrderContactRecorded: on_order_contact_recorded,
        **_of_cancels(carriers, policy),
        **_of_changes(policy),
        **_of_claims(carriers, policy),
        **_of_goods(policy),
    }


def _of_cancels(carriers: CarrierTable, policy: Policy) -> Handlers:
    async def on_order_cancel_requested(event: OrderCancelRequested, tx: Tx) -> None:
        await stop(_stop(event, event.lines, final=False), tx)

    async def on_order_cancelled(event: OrderCancelled, tx: Tx) -> None:
        # An order that was never paid never had a request.
        if event.was_paid:
            await stop(_stop(event, event.lines, final=True), tx)

    async def on_replacement_stop_requested(event: ReplacementStopRequested, tx: Tx) -> None:
        await stop(_given_up(event), tx)

    async def stop(command: StopOrder, tx: Tx) -> None:
        state = await stop_order(command, tx, carriers, cancel_after_accept=policy.cancel_after_accept)
        if state is CancelState.PENDING:
            tx.then(policy.hurry)

    return {
        OrderCancelRequested: on_order_cancel_requested,
        OrderCancelled: on_order_cancelled,
        ReplacementStopRequested: on_replacement_stop_requested,
    }


def _of_changes(policy: Policy) -> Handlers:
    async def on_address_change_requested(event: OrderAddressChangeRequested, tx: Tx) -> None:
        to = event.ship_to
        ship_to = ShipTo(to.recipient, to.phone, to.zonecode, to.road_address, to.jibun_address, to.detail, to.memo)
        await change_address(
            ChangeAddress(event.order_id, event.change_id, event.mall_id, ship_to, event.requested_at), tx
        )

    async def on_option_change_requested(event: OrderOptionChangeRequested, tx: Tx) -> None:
        if await change_option(_option(event), tx, policy.desk.goods_wait):
            tx.then(policy.hurry)

    return {
        OrderAddressChangeRequested: on_address_change_requested,
        OrderOptionChangeRequested: on_option_change_requested,
    }


def _of_claims(carriers: CarrierTable, policy: Policy) -> Handlers:
    async def on_claim_approved(event: ClaimApproved, tx: Tx) -> None:
        command = RequestReturn(
            event.claim_id, event.order_id, event.order_number, event.mall_id, tuple(map(_claimed, event.lines))
        )
        await request_return(command, tx, carriers, policy.desk)

    async def on_claim_dropped(event: ClaimRejected | ClaimWithdrawn, tx: Tx) -> None:
        if event.was_approved:
            await close_return(CloseReturn(event.claim_id), tx, carriers)

    async def on_claim_completed(event: ClaimCompleted, tx: Tx) -> None:
        if event.kind != "exchange":
            return
        if await request_shipment(_replacement(event), tx, carriers, policy.desk):
            tx.then(policy.hurry)

    return {
        ClaimApproved: on_claim_approved,
        ClaimRejected: on_claim_dropped,
        ClaimWithdrawn: on_claim_dropped,
        ClaimCompleted: on_claim_completed,
    }


def _of_goods(policy: Policy) -> Handlers:
    async def on_product(event: ProductPublished | ProductChanged, tx: Tx) -> None:
        if await record_goods(_goods(event), tx):
            tx.then(policy.let_go)

    return {ProductPublished: on_product, ProductChanged: on_product}


def _goods(event: ProductPublished | ProductChanged) -> RecordGoods:
    told = tuple(
        ToldGoods(
            variant.sku,
            tuple(ToldPart(part.sku, part.quantity) for part in variant.parts),
            variant.preorder_release_at,
        )
        for variant in event.variants
    )
    return RecordGoods(told, event.occurred_at)


def _claimed(line: ClaimLine) -> OrderedLine:
    return OrderedLine(line.line_id, line.sku, line.product_name, line.variant_name, line.quantity)


def _replacement(event: ClaimCompleted) -> RequestShipment:
    """For the units that came. Another variant goes by its SKU alone where events of before do not name it."""
    lines = []
    for line in event.lines:
        came, sku = line.resellable + line.damaged, line.replacement_sku or line.sku
        if came:
            variant = line.variant_name if sku == line.sku else line.replacement_variant_name
            lines.append(OrderedLine(line.line_id, sku, line.product_name, variant, came))
    return RequestShipment(
        shipment_id=ids.new_id(),
        order_id=event.order_id,
        order_number=event.order_number,
        mall_id=event.mall_id,
        lines=tuple(lines),
        placed_at=event.completed_at,
        claim_id=event.claim_id,
    )


def _request(event: OrderPaid) -> RequestShipment:
    return RequestShipment(
        shipment_id=ids.new_id(),
        order_id=event.order_id,
        order_number=event.order_number,
        mall_id=event.mall_id,
        lines=tuple(
            OrderedLine(line.line_id, line.sku, line.product_name, line.variant_name, line.quantity)
            for line in event.lines
        ),
        placed_at=event.placed_at,
    )


def _option(event: OrderOptionChangeRequested) -> ChangeOption:
    return ChangeOption(
        order_id=event.order_id,
        change_id=event.change_id,
        mall_id=event.mall_id,
        line_id=event.line_id,
        sku=event.sku,
        new_sku=event.new_sku,
        new_variant_name=event.new_variant_name,
        quantity=event.quantity,
        requested_at=event.requested_at,
    )


def _contact(event: OrderContactRecorded) -> RecordContact:
    to = event.ship_to
    return RecordContact(
        order_id=event.order_id,
        mall_id=event.mall_id,
        ship_to=ShipTo(to.recipient, to.phone, to.zonecode, to.road_address, to.jibun_address, to.detail, to.memo),
        access_token_hash=_hash(event.access_token_hash),
        recorded_at=event.recorded_at,
    )


def _hash(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != _HASH_BYTES:
        raise PermanentFailure("contact.bad_hash", "access_token_hash is not a hex SHA-256")
    return found


def _given_up(event: ReplacementStopRequested) -> StopOrder:
    return StopOrder(
        cancel_id=event.stop_id,
        order_id=event.order_id,
        mall_id=event.mall_id,
        whole=True,
        lines=tuple(CancelUnits(line.line_id, line.quantity, line.sku) for line in event.lines),
        reason=_GIVEN_UP,
        final=False,
        claim_id=event.claim_id,
    )


def _stop(event: OrderCancelRequested | OrderCancelled, lines: tuple[CancelledLine, ...], *, final: bool) -> StopOrder:
    return StopOrder(
        cancel_id=event.cancel_id,
        order_id=event.order_id,
        mall_id=event.mall_id,
        whole=event.whole,
        lines=tuple(CancelUnits(line.line_id, line.quantity) for line in lines),
        reason=event.reason,
        final=final,
    )
