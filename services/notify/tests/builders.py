"""Events and letters with honest defaults. Everything of one order hangs on its id."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from common import ids
from contracts.claims import (
    ClaimApproved,
    ClaimCompleted,
    ClaimRejected,
    ClaimRequested,
    ClaimWithdrawn,
    ReplacementStopped,
)
from contracts.envelope import Event
from contracts.orders import (
    Address,
    CancelledLine,
    OrderCancelled,
    OrderCompleted,
    OrderContactRecorded,
    OrderOptionChanged,
    OrderOptionChangeRefused,
    OrderPaid,
    OrderPlaced,
    OrderRefundRequested,
    Person,
)  # fmt: skip
from contracts.payments import (
    DepositMismatch,
    DepositReversed,
    PaymentPending,
    PaymentRefunded,
    RefundAccountNeeded,
    RefundRefused,
    SurplusReturned,
    VirtualAccount,
)
from contracts.products import MallChanged
from contracts.shared import OrderLine
from contracts.shipments import (
    ReturnUpdated,
    ShipmentAddressDecided,
    ShipmentHeld,
    ShipmentLine,
    ShipmentStatus,
    ShipmentUpdated,
)
from notify.domain.delivery import Channel, Delivery, Status
from notify.domain.messages import Kind, Letter, Line, Mall, Message, Order

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
EMAIL, PHONE = "minji.kim@example.com", "010-1234-5678"
SECOND = timedelta(seconds=1)


def lines(order_id: UUID) -> tuple[OrderLine, ...]:
    def line(number: int, name: str, variant: str | None, quantity: int, amount: int) -> OrderLine:
        return OrderLine(
            line_id=ids.derived_id("line", str(order_id), str(number)),
            sku=f"SKU-{number}",
            product_id=ids.derived_id("product", str(number)),
            product_name=name,
            variant_name=variant,
            quantity=quantity,
            unit_price=amount // quantity,
            amount=amount,
        )

    return (line(1, "제주 그래놀라", "500g", 2, 25_800), line(2, "콜드브루 원액", None, 1, 14_000))


def _of_order(order_id: UUID) -> dict[str, Any]:
    return {"order_id": order_id, "order_number": "20261122-00001234", "mall_id": "intake", "currency": "KRW"}


def order_placed(order_id: UUID, **changes: Any) -> OrderPlaced:
    values = {
        **_of_order(order_id), "channel": "pc", "lines": lines(order_id), "items_amount": 39_800, "discount_amount": 0,
        "shipping_amount": 3_000, "total_amount": 42_800, "placed_at": NOW,
        "payment_due_at": NOW + timedelta(minutes=30),
    }  # fmt: skip
    return OrderPlaced.model_validate(values | changes)


def order_paid(order_id: UUID, **changes: Any) -> OrderPaid:
    values = {
        **_of_order(order_id), "channel": "pc", "payment_id": ids.new_id(), "provider": "toss", "method": "card",
        "lines": lines(order_id), "shipping_amount": 3_000, "discount_amount": 0, "total_amount": 42_800,
        "placed_at": NOW, "paid_at": NOW + 2 * SECOND,
    }  # fmt: skip
    return OrderPaid.model_validate(values | changes)


def contact(order_id: UUID, recorded_at: datetime = NOW, **person: Any) -> OrderContactRecorded:
    orderer = {"name": "김민지", "email": EMAIL, "phone": PHONE} | person
    return OrderContactRecorded(
        order_id=order_id,
        order_number="20261122-00001234",
        mall_id="intake",
        orderer=Person.model_validate(orderer),
        ship_to=Address(
            recipient="김민지", phone=PHONE, zonecode="06236", road_address="서울 강남구 테헤란로 1", detail="101호"
        ),
        recorded_at=recorded_at,
    )


def mall_changed(**changes: Any) -> MallChanged:
    values = {
        "mall_id": "intake", "name": "인테이크", "currency": "KRW", "storefront_url": "https://intake.example",
        "support_email": "help@intake.example", "support_phone": "02-1599-0000", "occurred_at": NOW,
    }  # fmt: skip
    return MallChanged.model_validate(values | changes)


def payment_pending(order_id: UUID, **changes: Any) -> PaymentPending:
    account = VirtualAccount(
        bank_code="88", bank_name="신한은행", account_number="56211105948215", holder="인테이크",
        due_at=NOW + timedelta(days=2),
    )  # fmt: skip
    values = {
        **_of_order(order_id), "payment_id": ids.new_id(), "amount": 42_800, "provider": "toss",
        "method": "virtual_account", "virtual_account": account, "occurred_at": NOW + SECOND,
    }  # fmt: skip
    return PaymentPending.model_validate(values | changes)


def shipment_updated(order_id: UUID, **changes: Any) -> ShipmentUpdated:
    first = lines(order_id)[0]
    values = {
        "shipment_id": ids.new_id(), "order_id": order_id, "order_number": "20261122-00001234", "mall_id": "intake",
        "centre": "yongin", "status": ShipmentStatus.SHIPPED, "carrier": "cj", "carrier_name": "CJ대한통운",
        "waybill": "688012345672", "tracking_url": "https://trace.example/?wblNo=688012345672",
        "lines": [ShipmentLine(line_id=first.line_id, sku=first.sku, quantity=1)],
        "occurred_at": NOW + timedelta(hours=20),
    }  # fmt: skip
    return ShipmentUpdated.model_validate(values | changes)


def order_cancelled(order_id: UUID, **changes: Any) -> OrderCancelled:
    first = lines(order_id)[0]
    cancelled = CancelledLine(
        line_id=first.line_id, sku=first.sku, product_id=first.product_id, quantity=1, amount=12_900
    )
    values = {
        **_of_order(order_id), "channel": "pc", "cancel_id": ids.new_id(), "whole": False, "was_paid": True,
        "reason": "사이즈를 잘못 골랐어요", "lines": [cancelled], "refund_amount": 12_900, "placed_at": NOW,
        "cancelled_at": NOW + timedelta(hours=1),
    }  # fmt: skip
    return OrderCancelled.model_validate(values | changes)


def payment_refunded(order_id: UUID, **changes: Any) -> PaymentRefunded:
    values = {
        **_of_order(order_id), "payment_id": ids.new_id(), "amount": 42_800, "provider": "toss", "method": "card",
        "refund_id": ids.new_id(), "refund_amount": 12_900, "refunded_amount": 12_900, "remaining_amount": 29_900,
        "reason": "cancel", "refunded_at": NOW + timedelta(hours=2),
    }  # fmt: skip
    return PaymentRefunded.model_validate(values | changes)


def _of_deposit(order_id: UUID) -> dict[str, Any]:
    return {
        **_of_order(order_id), "payment_id": ids.derived_id("payment", str(order_id)), "amount": 42_800,
        "provider": "inicis", "method": "virtual_account",
    }  # fmt: skip


def refund_account_needed(order_id: UUID, **changes: Any) -> RefundAccountNeeded:
    values = {
        **_of_deposit(order_id), "refund_id": ids.derived_id("refund", str(order_id)), "refund_amount": 12_900,
        "occurred_at": NOW + timedelta(hours=3),
    }  # fmt: skip
    return RefundAccountNeeded.model_validate(values | changes)


def refund_refused(order_id: UUID, **changes: Any) -> RefundRefused:
    """Of a card: the money is the customer's all the same."""
    values = {
        **_of_deposit(order_id), "provider": "toss", "method": "card", "code": "EXCEED_MAX_REFUND_DUE",
        "refund_id": ids.derived_id("refused", str(order_id)), "refund_amount": 12_900, "reason": "too late",
        "still_owed": True, "occurred_at": NOW + timedelta(hours=7, minutes=30),
    }  # fmt: skip
    return RefundRefused.model_validate(values | changes)


