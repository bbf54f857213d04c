"""Imports and exports of products as files. The work is a job's: no request waits for it, nothing large crosses one."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from catalog.clients import ObjectStorage, UploadForm
from catalog.commands import AddVariant, ChangePrice, ChangeProduct, ChangeVariant, HideProduct, PublishProduct
from catalog.domain import sheets
from catalog.domain.product import Product, Variant
from catalog.domain.sheets import MAX_FILE_BYTES, MAX_PROBLEMS, Line, Problem
from catalog.errors import (
    MallNotFound,
    ProductInvalid,
    SheetUnfit,
    TransferBusy,
    TransferNotFound,
    UploadMissing,
    UploadUnfit,
)  # fmt: skip
from catalog.handlers import products
from catalog.repository import malls, transfers
from catalog.repository.transfers import Form, Kind, Status, Transfer
from catalog.schemas import sheets as files
from catalog.schemas.products import NewProduct, VariantBody
from common import ids
from common.db import Database, Tx
from common.errors import DomainError

UPLOAD_LIFETIME = timedelta(minutes=15)
_KEPT = timedelta(days=1)
_PAGE = 1_000
CONTENT_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_YES, _NO = {"yes", "y", "true", "1"}, {"no", "n", "false", "0"}


@dataclass(frozen=True, slots=True)
class Transfers:
    database: Database
    storage: ObjectStorage
    public_url: str

    async def announce(
        self, transfer_id: UUID, kind: Kind, *, mall_id: str, form: Form, size: int, staff: str
    ) -> Transfer:
        """A file to come, or one to be written. Its key cannot be guessed: whoever has it may read."""
        new = Transfer(
            id=transfer_id,
            mall_id=mall_id,
            kind=kind,
            format=form,
            status="announced" if kind == "import" else "queued",
            apply=False,
            object_key=f"transfers/{ids.new_token()}.{form}",
            bytes=size,
            row_count=0,
            product_count=0,
            problems=(),
            staff=staff,
        )
        async with self.database.transaction() as tx:
            if await malls.read_mall(tx.connection, mall_id) is None:
                raise MallNotFound(f"there is no mall {mall_id}")
            await transfers.insert(tx.connection, new, tx.now)
            return await transfers.read(tx.connection, transfer_id, kind) or new

    async def upload_form(self, transfer: Transfer) -> UploadForm:
        kind = CONTENT_TYPES[transfer.format]
        return await self.storage.upload_form(transfer.object_key, kind, transfer.bytes, UPLOAD_LIFETIME)

    async def read(self, transfer_id: UUID, kind: Kind) -> Transfer:
        async with self.database.read() as connection:
            found = await transfers.read(connection, transfer_id, kind)
        if found is None:
            raise TransferNotFound(f"there is no such {kind}")
        return found

    async def start(self, transfer_id: UUID, *, apply: bool) -> Transfer:
        """Queues the file that arrived. One that is at work, was applied or is gone is not started again."""
        announced = await self.read(transfer_id, "import")
        if await self.storage.look(announced.object_key) is None:
            raise UploadMissing("the file is not there")
        async with self.database.transaction() as tx:
            found = await transfers.read(tx.connection, transfer_id, "import", lock=True)
            if found is None or found.status not in {"announced", "checked", "refused"}:
                raise TransferBusy("the import is at work, or done")
            await transfers.queue(tx.connection, transfer_id, apply=apply, now=tx.now)
        return await self.read(transfer_id, "import")

    async def work(self) -> int:
        """Does what waits, one after the other. Safe to die at any line: what was not finished is taken up again."""
        done = 0
        while True:
            async with self.database.read() as connection:
                if not await transfers.any_waits(connection, self.database.clock.now()):
                    return done
            async with self.database.transaction() as tx:
                taken = await transfers.take(tx.connection, tx.now)
            if taken is None:
                return done
            await (self._import(taken) if taken.kind == "import" else self._export(taken))
            done += 1

    async def remove_old(self, limit: int = 50) -> int:
        """Files go after a day; what was done with them stays known."""
        async with self.database.read() as connection:
            found = await transfers.lasting(connection, self.database.clock.now() - _KEPT, limit)
        for transfer_id, key in found:
            await self.storage.delete(key)
            async with self.database.transaction() as tx:
                await transfers.finish(tx.connection, transfer_id, "gone", tx.now)
        return len(found)

    async def _import(self, taken: Transfer) -> None:
        try:
            content = await self.storage.fetch(taken.object_key, MAX_FILE_BYTES)
            table = await asyncio.to_thread(files.read, content, taken.format)
            lines = sheets.lines_of(table)
        except (SheetUnfit, UploadMissing, UploadUnfit) as refused:
            await self._refuse(taken, refused.code, refused.detail)
            return
        groups = sheets.by_product(lines)
        async with self.database.transaction() as tx:
            written = await tx.connection.begin_nested()
            problems = await self._carry_out(taken, groups, tx)
            status: Status = "refused" if problems else "applied" if taken.apply else "checked"
            if status == "applied":
                await written.commit()
            else:
                await written.rollback()
                tx.pending.clear()
            # With what it did, in one transaction: after a crash all of it is done again, or nothing.
            facts = {"rows": len(lines), "products": len(groups)}
            await transfers.finish(tx.connection, taken.id, status, tx.now, problems=problems, **facts)

    async def _refuse(self, taken: Transfer, code: str, detail: str) -> None:
        async with self.database.transaction() as tx:
            problems = [Problem(1, None, code, detail)]
            await transfers.finish(tx.connection, taken.id, "refused", tx.now, problems=problems)

    async def _carry_out(self, taken: Transfer, groups: dict[str, list[Line]], tx: Tx) -> list[Problem]:
        mall = await malls.read_mall(tx.connection, taken.mall_id)
        if mall is None:
            raise MallNotFound(f"there is no mall {taken.mall_id}")
        there = await transfers.products_of(tx.connection, taken.mall_id, list(groups))
        problems: list[Problem] = []
        for slug, lines in groups.items():
            problems += (unclear := sheets.contradictions(lines))
            body = files.to_body(taken.mall_id, mall.currency, lines)
            if isinstance(body, list):
                problems += body
            if unclear or isinstance(body, list):
                continue
            try:
                async with tx.connection.begin_nested():
                    await self._write(body, lines, there.get(slug), taken.staff, tx)
            except DomainError as refused:
                problems.append(Problem(_row_of(refused, lines), None, refused.code, refused.detail))
        return sorted(problems, key=lambda problem: problem.row)[:MAX_PROBLEMS]

    async def _write(self, body: NewProduct, lines: Sequence[Line], known: UUID | None, staff: str, tx: Tx) -> None:
        if known is None:
            product = await products.add_product(body.to_command(ids.new_id(), staff), tx)
        else:
            product = await self._change(body, lines, known, staff, tx)
        on_sale = sheets.facts_of(lines).get("on_sale", "").lower()
        if on_sale in _YES:
            await products.publish_product(PublishProduct(product.id), tx, self.public_url)
        elif on_sale in _NO and known is not None:
            await products.hide_product(HideProduct(product.id), tx, self.public_url)
        elif on_sale and on_sale not in _NO:
            raise SheetUnfit("on_sale is yes, no or empty", row=lines[0].row)

    async def _change(self, body: NewProduct, lines: Sequence[Line], known: UUID, staff: str, tx: Tx) -> Product:
        """An empty cell leaves what is there, but for a list price: empty, it is taken away. Options stay."""
        given = sheets.facts_of(lines)
        changes: dict[str, Any] = {
            name: getattr(body, name)
            for name in ("name", "description", "category_id", "tags", "rank")
            if name in given
        }
        if "tags" in changes:
            changes["tags"] = tuple(dict.fromkeys(changes["tags"]))
        product = await products.change_product(ChangeProduct(known, changes), tx, self.public_url)
        there = {variant.sku: variant for variant in product.variants}
        for variant, line in zip(body.variants, lines, strict=True):
            old = there.get(variant.sku)
            if old is None:
                command = AddVariant(known, variant.price.currency, variant.to_command(), staff)
                product = await products.add_variant(command, tx, self.public_url)
                continue
            if changed := _changes(old, variant, line):
                await products.change_variant(ChangeVariant(variant.sku, changed), tx, self.public_url)
            product = await self._price(variant, staff, tx)
        return product

    async def _price(self, variant: VariantBody, staff: str, tx: Tx) -> Product:
        list_price = None if variant.list_price is None else variant.list_price.amount
        command = ChangePrice(variant.sku, variant.price.amount, list_price, variant.price.currency, staff)
        return await products.change_price(command, tx, self.public_url)

    async def _export(self, taken: Transfer) -> None:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / f"products.{taken.format}"
            rows: list[tuple[str | int | None, ...]] = []
            after = ""
            async with self.database.read() as connection:
                while (last := await transfers.last_slug(connection, taken.mall_id, after, _PAGE)) is not None:
                    rows += map(files.to_row, await transfers.rows_of(connection, taken.mall_id, after, _PAGE))
                    after = last
            await asyncio.to_thread(files.write, path, taken.format, rows)
            await self.storage.put(taken.object_key, path, CONTENT_TYPES[taken.format])
        products_written = len({row[0] for row in rows})
        async with self.database.transaction() as tx:
            await transfers.finish(tx.connection, taken.id, "ready", tx.now, rows=len(rows), products=products_written)


def _changes(old: Variant, new: VariantBody, line: Line) -> dict[str, Any]:
    """Name and tax as far as their cells say something else. Raises `ProductInvalid` for other options."""
    options = new.to_command().options
    if options and options != old.options:
        raise ProductInvalid(f"the options of {old.sku} stay what they are", skus=[old.sku])
    wanted = {"name": new.name if line.cells.get("variant_name") else old.name}
    wanted["tax"] = new.tax if line.cells.get("tax") else old.tax
    return {name: value for name, value in wanted.items() if value != getattr(old, name)}


def _row_of(refused: DomainError, lines: Sequence[Line]) -> int:
    """The row that a refusal is about, as far as it names SKUs."""
    named = set(refused.fields.get("skus", ()))
    return next((line.row for line in lines if line.cells.get("sku") in named), lines[0].row)
