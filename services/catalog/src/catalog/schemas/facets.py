from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from pydantic import Field

from catalog.repository.listing import PRICE_STEPS
from catalog.schemas.fields import CategoryId
from catalog.schemas.products import ProductView
from common.wire import Page, View

_SEARCHED_FOR = Field(description="what was searched for in place of `q`, which finds nothing", examples=[["그래놀라"]])


class ProductPage(Page[ProductView]):
    searched_for: list[str] | None = _SEARCHED_FOR


class CategoryCount(View):
    id: CategoryId
    count: int = Field(examples=[12])


class TagCount(View):
    tag: str = Field(examples=["비건"])
    count: int = Field(examples=[12])


class PriceCount(View):
    """Products whose lowest price is `from_price` or more and below `to_price`, in minor units."""

    from_price: int = Field(examples=[10000])
    to_price: int | None = Field(examples=[20000])
    count: int = Field(examples=[12])


class AvailabilityCount(View):
    available: int = Field(examples=[117])
    sold_out: int = Field(examples=[2])


class FacetsView(View):
    total: int = Field(examples=[24])
    categories: list[CategoryCount]
    tags: list[TagCount]
    prices: list[PriceCount]
    availability: AvailabilityCount
    searched_for: list[str] | None = _SEARCHED_FOR

    @classmethod
    def of(cls, row: Any, searched_for: Sequence[str] | None) -> Self:
        edges = (0, *PRICE_STEPS, None)
        return cls(
            total=row["total"],
            categories=[CategoryCount(id=category, count=count) for category, count in row["categories"]],
            tags=[TagCount(tag=tag, count=count) for tag, count in row["tags"]],
            prices=[
                PriceCount(from_price=edges[step] or 0, to_price=edges[step + 1], count=count)
                for step, count in row["prices"]
            ],
            availability=AvailabilityCount(available=row["available"], sold_out=row["total"] - row["available"]),
            searched_for=None if searched_for is None else list(searched_for),
        )

    @classmethod
    def nothing(cls) -> Self:
        none: dict[str, Any] = {"total": 0, "available": 0, "categories": [], "tags": [], "prices": []}
        return cls.of(none, None)
