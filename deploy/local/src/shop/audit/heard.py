"""Which events each service handles: what must be in its inbox. A test holds this table against the services."""

from __future__ import annotations

from collections.abc import Mapping

HEARD: Mapping[str, tuple[str, ...]] = {
    "catalog": ("order-placed", "order-paid", "order-cancelled", "stock-counted"),
    "cart": (
        "mall-changed", "product-published", "product-changed", "price-changed", "stock-changed", "order-placed",
    ),
    "orders": (
        "payment-pending", "payment-confirmed", "payment-failed", "payment-expired", "payment-refunded",
        "deposit-reversed", "deposit-mismatch", "surplus-returned", "refund-account-needed", "refund-refused",
        "shipment-updated", "shipment-cancel-decided", "stock-unavailable",
    ),
    "payments": ("order-refund-requested", "order-cancelled"),
    "scm": ("order-paid", "order-contact-recorded", "order-cancel-requested", "order-cancelled"),
    "notify": (
        "mall-changed", "order-contact-recorded", "order-placed", "payment-pending", "order-paid", "shipment-updated",
        "order-cancelled", "payment-refunded", "deposit-mismatch", "deposit-reversed", "surplus-returned",
        "refund-account-needed",
    ),
    "stats": ("order-placed", "order-paid", "order-cancelled", "order-completed", "payment-refunded"),
}  # fmt: skip
