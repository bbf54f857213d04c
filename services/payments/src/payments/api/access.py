"""Who may see a payment: the holder of its order's token, and staff with the role `payments`."""

from __future__ import annotations

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


def may_see(payment: Payment | None, token: str | None, staff: Staff | None) -> Payment:
    """Raises `PaymentNotFound` for strangers: they do not learn whether it exists."""
    if staff is not None:
        require(staff, ROLE)
    if payment is None or (staff is None and not same_token(token, payment.owner_hash)):
        raise PaymentNotFound("there is no such payment")
    return payment
