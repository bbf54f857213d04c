"""Shapes that several services' requests and responses share."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, StringConstraints

T = TypeVar("T")

MallId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$"), Field(examples=["intake"])]
# A Mac writes a syllable as its letters (NFD): what looks the same is kept the same.
NFC = BeforeValidator(lambda given: unicodedata.normalize("NFC", given) if isinstance(given, str) else given)
# Letters of any script, but nothing that a path would have to quote: a SKU stands in addresses.
Sku = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"^\w[\w.+ -]*$"),
    Field(examples=["GRANOLA-500"]),
    NFC,
]
Quantity = Annotated[StrictInt, Field(ge=1, le=9999, examples=[2])]
# PostgreSQL's text takes no NUL, and other systems choke on the rest: in a name or a label they are never meant.
PLAIN = r"^[^\x00-\x1f\x7f-\x9f]+$"


def plain_text(most: int) -> StringConstraints:
    """One line of free text, for `Annotated[str, plain_text(60)]`: trimmed, not empty, no control characters."""
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=most, pattern=PLAIN)


class Body(BaseModel):
    """A request body. Unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class View(BaseModel):
    """A response body. Clients ignore fields they do not know."""

    model_config = ConfigDict(frozen=True)


class MoneyView(View):
    """Whole minor units: `{"amount": 12900, "currency": "KRW"}` is 12,900 won."""

    amount: StrictInt = Field(examples=[12900])
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = Field(examples=["KRW"])

    @classmethod
    def of(cls, amount: int, currency: str) -> MoneyView:
        return cls(amount=amount, currency=currency)


class Page(View, Generic[T]):
    """A page of a list. `next_cursor` asks for the following page; null on the last."""

    items: list[T]
    next_cursor: str | None = Field(default=None, examples=["AZmAAAAAcACAAAAAAAAAAA"])
