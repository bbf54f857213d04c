"""Refusals of notify."""

from __future__ import annotations

from common.errors import DomainError, Kind


class CallbackRefused(DomainError):
    """The caller of the callback does not know its secret."""

    code = "callback.refused"
    kind: Kind = "forbidden"


class CursorInvalid(DomainError):
    """The cursor of a list is not one that this service gave out."""

    code = "cursor.invalid"
