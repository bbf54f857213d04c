"""Which events each service handles: what must be in its inbox. A test holds this table against the services."""

from __future__ import annotations

from collections.abc import Mapping

_CLAIMS = ("claim-approved", "claim-completed", "claim-rejected", "claim-withdrawn")

_OPTIONS = ("order-option-changed", "order-option-change-refused")

HEARD: Mapping[str, tuple[str, ...]] = {
    "catalog": (
        "order-placed", "order-paid", "order-cancelled", *_OPTIONS, "stock-counted", *_CLAIMS,
        "replacement-stopped",
    ),
    "cart": (
        "mall-changed", "product-published", "product-changed", "price-changed", "stock-changed", "order-placed",
        "order-cancelled", "claim-completed", "replacement-stopped",
    ),
    "orders": (
        "payment-pending", "payment-confirmed", "payment-failed", "payment-expired", "payment-refunded",
        "deposit-reversed", "deposit-mismatch", "surplus-returned", "refund-account-needed", "refund-refused",
        "shipment-updated", "shipment-cancel-decided", "shipment-address-decided", "shipment-option-decided",
        "return-updated", "return-received", "stock-unavailable", "replacement-stop-decided",
    ),
    "payments": ("order-refund-requested", "order-cancelled"),
    "scm": (
        "order-paid", "order-contact-recorded", "order-cancel-requested", "order-cancelled",
        "order-address-change-requested", "order-option-change-requested", "product-published", "product-changed",
        "replacement-stop-requested", *_CLAIMS,
    ),
    "notify": (
        "mall-changed", "order-contact-recorded", "order-placed", "payment-pending", "order-paid", "shipment-updated",
        "order-cancelled", "payment-refunded", "deposit-mismatch", "deposit-reversed", "surplus-returned",
        "refund-account-needed", "refund-refused", "order-refund-requested", "order-completed", "shipment-held",
        "shipment-address-decided", "return-updated", "claim-requested", "replacement-stopped", *_OPTIONS,
        *_CLAIMS,
    ),
    "stats": (
        "order-placed", "order-paid", "order-cancelled", "order-completed", "order-option-changed",
        "payment-refunded", "claim-completed", "replacement-stopped",
    ),
}  # fmt: skip