def refund_requested(order_id: UUID, **changes: Any) -> OrderRefundRequested:
    """Of a deposit that came after the cancel."""
    values = {
        **_of_order(order_id), "channel": "pc", "refund_id": ids.derived_id("unwanted", str(order_id)),
        "payment_id": ids.derived_id("payment", str(order_id)), "amount": 42_800, "reason": "unwanted",
        "requested_at": NOW + timedelta(hours=7, minutes=45), "paid_at": NOW + timedelta(hours=7, minutes=44),
    }  # fmt: skip
    return OrderRefundRequested.model_validate(values | changes)


def deposit_mismatch(order_id: UUID, deposited: int, surplus: int = 0, **changes: Any) -> DepositMismatch:
    values = {
        **_of_deposit(order_id), "deposited_amount": deposited, "surplus_amount": surplus,
        "occurred_at": NOW + timedelta(hours=4) + (SECOND if surplus else 0 * SECOND),
    }  # fmt: skip
    return DepositMismatch.model_validate(values | changes)


def deposit_reversed(order_id: UUID, **changes: Any) -> DepositReversed:
    values = {**_of_deposit(order_id), "occurred_at": NOW + timedelta(hours=5)}
    return DepositReversed.model_validate(values | changes)


def surplus_returned(order_id: UUID, **changes: Any) -> SurplusReturned:
    values = {
        **_of_deposit(order_id), "returned_amount": 100, "remaining_amount": 0, "returned_at": NOW + timedelta(hours=6),
    }  # fmt: skip
    return SurplusReturned.model_validate(values | changes)


