"""Every fact that notify tells customers of."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from services.notify.tests.builders import (
    NOW,
    address_decided,
    claim_events,
    deposit_mismatch,
    deposit_reversed,
    option_changed,
    option_refused,
    order_cancelled,
    order_completed,
    order_paid,
    order_placed,
    payment_pending,
    payment_refunded,
    refund_account_needed,
    refund_refused,
    refund_requested,
    replacement_stopped,
    return_updated,
    shipment_held,
    shipment_updated,
    surplus_returned,
)

from common import ids
from contracts.envelope import Event


def every_fact(order_id: UUID) -> list[Event]:
    """At least one of each kind of message."""
    return [
        order_placed(order_id),
        payment_pending(order_id),
        order_paid(order_id),
        shipment_updated(order_id),
        order_cancelled(order_id),
        payment_refunded(order_id),
        refund_account_needed(order_id),
        deposit_mismatch(order_id, 40_000),
        deposit_mismatch(order_id, 42_900, 100),
        deposit_reversed(order_id),
        surplus_returned(order_id),
        refund_refused(order_id),
        refund_requested(order_id),
        address_decided(order_id, accepted=False),
        address_decided(order_id, accepted=True),
        option_refused(order_id),
        option_changed(order_id),
        shipment_held(order_id, NOW + timedelta(hours=240)),
        shipment_held(order_id, None, occurred_at=NOW + timedelta(hours=240)),
        order_completed(order_id),
        shipment_updated(order_id, claim_id=ids.new_id(), occurred_at=NOW + timedelta(hours=19)),
        return_updated(order_id),
        *claim_events(order_id),
        replacement_stopped(order_id),
    ]
