"""Coupons: a promotion that waits for a code. One code for all, or many codes for one use each."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from cart.domain.promotions.model import Offer, Status
from cart.domain.quote import Outcome, Quote
from cart.errors import CouponNotUsable

# A code that will not come good by itself: it is taken out before ordering.
HOPELESS = frozenset({"unknown", "stopped", "over", "used_up", "already_used", "members_only"})
_LENGTH = 12


@dataclass(frozen=True)
class Coupon:
    """`allowance_id` is the code's own; of a single code it is the coupon's."""

    id: UUID
    allowance_id: UUID
    stopped: bool
    valid_from: datetime | None
    valid_to: datetime | None
    per_member: int | None


@dataclass(frozen=True)
class Standing:
    """Uses left of the coupon and of the code (None: no limit), and how often this member has used it."""

    left: int | None
    code_left: int | None
    of_member: int


def offer_of(offer: Offer, coupon: Coupon, standing: Standing, member_id: UUID | None, now: datetime) -> Offer:
    """The offer with what a use is taken from, and why the code is of no use if it is not."""
    taken_from = tuple(dict.fromkeys((coupon.id, coupon.allowance_id)))
    return replace(offer, allowances=taken_from, unusable=_unusable(offer, coupon, standing, member_id, now))


def _unusable(offer: Offer, coupon: Coupon, standing: Standing, member_id: UUID | None, now: datetime) -> str | None:
    if coupon.stopped or offer.promotion.status is not Status.ACTIVE:
        return "stopped"
    if coupon.valid_from is not None and now < coupon.valid_from:
        return "not_begun"
    if coupon.valid_to is not None and now >= coupon.valid_to:
        return "over"
    if 0 in (standing.left, standing.code_left):
        return "used_up"
    return _not_for_member(coupon, standing, member_id)


def _not_for_member(coupon: Coupon, standing: Standing, member_id: UUID | None) -> str | None:
    if coupon.per_member is None:
        return None
    if member_id is None:
        return "members_only"
    return "already_used" if standing.of_member >= coupon.per_member else None


def normal(code: str) -> str:
    """As codes are kept and compared: without blanks around, in capitals."""
    return code.strip().upper()


def generated(secret: str, number: int) -> str:
    """The code with this number: 60 bits that only who knows `secret` can tell, readable without 0, 1, 8 and 9."""
    digest = hashlib.sha256(f"{secret}\x1f{number}".encode()).digest()
    return base64.b32encode(digest).decode()[:_LENGTH]


def with_unknown(quote: Quote, codes: Sequence[str]) -> Quote:
    """Codes that no coupon has any more are told too."""
    known = {outcome.code for outcome in quote.outcomes}
    unknown = (Outcome(None, code, code, "unknown") for code in codes if code not in known)
    return replace(quote, outcomes=(*quote.outcomes, *unknown))


def check_usable(quote: Quote) -> None:
    """Raises `CouponNotUsable` for a code that was good when it was put in and will not be so again."""
    for outcome in quote.coupons:
        if outcome.reason in HOPELESS:
            raise not_usable(outcome.code, outcome.reason)


def not_usable(code: str | None, reason: str | None) -> CouponNotUsable:
    return CouponNotUsable(f"the coupon {code} cannot be used: {reason}", coupon=code, reason=reason)
