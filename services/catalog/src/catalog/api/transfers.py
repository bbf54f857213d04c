"""Products in bulk: sheets that staff uploads straight into object storage, and sheets that are written for them."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request, Response

from catalog.api.access import Editor, EditorOnly, Key
from catalog.flows import Transfers
from catalog.flows.transfers import UPLOAD_LIFETIME
from catalog.schemas.transfers import (
    AnnouncedImportView,
    ExportBody,
    ExportView,
    ImportBody,
    ImportView,
    StartBody,
)  # fmt: skip
from common.http import DatabaseDep
from common.idempotency import Claim, once
from common.problems import responses

router = APIRouter(tags=["staff: bulk"])


def _transfers(request: Request) -> Transfers:
    transfers: Transfers = request.app.state.transfers
    return transfers


@router.post(
    "/v1/products/imports",
    summary="Announce a sheet of products",
    status_code=201,
    response_model=AnnouncedImportView,
    responses=responses(401, 403, 404, 409, 422, 503),
)
async def announce(request: Request, database: DatabaseDep, who: Editor, key: Key, body: ImportBody) -> Response:
    """A CSV (UTF-8, or CP949 as Korean spreadsheets write it) or XLSX with a row for every variant; rows of one `slug`
    are one product, its facts in the first of them. The answer is a form a browser can post. Then start the import.
    """

    async def work(claim: Claim) -> Response:
        transfers = _transfers(request)
        made = await transfers.announce(
            claim.resource_id,
            "import",
            mall_id=body.mall_id,
            form=body.format,
            size=body.bytes,
            staff=who.subject,
        )
        form = await transfers.upload_form(made)
        view = AnnouncedImportView.of(made, form, int(UPLOAD_LIFETIME.total_seconds()))
        async with database.transaction() as tx:
            return await claim.remember(tx, 201, view)

    return await once(database, request, key, work, caller=who.subject)


@router.post(
    "/v1/products/imports/{import_id}/start",
    summary="Check or apply a sheet",
    dependencies=[EditorOnly],
    status_code=202,
    responses=responses(401, 403, 404, 409, 422, 503),
)
async def start(request: Request, import_id: UUID, body: StartBody) -> ImportView:
    """The work is done in the background; read the import until it is over. All rows are written or none. Products are
    found by `slug` and variants by `sku`: new ones are added, others get the price and the facts that are not empty.
    """
    return ImportView.of(await _transfers(request).start(import_id, apply=body.apply))


@router.get(
    "/v1/products/imports/{import_id}",
    summary="How far an import is",
    dependencies=[EditorOnly],
    responses=responses(401, 403, 404, 422),
)
async def read_import(request: Request, import_id: UUID) -> ImportView:
    """With a line for every row that is wrong, up to a thousand."""
    return ImportView.of(await _transfers(request).read(import_id, "import"))


@router.post(
    "/v1/products/exports",
    summary="Write a sheet of all products",
    status_code=202,
    response_model=ExportView,
    responses=responses(401, 403, 404, 409, 422),
)
async def export(request: Request, database: DatabaseDep, who: Editor, key: Key, body: ExportBody) -> Response:
    """Written in the background, in the form that imports read. Cells that a spreadsheet would take for formulas begin
    with an apostrophe in CSV. Sets are left out.
    """

    async def work(claim: Claim) -> Response:
        transfers = _transfers(request)
        made = await transfers.announce(
            claim.resource_id, "export", mall_id=body.mall_id, form=body.format, size=0, staff=who.subject
        )
        async with database.transaction() as tx:
            return await claim.remember(tx, 202, ExportView.of(made, transfers.public_url))

    return await once(database, request, key, work, caller=who.subject)


@router.get(
    "/v1/products/exports/{export_id}",
    summary="How far an export is",
    dependencies=[EditorOnly],
    responses=responses(401, 403, 404, 422),
)
async def read_export(request: Request, export_id: UUID) -> ExportView:
    transfers = _transfers(request)
    return ExportView.of(await transfers.read(export_id, "export"), transfers.public_url)
