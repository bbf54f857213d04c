from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt

from catalog.clients import UploadForm
from catalog.domain.sheets import COLUMNS, MAX_FILE_BYTES, MAX_ROWS
from catalog.repository.transfers import Form, Status, Transfer
from common.wire import Body, MallId, View


class ImportBody(Body):
    """A sheet of products to come. Its first row has the headings."""

    mall_id: MallId = Field(examples=["intake"])
    format: Form = Field(examples=["xlsx"])
    bytes: Annotated[StrictInt, Field(ge=1, le=MAX_FILE_BYTES, description="exact size of the file")] = Field(
        examples=[48213]
    )


class StartBody(Body):
    apply: StrictBool = Field(description="false: only find out what is wrong; true: and write it if nothing is")


class ExportBody(Body):
    mall_id: MallId = Field(examples=["intake"])
    format: Form = Field(examples=["csv"])


class ProblemView(View):
    """What is wrong with a row. Rows count as the spreadsheet does: the first below the headings is 2."""

    row: int = Field(examples=[7])
    column: str | None = Field(examples=["price"])
    code: str = Field(examples=["request.invalid"])
    detail: str = Field(examples=["Input should be a valid integer"])


class ImportView(View):
    id: UUID
    mall_id: MallId
    format: Form
    status: Status = Field(
        description="`checked`: nothing is wrong and nothing was written; `applied`: all of it was written;"
        " `refused`: see `problems`, nothing was written; `failed`: it could not be finished, nothing was written"
    )
    rows: int = Field(examples=[120])
    products: int = Field(examples=[80])
    problems: list[ProblemView]

    @classmethod
    def of(cls, transfer: Transfer) -> Self:
        return cls(
            id=transfer.id,
            mall_id=transfer.mall_id,
            format=transfer.format,
            status=transfer.status,
            rows=transfer.row_count,
            products=transfer.product_count,
            problems=[ProblemView(**asdict(problem)) for problem in transfer.problems],
        )


class AnnouncedImportView(View):
    """Post `fields` in this order and then the file as `file`, as multipart/form-data, to `url`."""

    id: UUID
    method: Literal["POST"] = "POST"
    url: str = Field(examples=["https://intake.example/media"])
    fields: dict[str, str] = Field(examples=[{"key": "transfers/granola.csv", "policy": "eyJleHBpcmF0aW9uIjoi"}])
    expires_in_seconds: int = Field(examples=[600])
    columns: list[str] = Field(
        default=list(COLUMNS),
        description=f"the headings; at most {MAX_ROWS} rows",
        examples=[["slug", "name", "sku", "price"]],
    )

    @classmethod
    def of(cls, transfer: Transfer, form: UploadForm, seconds: int) -> Self:
        return cls(id=transfer.id, url=form.url, fields=form.fields, expires_in_seconds=seconds)


class ExportView(View):
    id: UUID
    mall_id: MallId
    format: Form
    status: Status
    rows: int = Field(examples=[120])
    products: int = Field(examples=[80])
    url: str | None = Field(
        description="where the file is once it is `ready`, for a day; whoever has it may read",
        examples=["https://intake.example/media/exports/intake.csv"],
    )

    @classmethod
    def of(cls, transfer: Transfer, public_url: str) -> Self:
        return cls(
            id=transfer.id,
            mall_id=transfer.mall_id,
            format=transfer.format,
            status=transfer.status,
            rows=transfer.row_count,
            products=transfer.product_count,
            url=f"{public_url}/{transfer.object_key}" if transfer.status == "ready" else None,
        )
