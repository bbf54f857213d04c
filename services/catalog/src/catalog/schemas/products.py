from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StrictInt, StringConstraints, model_validator

from catalog.commands import (
    AddProduct,
    AddVariant,
    ChangePrice,
    ChangeProduct,
    NewVariant,
)  # fmt: skip
from catalog.domain.product import MAX_VARIANTS, Picture, Product, Status, Tax, Variant
from catalog.domain.sets import MAX_PART_UNITS, MAX_PARTS
from catalog.domain.stock import Availability
from catalog.errors import PriceInvalid
from catalog.schemas.fields import LEFT_OUT, SEEN, CategoryId, Name, Sku
from common import ids
from common.money import Money
from common.wire import NFC, Body, MallId, MoneyView, View, plain_text

ProductName = Annotated[str, plain_text(200), NFC, SEEN, Field(examples=["유기농 그래놀라"])]
# Words of letters and digits of any script, joined by hyphens: it stands in an address.
Slug = Annotated[str, StringConstraints(pattern=r"^[^\W_]+(-[^\W_]+)*$", max_length=120), NFC, SEEN]
Description = Annotated[
    str,
    StringConstraints(max_length=20_000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"),
    Field(examples=["국산 귀리와 견과를 꿀로 구운 그래놀라"]),
]
Tag = Annotated[str, plain_text(30), NFC, SEEN]
Tags = Annotated[list[Tag], Field(max_length=20, description="short words to group products by", examples=[["비건"]])]
Rank = Annotated[
    StrictInt,
    Field(ge=-1_000_000, le=1_000_000, description="place in `sort=recommended`, the smallest first", examples=[0]),
]
# With a cart's most lines of a line's most units, every total is exact in a JavaScript number too (2**53).
MAX_PRICE = 10**9


class Price(Body):
    """`{"amount": 12900, "currency": "KRW"}`: whole minor units, VAT included."""

    amount: Annotated[StrictInt, Field(ge=0, le=MAX_PRICE, examples=[12900])]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = Field(examples=["KRW"])

    def to_money(self) -> Money:
        return Money(self.amount, self.currency)


class OptionBody(Body):
    """What a variant is chosen by: `{"name": "맛", "value": "초코"}`."""

    name: Annotated[str, plain_text(30), NFC, SEEN] = Field(examples=["맛"])
    value: Annotated[str, plain_text(50), NFC, SEEN] = Field(examples=["초코"])


class PartBody(Body):
    """So many units of another SKU are in one unit of a set."""

    sku: Sku = Field(examples=["GRANOLA-500"])
    quantity: Annotated[StrictInt, Field(ge=1, le=MAX_PART_UNITS, examples=[2])]


class VariantBody(Body):
    """With `parts` it is a set: it has no stock of its own, and what its parts are never changes."""

    sku: Sku = Field(examples=["GRANOLA-500"])
    name: Name | None = Field(default=None, examples=["500 g"])
    price: Price
    list_price: Price | None = Field(default=None, description="the crossed-out price; not below the price")
    tax: Tax = Tax.TAXABLE
    options: Annotated[list[OptionBody], Field(max_length=5)] = Field(default=[])
    parts: Annotated[list[PartBody], Field(max_length=MAX_PARTS)] = Field(default=[])

    @model_validator(mode="after")
    def _each_option_once(self) -> Self:
        if len({option.name for option in self.options}) != len(self.options):
            raise ValueError("every option is named once")
        return self

    def to_command(self) -> NewVariant:
        list_price = None if self.list_price is None else self.list_price.amount
        return NewVariant(
            ids.new_id(),
            self.sku,
            self.name,
            self.price.amount,
            list_price,
            self.tax,
            options=tuple((option.name, option.value) for option in self.options),
            parts=tuple((part.sku, part.quantity) for part in self.parts),
        )


class AnotherVariant(VariantBody):
    def to_addition(self, product_id: UUID, staff: str) -> AddVariant:
        if self.list_price is not None and self.list_price.currency != self.price.currency:
            raise PriceInvalid("all prices of a product are in one currency")
        return AddVariant(product_id, self.price.currency, self.to_command(), staff)


class NewProduct(Body):
    mall_id: MallId
    slug: Slug = Field(examples=["organic-granola"])
    name: ProductName
    description: Description = ""
    category_id: CategoryId | None = None
    tags: Tags = Field(default=[])
    rank: Rank = 0
    variants: Annotated[list[VariantBody], Field(min_length=1, max_length=MAX_VARIANTS)]

    def to_command(self, product_id: UUID, staff: str | None = None) -> AddProduct:
        prices = [price for variant in self.variants for price in (variant.price, variant.list_price) if price]
        currencies = {price.currency for price in prices}
        if len(currencies) != 1:
            raise PriceInvalid("all prices of a product are in one currency")
        return AddProduct(
            product_id=product_id,
            mall_id=self.mall_id,
            slug=self.slug,
            name=self.name,
            description=self.description,
            category_id=self.category_id,
            currency=currencies.pop(),
            variants=tuple(variant.to_command() for variant in self.variants),
            tags=tuple(dict.fromkeys(self.tags)),
            rank=self.rank,
            staff=staff,
        )


class ProductChanges(Body):
    """Only the fields that are sent change. `category_id` null takes the product out of its category."""

    name: ProductName = LEFT_OUT
    description: Description = LEFT_OUT
    category_id: CategoryId | None = None
    tags: Tags = LEFT_OUT
    rank: Rank = LEFT_OUT

    def to_command(self, product_id: UUID) -> ChangeProduct:
        changes = self.model_dump(include=self.model_fields_set)
        if "tags" in changes:
            changes["tags"] = tuple(dict.fromkeys(changes["tags"]))
        return ChangeProduct(product_id, changes)


class VariantPrice(Body):
    price: Price
    list_price: Price | None = Field(default=None, description="null or left out: no crossed-out price")

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        if self.list_price is not None and self.list_price.currency != self.price.currency:
            raise ValueError("both prices are in one currency")
        return self

    def to_command(self, sku: str, staff: str) -> ChangePrice:
        list_price = None if self.list_price is None else self.list_price.amount
        return ChangePrice(sku, self.price.amount, list_price, self.price.currency, staff)


class CategoryRef(View):
    id: CategoryId
    name: str = Field(examples=["그래놀라"])


class SourceView(View):
    url: str = Field(examples=["https://cdn.intake.example/granola-600.webp"])
    format: Literal["webp", "avif"]
    width: int = Field(examples=[600])


class PictureView(View):
    """`sources`: the same picture in other formats and widths, made a moment after the upload; `url`: one for all."""

    url: str = Field(examples=["https://cdn.intake.example/granola.webp"])
    alt: str = Field(examples=["유기농 그래놀라 500 g"])
    width: int | None = Field(examples=[1200])
    height: int | None = Field(examples=[1200])
    sources: list[SourceView]

    @classmethod
    def of(cls, picture: Picture, media_url: str) -> Self:
        return cls(
            url=f"{media_url}/{picture.shown_key}",
            alt=picture.alt,
            width=picture.width,
            height=picture.height,
            sources=[
                SourceView(url=f"{media_url}/{each.key}", format=each.format, width=each.width)
                for each in picture.renditions
            ],
        )


class StaffPictureView(PictureView):
    id: UUID = Field(description="of its upload: what it is arranged and removed by")
    problem: str | None = Field(
        description="why it cannot be rendered: shoppers do not see it; null: nothing is wrong", examples=[None]
    )

    @classmethod
    def of(cls, picture: Picture, media_url: str) -> Self:
        return cls(id=picture.id, problem=picture.problem, **PictureView.of(picture, media_url).__dict__)


class OptionView(View):
    name: str = Field(examples=["맛"])
    value: str = Field(examples=["초코"])


class PartView(View):
    sku: Sku
    quantity: int = Field(examples=[2])


class RunningSaleView(View):
    ends_at: datetime | None = Field(description="null: until it is taken off")


class PreorderView(View):
    release_at: datetime


class _VariantFacts(View):
    id: UUID
    sku: Sku
    name: str | None = Field(examples=["500 g"])
    price: MoneyView = Field(description="what it costs now")
    list_price: MoneyView | None = Field(
        description="the crossed-out price; during a sale at least the price without it"
    )
    tax: Tax
    options: list[OptionView]
    parts: list[PartView] = Field(description="not empty: a set of so many units of each")


class VariantView(_VariantFacts):
    sale: RunningSaleView | None
    preorder: PreorderView | None
    availability: Availability


class SaleView(RunningSaleView):
    price: MoneyView
    starts_at: datetime
    running: bool


class StaffPreorderView(PreorderView):
    limit: int = Field(examples=[500])


class StaffVariantView(_VariantFacts):
    regular_price: MoneyView = Field(description="what it costs without a sale")
    sale: SaleView | None
    preorder: StaffPreorderView | None

    @classmethod
    def of(cls, variant: Variant, currency: str) -> Self:
        sale, preorder, crossed_out = variant.sale, variant.preorder, variant.crossed_out
        return cls(
            id=variant.id,
            sku=variant.sku,
            name=variant.name,
            price=MoneyView.of(variant.price, currency),
            list_price=None if crossed_out is None else MoneyView.of(crossed_out, currency),
            tax=variant.tax,
            options=[OptionView(name=name, value=value) for name, value in variant.options],
            parts=[PartView(sku=sku, quantity=quantity) for sku, quantity in variant.parts],
            regular_price=MoneyView.of(variant.regular_price, currency),
            sale=sale
            and SaleView(
                price=MoneyView.of(sale.price, currency),
                starts_at=sale.starts_at,
                ends_at=sale.ends_at,
                running=sale.running,
            ),
            preorder=preorder and StaffPreorderView(release_at=preorder.release_at, limit=preorder.limit),
        )


class _ProductFacts(View):
    id: UUID
    mall_id: MallId
    slug: str = Field(examples=["organic-granola"])
    name: str = Field(examples=["유기농 그래놀라"])
    description: str = Field(examples=["국산 귀리와 견과를 꿀로 구운 그래놀라"])
    categories: list[CategoryRef] = Field(description="from the top category down to the product's own")
    status: Status
    published_at: datetime | None
    tags: list[str] = Field(examples=[["비건"]])


class ProductView(_ProductFacts):
    """What a customer sees. The service answers with bytes prepared in this shape."""

    pictures: list[PictureView]
    variants: list[VariantView]


class StaffProductView(_ProductFacts):
    """A product as staff wrote it."""

    pictures: list[StaffPictureView]
    rank: int = Field(examples=[0])
    variants: list[StaffVariantView]

    @classmethod
    def of(cls, product: Product, media_url: str) -> Self:
        return cls(
            id=product.id,
            mall_id=product.mall_id,
            slug=product.slug,
            name=product.name,
            description=product.description,
            categories=[CategoryRef(id=category.id, name=category.name) for category in product.categories],
            status=product.status,
            published_at=product.published_at,
            pictures=[StaffPictureView.of(picture, product.media_url or media_url) for picture in product.pictures],
            tags=list(product.tags),
            rank=product.rank,
            variants=[StaffVariantView.of(variant, product.currency) for variant in product.variants],
        )
