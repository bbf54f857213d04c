from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StrictInt, StringConstraints, model_validator

from catalog.commands import (
    AddProduct,
    ChangePrice,
    ChangeProduct,
    NewVariant,
)  # fmt: skip
from catalog.domain.product import Product, Status, Tax
from catalog.domain.stock import Availability
from catalog.errors import PriceInvalid
from catalog.schemas.fields import LEFT_OUT, CategoryId, Name
from common import ids
from common.money import Money
from common.wire import Body, MallId, MoneyView, Sku, View, plain_text

ProductName = Annotated[str, plain_text(200)]
# Words of letters and digits of any script, joined by hyphens: it stands in an address.
Slug = Annotated[str, StringConstraints(pattern=r"^[^\W_]+(-[^\W_]+)*$", max_length=120)]
Description = Annotated[str, StringConstraints(max_length=20_000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$")]
# With a cart's most lines of a line's most units, every total is exact in a JavaScript number too (2**53).
MAX_PRICE = 10**9


class Price(Body):
    """`{"amount": 12900, "currency": "KRW"}`: whole minor units, VAT included."""

    amount: Annotated[StrictInt, Field(ge=0, le=MAX_PRICE, examples=[12900])]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = Field(examples=["KRW"])

    def to_money(self) -> Money:
        return Money(self.amount, self.currency)


class VariantBody(Body):
    sku: Sku = Field(examples=["GRANOLA-500"])
    name: Name | None = Field(default=None, examples=["500 g"])
    price: Price
    list_price: Price | None = Field(default=None, description="the crossed-out price; not below the price")
    tax: Tax = Tax.TAXABLE

    def to_command(self) -> NewVariant:
        list_price = None if self.list_price is None else self.list_price.amount
        return NewVariant(ids.new_id(), self.sku, self.name, self.price.amount, list_price, self.tax)


class NewProduct(Body):
    mall_id: MallId
    slug: Slug = Field(examples=["organic-granola"])
    name: ProductName = Field(examples=["유기농 그래놀라"])
    description: Description = ""
    category_id: CategoryId | None = None
    variants: Annotated[list[VariantBody], Field(min_length=1, max_length=100)]

    def to_command(self, product_id: UUID) -> AddProduct:
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
        )


class ProductChanges(Body):
    """Only the fields that are sent change. `category_id` null takes the product out of its category."""

    name: ProductName = LEFT_OUT
    description: Description = LEFT_OUT
    category_id: CategoryId | None = None

    def to_command(self, product_id: UUID) -> ChangeProduct:
        return ChangeProduct(product_id, self.model_dump(include=self.model_fields_set))


class VariantPrice(Body):
    price: Price
    list_price: Price | None = Field(default=None, description="null or left out: no crossed-out price")

    @model_validator(mode="after")
    def _one_currency(self) -> Self:
        if self.list_price is not None and self.list_price.currency != self.price.currency:
            raise ValueError("both prices are in one currency")
        return self

    def to_command(self, sku: str) -> ChangePrice:
        list_price = None if self.list_price is None else self.list_price.amount
        return ChangePrice(sku, self.price.amount, list_price, self.price.currency)


class CategoryRef(View):
    id: CategoryId
    name: str


class PictureView(View):
    url: str
    alt: str


class VariantFacts(View):
    id: UUID
    sku: Sku
    name: str | None
    price: MoneyView
    list_price: MoneyView | None
    tax: Tax


class VariantView(VariantFacts):
    availability: Availability


class _ProductFacts(View):
    id: UUID
    mall_id: MallId
    slug: str
    name: str
    description: str
    categories: list[CategoryRef] = Field(description="from the top category down to the product's own")
    status: Status
    published_at: datetime | None
    pictures: list[PictureView]


class ProductView(_ProductFacts):
    """What a customer sees. The service answers with bytes prepared in this shape."""

    variants: list[VariantView]


class StaffProductView(_ProductFacts):
    """A product as staff wrote it."""

    variants: list[VariantFacts]

    @classmethod
    def of(cls, product: Product, media_url: str) -> Self:
        def money(amount: int | None) -> MoneyView | None:
            return None if amount is None else MoneyView.of(amount, product.currency)

        return cls(
            id=product.id,
            mall_id=product.mall_id,
            slug=product.slug,
            name=product.name,
            description=product.description,
            categories=[CategoryRef(id=category.id, name=category.name) for category in product.categories],
            status=product.status,
            published_at=product.published_at,
            pictures=[PictureView(url=f"{media_url}/{picture.key}", alt=picture.alt) for picture in product.pictures],
            variants=[
                VariantFacts(
                    id=variant.id,
                    sku=variant.sku,
                    name=variant.name,
                    price=MoneyView.of(variant.price, product.currency),
                    list_price=money(variant.list_price),
                    tax=variant.tax,
                )
                for variant in product.variants
            ],
        )
