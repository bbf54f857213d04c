"""Replaces what a module or class has, and refuses to invent: a product that moved on must not be left unpatched."""

from __future__ import annotations

from typing import Any


def patch(owner: Any, name: str, replacement: Any) -> None:
    """Raises AttributeError when `owner` has no `name` (an attribute that instances set counts by its annotation)."""
    if not hasattr(owner, name):
        raise AttributeError(f"{owner!r} has no {name}: the chaos suite patches something that is gone")
    setattr(owner, name, replacement)
