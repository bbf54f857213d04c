"""Refusals with a stable code. HTTP numbers are given to them at the edge of a service, in `common.http`."""

from __future__ import annotations

from typing import Any, Literal

Kind = Literal["invalid", "unauthenticated", "forbidden", "not_found", "conflict", "too_large", "unavailable"]


class DomainError(Exception):
    """A refusal the caller can act on. Nothing was changed.

    `code` is stable and meant for programs (`order.not_payable`); `detail` is for people; `fields` are added to the
    problem+json body. Subclasses set `code` and `kind`.
    """

    code: str = "domain.refused"
    kind: Kind = "invalid"

    def __init__(self, detail: str, **fields: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = fields


class Unauthenticated(DomainError):
    code = "auth.required"
    kind: Kind = "unauthenticated"


class Forbidden(DomainError):
    code = "auth.forbidden"
    kind: Kind = "forbidden"


class UpstreamUnavailable(DomainError):
    """Another service or a provider could not be asked now. Asking again later may work."""

    code = "upstream.unavailable"
    kind: Kind = "unavailable"


class Transient(Exception):
    """Something around us is down. Raised in a consumer it makes the partition wait; nothing is dead-lettered."""


class PermanentFailure(Exception):
    """An event that this consumer can never handle. It is dead-lettered at once with `reason`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
