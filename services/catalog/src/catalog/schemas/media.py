from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StrictInt, StringConstraints

from catalog.commands import AnnounceUpload, AttachPicture
from catalog.domain.media import MAX_PICTURE_BYTES
from common.wire import Body, View, plain_text


class UploadBody(Body):
    product_id: UUID
    file_name: Annotated[str, plain_text(200)]
    content_type: Annotated[str, StringConstraints(max_length=100)] = Field(examples=["image/webp"])
    bytes: Annotated[
        StrictInt, Field(ge=1, le=1_000_000_000, description=f"exact size of the file; at most {MAX_PICTURE_BYTES}")
    ]

    def to_command(self, upload_id: UUID) -> AnnounceUpload:
        return AnnounceUpload(upload_id, self.product_id, self.file_name, self.content_type, self.bytes)


class UploadView(View):
    """Post `fields` in this order and then the file as `file`, as multipart/form-data, to `url`."""

    upload_id: UUID
    method: Literal["POST"] = "POST"
    url: str
    fields: dict[str, str]
    expires_in_seconds: int


class PictureBody(Body):
    upload_id: UUID
    alt: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]

    def to_command(self, product_id: UUID) -> AttachPicture:
        return AttachPicture(product_id, self.upload_id, self.alt)
