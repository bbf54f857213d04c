"""The opaque cursor of a list: where the page above ended."""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

from orders.errors import CursorInvalid


def write_cursor(order_id: UUID) -> str:
    return base64.urlsafe_b64encode(order_id.bytes).decode().rstrip("=")


def read_cursor(cursor: str) -> UUID:
    """Raises `CursorInvalid` for anything `write_cursor` did not write."""
    try:
        return UUID(bytes=base64.urlsafe_b64decode(cursor + "=="))
    except (binascii.Error, ValueError) as error:
        raise CursorInvalid("the cursor is not one of ours") from error
