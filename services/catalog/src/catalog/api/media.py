"""Pictures: permission to upload straight into object storage, then a place beside the product."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from catalog.api.access import Editor, EditorOnly, Key
from catalog.commands import RemovePicture
from catalog.flows import UPLOAD_LIFETIME, Media
from catalog.repository import renditions
from catalog.schemas import cursor as cursors
from catalog.schemas.media import PictureBody, PictureOrderBody, StoredView, UploadBody, UploadView
from catalog.schemas.products import StaffProductView
from common.http import DatabaseDep
from common.idempotency import Claim, once
from common.problems import responses
from common.wire import MallId, Page

router = APIRouter(tags=["staff: pictures"])


def _media(request: Request) -> Media:
    media: Media = request.app.state.media
    return media


@router.post(
    "/v1/media/uploads",
    summary="Announce a picture",
    status_code=201,
    response_model=UploadView,
    responses=responses(401, 403, 404, 409, 422, 503),
)
async def announce(request: Request, database: DatabaseDep, who: Editor, key: Key, upload: UploadBody) -> Response:
    """JPEG, PNG, WebP or AVIF of exactly the size announced. The answer is a form a browser can post."""

    async def work(claim: Claim) -> Response:
        media = _media(request)
        announced = await media.announce(upload.to_command(claim.resource_id))
        form = await media.upload_form(announced)
        view = UploadView(
            upload_id=announced.id,
            url=form.url,
            fields=form.fields,
            expires_in_seconds=int(UPLOAD_LIFETIME.total_seconds()),
        )
        async with database.transaction() as tx:
            return await claim.remember(tx, 201, view)

    return await once(database, request, key, work, caller=who.subject)


@router.get(
    "/v1/media",
    summary="What is stored",
    dependencies=[EditorOnly],
    responses=responses(401, 403, 422),
)
async def browse(
    *,
    request: Request,
    database: DatabaseDep,
    mall: Annotated[MallId | None, Query(examples=["intake"])] = None,
    product_id: UUID | None = None,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Page[StoredView]:
    """Uploads and the renditions made of them, the latest first."""
    before = None if cursor is None else cursors.to_upload(cursor)
    async with database.read() as connection:
        rows = await renditions.browse(connection, mall, product_id, before, limit + 1)
    items = [StoredView.of(row, _media(request).public_url) for row in rows[:limit]]
    more = len(rows) > limit
    return Page(items=items, next_cursor=cursors.of_story(str(items[-1].upload_id)) if more else None)


@router.post(
    "/v1/products/{product_id}/pictures",
    summary="Show an uploaded picture",
    dependencies=[EditorOnly],
    status_code=201,
    responses=responses(401, 403, 404, 409, 422, 503),
)
async def attach(request: Request, product_id: UUID, picture: PictureBody) -> StaffProductView:
    """Looks whether the file arrived and is what was announced. The same upload again changes nothing."""
    media = _media(request)
    return StaffProductView.of(await media.attach(picture.to_command(product_id)), media.public_url)


@router.put(
    "/v1/products/{product_id}/pictures",
    summary="Put the pictures in order",
    dependencies=[EditorOnly],
    responses=responses(401, 403, 404, 409, 422),
)
async def arrange(request: Request, product_id: UUID, order: PictureOrderBody) -> StaffProductView:
    """The first is the product's face. 409 `picture.order_differs`, with those there are: all are to be named."""
    media = _media(request)
    return StaffProductView.of(await media.arrange(order.to_command(product_id)), media.public_url)


@router.delete(
    "/v1/products/{product_id}/pictures/{picture_id}",
    summary="Take a picture away",
    dependencies=[EditorOnly],
    responses=responses(401, 403, 404, 422),
)
async def remove(request: Request, product_id: UUID, picture_id: UUID) -> StaffProductView:
    """Shown nowhere from now on; its files are deleted after a day. Safe to repeat."""
    media = _media(request)
    return StaffProductView.of(await media.remove(RemovePicture(product_id, picture_id)), media.public_url)
