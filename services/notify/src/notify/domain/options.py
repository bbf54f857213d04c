"""How options are named to people: by their SKU where they have no name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notify.domain.texts import shortened

_LETTERS = 40


def named(variant_name: object, sku: object) -> str:
    return shortened(str(variant_name or sku or "-"), _LETTERS)


def before(said: Mapping[str, Any]) -> str:
    """`said`, of this and the following: {sku, variant_name, new_sku, new_variant_name}, each perhaps missing."""
    return named(said.get("variant_name"), said.get("sku"))


def after(said: Mapping[str, Any]) -> str:
    return named(said.get("new_variant_name"), said.get("new_sku"))


def change(said: Mapping[str, Any]) -> str | None:
    """`500g → 초코 500g`; None where the option stays the same."""
    new = said.get("new_sku")
    return f"{before(said)} → {after(said)}" if new and new != said.get("sku") else None