def order_completed(order_id: UUID, **changes: Any) -> OrderCompleted:
    values = {**_of_order(order_id), "channel": "pc", "completed_at": NOW + timedelta(days=9)}
    return OrderCompleted.model_validate(values | changes)


def address_decided(order_id: UUID, *, accepted: bool, **changes: Any) -> ShipmentAddressDecided:
    values = {
        "order_id": order_id, "mall_id": "intake", "change_id": ids.derived_id("change", str(order_id), str(accepted)),
        "accepted": accepted, "reason": None if accepted else "centre_accepted",
        "occurred_at": NOW + timedelta(hours=7, minutes=int(accepted)),
    }  # fmt: skip
    return ShipmentAddressDecided.model_validate(values | changes)


OPTION = {
    "product_name": "제주 그래놀라", "sku": "SKU-1", "variant_name": "500g", "new_sku": "SKU-3",
    "new_variant_name": "초코 500g", "quantity": 2,
}  # fmt: skip


def _option(order_id: UUID, name: str) -> dict[str, Any]:
    line = lines(order_id)[0]
    return {
        **_of_order(order_id), **OPTION, "channel": "pc", "change_id": ids.derived_id("option", str(order_id), name),
        "line_id": line.line_id, "product_id": line.product_id,
    }  # fmt: skip


def option_changed(order_id: UUID, **changes: Any) -> OrderOptionChanged:
    values = {**_option(order_id, "changed"), "amount": 25_800, "changed_at": NOW + timedelta(hours=7, minutes=3)}
    return OrderOptionChanged.model_validate(values | changes)


def option_refused(order_id: UUID, **changes: Any) -> OrderOptionChangeRefused:
    moment = NOW + timedelta(hours=7, minutes=2)
    values = {**_option(order_id, "refused"), "reason": "centre_accepted", "refused_at": moment}
    return OrderOptionChangeRefused.model_validate(values | changes)


def shipment_held(order_id: UUID, until: datetime | None, **changes: Any) -> ShipmentHeld:
    values = {
        **_of_order(order_id), "shipment_id": ids.derived_id("shipment", str(order_id)), "until": until,
        "occurred_at": NOW + timedelta(hours=8),
    }  # fmt: skip
    del values["currency"]
    return ShipmentHeld.model_validate(values | changes)


def return_updated(order_id: UUID, **changes: Any) -> ReturnUpdated:
    values = {
        "claim_id": ids.derived_id("claim", str(order_id)), "order_id": order_id, "order_number": "20261122-00001234",
        "mall_id": "intake", "centre": "yongin", "status": "picked_up", "carrier": "cj", "carrier_name": "CJ대한통운",
        "waybill": "688012345683", "tracking_url": "https://trace.example/?wblNo=688012345683",
        "occurred_at": NOW + timedelta(days=3),
    }  # fmt: skip
    return ReturnUpdated.model_validate(values | changes)


