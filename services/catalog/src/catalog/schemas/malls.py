from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AnyHttpUrl, Field, StrictInt, StringConstraints

from catalog.commands import AddCategory, ChangeMall, OpenMall
from catalog.domain.product import Category, Mall
from catalog.schemas.fields import LEFT_OUT, CategoryId, Name
from common.wire import Body, MallId, View


class MallFacts(Body):
    name: Name = Field(examples=["인테이크"])
    storefront_url: AnyHttpUrl | None = None
    support_email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=200)] | None = Field(
        default=None, examples=["help@intake.example"]
    )
    media_url: AnyHttpUrl | None = Field(
        default=None,
        description="where browsers get this mall's pictures, such as a content network in front of the bucket;"
        " null: the address that all malls share",
        examples=["https://cdn.intake.example"],
    )
    support_phone: Annotated[str, StringConstraints(pattern=r"^[0-9+][0-9-]{3,19}$")] | None = Field(
        default=None, examples=["02-1234-5678"]
    )

    def given(self) -> dict[str, Any]:
        """The fields the caller sent."""
        return self._facts(include=self.model_fields_set)

    def _facts(self, **which: Any) -> dict[str, Any]:
        facts = self.model_dump(mode="json", **which)
        if facts.get("media_url"):
            facts["media_url"] = facts["media_url"].rstrip("/")
        return facts


class NewMall(MallFacts):
    id: MallId = Field(examples=["intake"])
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = Field(default="KRW", examples=["KRW"])

    def to_command(self) -> OpenMall:
        facts = self._facts(exclude={"id"})
        return OpenMall(mall_id=self.id, **facts)


class MallChanges(MallFacts):
    name: Annotated[Name, Field(examples=["인테이크"])] = LEFT_OUT

    def to_command(self, mall_id: str) -> ChangeMall:
        return ChangeMall(mall_id, self.given())


class MallView(View):
    id: MallId
    name: str = Field(examples=["인테이크"])
    currency: str = Field(examples=["KRW"])
    storefront_url: str | None = Field(examples=["https://intake.example/"])
    support_email: str | None = Field(examples=["help@intake.example"])
    support_phone: str | None = Field(examples=["02-1234-5678"])
    media_url: str | None = Field(examples=["https://cdn.intake.example"])

    @classmethod
    def of(cls, mall: Mall) -> Self:
        return cls(
            id=mall.id,
            name=mall.name,
            currency=mall.currency,
            storefront_url=mall.storefront_url,
            support_email=mall.support_email,
            support_phone=mall.support_phone,
            media_url=mall.media_url,
        )


class NewCategory(Body):
    mall_id: MallId
    id: CategoryId = Field(examples=["granola"])
    name: Name = Field(examples=["그래놀라"])
    parent_id: CategoryId | None = None
    position: Annotated[StrictInt, Field(ge=-(2**31), le=2**31 - 1)] = Field(default=0, examples=[0])

    def to_command(self) -> AddCategory:
        return AddCategory(self.mall_id, self.id, self.name, self.parent_id, self.position)


class CategoryView(View):
    """`path` leads from the top category down to this one."""

    id: CategoryId
    mall_id: MallId
    name: str = Field(examples=["그래놀라"])
    parent_id: CategoryId | None
    path: list[CategoryId]

    @classmethod
    def of(cls, category: Category) -> Self:
        parent = category.path[-2] if len(category.path) > 1 else None
        path = list(category.path)
        return cls(id=category.id, mall_id=category.mall_id, name=category.name, parent_id=parent, path=path)


class CategoryNode(View):
    id: CategoryId
    name: str = Field(examples=["그래놀라"])
    children: list[CategoryNode]


class CategoryTree(View):
    items: list[CategoryNode]

    @classmethod
    def of(cls, categories: list[Category]) -> Self:
        """`categories` has parents before children."""
        nodes = {category.id: CategoryNode(id=category.id, name=category.name, children=[]) for category in categories}
        top: list[CategoryNode] = []
        for category in categories:
            siblings = nodes[category.path[-2]].children if len(category.path) > 1 else top
            siblings.append(nodes[category.id])
        return cls(items=top)
