"""What Solapi's status codes mean to us. 1xxx: not taken; 2000, 3000: under way; 4000: arrived; the rest: failed."""

from __future__ import annotations

from collections.abc import Iterable

from notify.domain.outcomes import Accepted, Delivered, Outcome, Refused, Retry

_UNDER_WAY = {"2000", "3000"}
_ARRIVED = "4000"
# Not the message's fault: an empty balance (1030) is filled up, a server error (1024) passes.
_PASSING = {"1024", "1030"}
# The provider's names for what is not an Alimtalk: it fell back by itself.
_TEXTS = {"SMS", "LMS", "MMS"}


def at_registration(code: str) -> Outcome:
    """The meaning of a code of a message that was not taken."""
    return Retry(f"solapi_{code}") if code in _PASSING else Refused(f"solapi_{code}")


def of_message(code: str, message_id: str | None, kind: str | None) -> Outcome:
    """The meaning of the code a message has now. `kind` is the provider's type: ATA, SMS, LMS."""
    if code.startswith("1"):
        return at_registration(code)
    if code == _ARRIVED:
        return Delivered(message_id, _channel(kind))
    if code in _UNDER_WAY:
        return Accepted(message_id)
    return Refused(f"solapi_{code}", fell_back=(kind or "").upper() in _TEXTS)


def best(outcomes: Iterable[Outcome]) -> Outcome | None:
    """Of several messages under one id of ours the luckiest counts: one that arrived, one under way, one refused."""
    ranked = sorted(outcomes, key=lambda outcome: (isinstance(outcome, Delivered), isinstance(outcome, Accepted)))
    return ranked[-1] if ranked else None


def _channel(kind: str | None) -> str | None:
    kind = (kind or "").upper()
    if kind in _TEXTS:
        return "sms" if kind == "SMS" else "lms"
    return "alimtalk" if kind == "ATA" else None