OTHER = {"variant_name": "500g", "replacement_sku": "SKU-3", "replacement_variant_name": "초코 500g"}


def claim_events(order_id: UUID, kind: str = "return", **units: Any) -> list[Event]:
    """Every event a claim may cause, though no claim causes all of them. `units` changes the line that comes back."""
    first = lines(order_id)[0]
    line = {"line_id": first.line_id, "sku": first.sku, "product_id": first.product_id, "quantity": 1, **units}
    about = {
        **_of_order(order_id), "channel": "pc", "claim_id": ids.derived_id("claim", str(order_id)), "kind": kind,
        "fault": "customer",
    }  # fmt: skip
    found = {**line, "resellable": 1, "damaged": 0, "missing": 0, "amount": 12_900}
    day = timedelta(days=1)
    return [
        ClaimRequested.model_validate(
            {**about, "lines": [line], "reason": "changed_mind", "requested_at": NOW + 2 * day}
        ),
        ClaimApproved.model_validate({**about, "lines": [line], "approved_at": NOW + 2 * day + SECOND}),
        ClaimRejected.model_validate(
            {**about, "lines": [line], "reason": "욕설", "was_approved": False, "rejected_at": NOW + 4 * day}
        ),
        ClaimWithdrawn.model_validate({**about, "lines": [line], "was_approved": True, "withdrawn_at": NOW + 5 * day}),
        ClaimCompleted.model_validate(
            {
                **about, "lines": [found], "fee_amount": 3_000, "refund_amount": 9_900, "sold_under": [order_id],
                "placed_at": NOW, "completed_at": NOW + 6 * day,
            }
        ),
    ]  # fmt: skip


def replacement_stopped(order_id: UUID, *units: dict[str, Any], **changes: Any) -> ReplacementStopped:
    """Of another variant than was bought, unless `units` change the lines."""
    first = lines(order_id)[0]
    line = {
        "line_id": first.line_id, "sku": "SKU-3", "bought_sku": first.sku, "product_id": first.product_id,
        "product_name": "제주 그래놀라", "variant_name": "초코 500g", "quantity": 1, "resellable": 1, "amount": 12_900,
    }  # fmt: skip
    values = {
        **_of_order(order_id), "channel": "pc", "claim_id": ids.derived_id("claim", str(order_id)),
        "stop_id": ids.derived_id("stop", str(order_id)), "lines": [line | more for more in units or ({},)],
        "sold_under": (order_id,),
        "refund_amount": 12_900, "placed_at": NOW, "stopped_at": NOW + timedelta(days=7),
    }  # fmt: skip
    return ReplacementStopped.model_validate(values | changes)


def a_delivery(**changes: Any) -> Delivery:
    values: dict[str, Any] = {
        "id": ids.new_id(), "message_id": ids.new_id(), "order_id": ids.new_id(), "channel": Channel.ALIMTALK,
        "status": Status.PENDING, "due_at": NOW, "fact_at": NOW, "give_up_at": NOW + timedelta(hours=24),
        "recipient": "01012345678", "attempts": 1, "version": 1, "sent_at": NOW,
    }  # fmt: skip
    return Delivery(**(values | changes))


