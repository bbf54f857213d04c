"""What sets are made of, for who packs them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from pydantic import Field

from catalog.repository.compositions import PartOf
from common.wire import Sku, View


class SetPartView(View):
    sku: Sku
    product_name: str = Field(examples=["유기농 그래놀라"])
    variant_name: str | None = Field(examples=["500 g"])
    quantity: int = Field(examples=[2], description="so many in one set")


class SetView(View):
    sku: Sku
    parts: list[SetPartView]


class SetsView(View):
    """Only those that are sets."""

    items: list[SetView]

    @classmethod
    def of(cls, found: Sequence[PartOf]) -> Self:
        parts: dict[str, list[SetPartView]] = {}
        for one in found:
            shown = SetPartView(
                sku=one.sku, product_name=one.product_name, variant_name=one.variant_name, quantity=one.quantity
            )
            parts.setdefault(one.set_sku, []).append(shown)
        return cls(items=[SetView(sku=sku, parts=within) for sku, within in parts.items()])
