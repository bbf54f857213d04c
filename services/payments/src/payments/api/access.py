"""Who may see a payment: the holder of its order's token, and staff with the role `payments`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import Header

from common.auth import Staff, require
from common.ids import same_token
from payments.domain.payment import Payment
from payments.errors import PaymentNotFound

ROLE = "payments"

OrderToken = Annotated[
    str | None, Header(alias="X-Order-Token", description="the token in the answer that placed the order")
]


def visible(payments: Sequence[Payment], token: str | None, staff: Staff | None) -> list[Payment]:
    """Those of an order's payments the caller may see. Strangers see none, whether there are any or not."""
    if staff is not None:
        require(staff, ROLE)
        return list(payments)
    return [payment for payment in payments if same_token(token, payment.owner_hash)]


def may_see(payment: Payment | None, token: str | None, staff: Staff | None) -> Payment:
    """Raises `PaymentNotFound` for strangers: they do not learn whether it exists."""
    seen = visible([] if payment is None else [payment], token, staff)
    if not seen:
        raise PaymentNotFound("there is no such payment")
    return seen[0]