_DATA: dict[Kind, dict[str, Any]] = {
    Kind.ORDER_PLACED: {"payment_due_at": "2026-11-22T10:00:00Z"},
    Kind.PAYMENT_PENDING: {
        "bank_name": "신한은행", "account_number": "56211105948215", "holder": "인테이크", "amount": 42_800,
        "due_at": "2026-11-24T14:59:59Z",
    },
    Kind.ORDER_PAID: {"method": "card", "paid_at": "2026-11-22T09:31:00Z"},
    Kind.ORDER_SHIPPED: {
        "carrier_name": "CJ대한통운", "waybill": "688012345672",
        "tracking_url": "https://trace.example/next/tracking.html?wblNo=688012345672",
    },
    Kind.ORDER_CANCELLED: {
        "whole": True, "was_paid": True, "reason": "customer", "refund_amount": 42_800,
        "cancelled_at": "2026-11-22T11:00:00Z",
    },
    Kind.PAYMENT_REFUNDED: {
        "method": "card", "refund_amount": 42_800, "remaining_amount": 0, "refunded_at": "2026-11-22T12:00:00Z",
    },
    Kind.REFUND_ACCOUNT_NEEDED: {"refund_amount": 12_900, "account_was_wrong": False},
    Kind.REFUND_FAILED: {"refund_amount": 12_900, "method": "card"},
    Kind.PAYMENT_UNWANTED: {"refund_amount": 42_800, "reason": "unwanted", "paid_at": "2026-11-22T15:00:00Z"},
    Kind.DEPOSIT_SHORT: {"amount": 42_800, "deposited_amount": 40_000, "surplus_amount": 0},
    Kind.DEPOSIT_SURPLUS: {"amount": 42_800, "deposited_amount": 42_900, "surplus_amount": 100},
    Kind.DEPOSIT_REVERSED: {"amount": 42_800, "reversed_at": "2026-11-22T13:00:00Z"},
    Kind.SURPLUS_RETURNED: {
        "returned_amount": 100, "remaining_amount": 0, "returned_at": "2026-11-22T14:00:00Z",
    },
    Kind.ORDER_COMPLETED: {"by_customer": True, "completed_at": "2026-12-01T09:30:00Z"},
    Kind.ADDRESS_CHANGED: {"reason": None, "decided_at": "2026-11-22T16:30:00Z"},
    Kind.ADDRESS_KEPT: {"reason": "centre_accepted", "decided_at": "2026-11-22T16:30:00Z"},
    Kind.OPTION_CHANGED: {**OPTION, "decided_at": "2026-11-22T16:30:00Z"},
    Kind.OPTION_KEPT: {**OPTION, "reason": "centre_accepted", "decided_at": "2026-11-22T16:30:00Z"},
    Kind.PREORDER_HELD: {"until": "2026-12-10T00:00:00Z"},
    Kind.PREORDER_RELEASED: {},
    Kind.CLAIM_REQUESTED: {"claim_kind": "return", "requested_at": "2026-11-24T09:30:00Z"},
    Kind.CLAIM_APPROVED: {"claim_kind": "exchange", "approved_at": "2026-11-24T09:30:00Z"},
    Kind.CLAIM_REJECTED: {"claim_kind": "return", "rejected_at": "2026-11-24T09:30:00Z"},
    Kind.CLAIM_WITHDRAWN: {"claim_kind": "return", "withdrawn_at": "2026-11-24T09:30:00Z"},
    Kind.CLAIM_COMPLETED: {
        "claim_kind": "return", "came": 1, "refund_amount": 9_900, "completed_at": "2026-11-28T09:30:00Z",
    },
    Kind.REPLACEMENT_STOPPED: {"refund_amount": 12_900, "stopped_at": "2026-11-29T09:30:00Z"},
}  # fmt: skip


_DATA[Kind.EXCHANGE_SHIPPED] = _DATA[Kind.CLAIM_COLLECTED] = _DATA[Kind.ORDER_SHIPPED]


def a_letter(kind: Kind, *, customer: str = "김민지", mall: Mall | None = None, **data: Any) -> Letter:
    order_id = ids.new_id()
    order = Order(
        order_id=order_id,
        order_number="20261122-00001234",
        mall_id="intake",
        currency="KRW",
        lines=tuple(
            Line(line.line_id, line.product_name, line.variant_name, line.quantity, line.amount)
            for line in lines(order_id)
        ),
        discount_amount=1_000,
        shipping_amount=3_000,
        total_amount=42_800,
        placed_at=NOW,
    )
    message = Message(ids.new_id(), kind, ids.new_id(), order_id, "intake", NOW, _DATA[kind] | data)
    known = mall or Mall("intake", "인테이크", "https://intake.example", "help@intake.example", "02-1599-0000")
    return Letter(message, order, known, customer)
