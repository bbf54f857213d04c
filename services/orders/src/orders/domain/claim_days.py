"""Until when something that arrived may be claimed."""

from __future__ import annotations

from datetime import date, timedelta

from orders.commands import ClaimReason, ClaimTerms
from orders.domain.claim import SELLERS_FAULT


def last_day(reason: ClaimReason, terms: ClaimTerms, arrived_on: date, noticed_on: date | None = None) -> date:
    """The day of arrival does not count; the last day counts to its end in Seoul."""
    if reason not in SELLERS_FAULT:
        return arrived_on + timedelta(days=terms.change_of_mind_days)
    until = arrived_on + timedelta(days=terms.defect_days)
    if noticed_on is None:
        return until
    return min(until, max(noticed_on, arrived_on) + timedelta(days=terms.defect_known_days))
