from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StrictInt, StringConstraints

from catalog.commands import AnnounceUpload, ArrangePictures, AttachPicture
from catalog.domain.media import MAX_PICTURE_BYTES
from catalog.schemas.products import SourceView
from common.wire import Body, MallId, View, plain_text


class UploadBody(Body):
    product_id: UUID
    file_name: Annotated[str, plain_text(200)] = Field(examples=["granola.webp"])
    content_type: Annotated[str, StringConstraints(max_length=100)] = Field(examples=["image/webp"])
    bytes: Annotated[
        StrictInt, Field(ge=1, le=1_000_000_000, description=f"exact size of the file; at most {MAX_PICTURE_BYTES}")
    ] = Field(examples=[48213])

    def to_command(self, upload_id: UUID) -> AnnounceUpload:
        return AnnounceUpload(upload_id, self.product_id, self.file_name, self.content_type, self.bytes)


class UploadView(View):
    """Post `fields` in this order and then the file as `file`, as multipart/form-data, to `url`."""

    upload_id: UUID
    method: Literal["POST"] = "POST"
    url: str = Field(examples=["https://intake.example/media"])
    fields: dict[str, str] = Field(examples=[{"key": "intake/granola.webp", "policy": "eyJleHBpcmF0aW9uIjoi"}])
    expires_in_seconds: int = Field(examples=[600])


class PictureBody(Body):
    upload_id: UUID
    alt: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=300, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")
    ] = Field(examples=["유기농 그래놀라 500 g"])

    def to_command(self, product_id: UUID) -> AttachPicture:
        return AttachPicture(product_id, self.upload_id, self.alt)


class PictureOrderBody(Body):
    picture_ids: Annotated[list[UUID], Field(max_length=200)] = Field(
        description="every picture of the product, in the order it is to be shown",
        examples=[["01935a7c-6f7e-7c3a-8a54-0d9a3c1f0b11", "01935a7c-7a10-7d52-9b3e-52f1c0a7e2c4"]],
    )

    def to_command(self, product_id: UUID) -> ArrangePictures:
        return ArrangePictures(product_id, tuple(self.picture_ids))


class StoredView(View):
    """An upload and what became of it. `shown`: with its product; if not, it goes after a day.

    With a `problem` it stays with its product and shoppers do not see it.
    """

    upload_id: UUID
    product_id: UUID
    mall_id: MallId
    product_slug: str = Field(examples=["organic-granola"])
    url: str = Field(examples=["https://cdn.intake.example/granola.webp"])
    file_name: str = Field(examples=["granola.webp"])
    content_type: str = Field(examples=["image/webp"])
    bytes: int = Field(examples=[48213])
    created_at: datetime
    shown: bool
    alt: str | None = Field(examples=["유기농 그래놀라 500 g"])
    width: int | None = Field(examples=[1200])
    height: int | None = Field(examples=[1200])
    problem: str | None = Field(
        description="why there are no sources, if there never will be",
        examples=["the file cannot be read as a picture"],
    )
    sources: list[SourceView]

    @classmethod
    def of(cls, row: Any, media_url: str) -> Self:
        base = row["media_url"] or media_url
        same = ("product_id", "mall_id", "file_name", "content_type", "bytes", "created_at")
        return cls(
            upload_id=row["id"],
            product_slug=row["slug"],
            url=f"{base}/{row['object_key']}",
            shown=row["shown"],
            alt=row["alt"],
            width=row["width"],
            height=row["height"],
            problem=row["render_problem"],
            sources=[
                SourceView(url=f"{base}/{each['key']}", format=each["format"], width=each["width"])
                for each in row["renditions"]
            ],
            **{name: row[name] for name in same},
        )
