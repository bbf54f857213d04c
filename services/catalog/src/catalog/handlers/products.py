"""Commands about products. `media_url` is the public address of the pictures, which events carry."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from catalog import events
from catalog.commands import (
    AddProduct,
    AddVariant,
    AnnounceUpload,
    ArrangePictures,
    AttachPicture,
    ChangePrice,
    ChangeProduct,
    ChangeVariant,
    HideProduct,
    NewVariant,
    PublishProduct,
    RemovePicture,
)  # fmt: skip
from catalog.domain import media, product
from catalog.domain.media import Rendition, Upload
from catalog.domain.product import Category, Decision, Mall, Picture, Product, Tax, Variant
from catalog.errors import (
    CategoryNotFound,
    MallNotFound,
    ProductNotFound,
    SetInvalid,
    SkuNotFound,
    SkuTaken,
    SlugTaken,
    UploadNotFound,
)  # fmt: skip
from catalog.repository import compositions, malls, prices, products, renditions, stock, uploads
from common.db import Tx
from common.errors import UpstreamUnavailable


async def add_product(command: AddProduct, tx: Tx) -> Product:
    mall = await _mall(command.mall_id, tx)
    product.check_currency(command.currency, mall.currency)
    decision = product.draft(
        Product(
            id=command.product_id,
            mall_id=command.mall_id,
            slug=command.slug,
            name=command.name,
            description=command.description,
            currency=mall.currency,
            variants=tuple(_variant(new) for new in command.variants),
            categories=await _categories(command.mall_id, command.category_id, tx),
            tags=command.tags,
            rank=command.rank,
            media_url=mall.media_url,
        )
    )
    if not await products.insert_product(tx.connection, decision.state, tx.now):
        raise SlugTaken(f"{command.mall_id} has a product {command.slug} already")
    await _open_variants(decision.state, [new.sku for new in command.variants], tx)
    await prices.note(tx.connection, None, decision.state, command.staff, tx.now)
    return decision.state


async def add_variant(command: AddVariant, tx: Tx, media_url: str) -> Product:
    current = await _locked(command.product_id, tx)
    product.check_currency(command.currency, current.currency)
    decision = product.add_variant(current, _variant(command.variant))
    await _open_variants(decision.state, [command.variant.sku], tx)
    return await carry_out(current, decision, tx, media_url, command.staff)


def _variant(new: NewVariant) -> Variant:
    return Variant(
        id=new.variant_id,
        sku=new.sku,
        name=new.name,
        regular_price=new.price,
        list_price=new.list_price,
        tax=Tax(new.tax),
        options=new.options,
        parts=tuple(sorted(new.parts)),
    )


async def _open_variants(owner: Product, new: list[str], tx: Tx) -> None:
    """Writes new variants of a product and gives each its counters."""
    parts = {sku for variant in owner.variants if variant.sku in new for sku, _ in variant.parts}
    if unfit := await compositions.unfit_parts(tx.connection, parts):
        raise SetInvalid(f"no parts of a set: {', '.join(unfit)}", skus=unfit)
    taken = await products.insert_variants(tx.connection, owner, new)
    if taken:
        raise SkuTaken(f"these SKUs exist already: {', '.join(taken)}", skus=taken)
    await stock.open_counters(tx.connection, owner.mall_id, new)
    await compositions.insert(tx.connection, owner)
    if parts:
        await _check_taxes(new, tx)


async def _check_taxes(skus: list[str], tx: Tx) -> None:
    """A set of taxable and tax-free goods is what its main part is, and only the shopkeeper knows which that is."""
    if wrong := await compositions.wrongly_tax_free(tx.connection, skus):
        raise SetInvalid(f"a set of which every part is taxable is taxable: {', '.join(wrong)}", skus=wrong)


async def change_product(command: ChangeProduct, tx: Tx, media_url: str) -> Product:
    current = await _locked(command.product_id, tx)
    changes: dict[str, Any] = dict(command.changes)
    if "category_id" in changes:
        changes["categories"] = await _categories(current.mall_id, changes.pop("category_id"), tx)
    return await carry_out(current, product.change(current, changes), tx, media_url)


async def publish_product(command: PublishProduct, tx: Tx, media_url: str) -> Product:
    current = await _locked(command.product_id, tx)
    return await carry_out(current, product.publish(current, tx.now), tx, media_url)


async def hide_product(command: HideProduct, tx: Tx, media_url: str) -> Product:
    current = await _locked(command.product_id, tx)
    return await carry_out(current, product.hide(current), tx, media_url)


async def change_price(command: ChangePrice, tx: Tx, media_url: str) -> Product:
    current = await lock_of_sku(command.sku, tx)
    decision = product.change_price(current, command)
    return await carry_out(current, decision, tx, media_url, command.staff)


async def change_variant(command: ChangeVariant, tx: Tx, media_url: str) -> Product:
    current = await lock_of_sku(command.sku, tx)
    changed = await carry_out(current, product.change_variant(current, command.sku, command.changes), tx, media_url)
    if "tax" in command.changes:
        await _check_taxes([command.sku], tx)
    return changed


async def announce_upload(command: AnnounceUpload, tx: Tx) -> Upload:
    media.check_announced(command.content_type, command.size)
    await _locked(command.product_id, tx)
    key = media.object_key(command.upload_id, command.content_type)
    await uploads.insert(tx.connection, command, key, tx.now)
    return Upload(command.upload_id, command.product_id, key, command.content_type, command.size)


async def find_upload(command: AttachPicture, tx: Tx) -> Upload:
    upload = await uploads.read(tx.connection, command.upload_id, command.product_id)
    if upload is None:
        raise UploadNotFound("this product has no such upload")
    return upload


async def attach_picture(command: AttachPicture, tx: Tx, media_url: str) -> Product:
    """For an upload that was found in object storage just now."""
    current = await _locked(command.product_id, tx)
    upload = await find_upload(command, tx)
    picture = Picture(upload.id, upload.key, command.alt)
    return await carry_out(current, product.add_picture(current, picture), tx, media_url)


async def remove_picture(command: RemovePicture, tx: Tx, media_url: str) -> Product:
    """Shown nowhere from now on. Its files go later: pages that somebody has open may still ask for them."""
    current = await _locked(command.product_id, tx)
    gone = [each for picture in current.pictures if picture.id == command.picture_id for each in picture.renditions]
    decision = product.remove_picture(current, command.picture_id)
    await products.arrange_pictures(tx.connection, decision.state)
    await renditions.drop(tx.connection, [each.key for each in gone], tx.now)
    return await carry_out(current, decision, tx, media_url)


async def arrange_pictures(command: ArrangePictures, tx: Tx, media_url: str) -> Product:
    current = await _locked(command.product_id, tx)
    decision = product.arrange_pictures(current, command.order)
    await products.arrange_pictures(tx.connection, decision.state)
    return await carry_out(current, decision, tx, media_url)


async def _locked(product_id: Any, tx: Tx) -> Product:
    found = await products.lock(tx.connection, product_id)
    if found is None:
        raise ProductNotFound("there is no such product")
    return found


async def show_renditions(
    product_id: UUID, picture_id: UUID, size: tuple[int, int], made: tuple[Rendition, ...], tx: Tx, *, media_url: str
) -> Product:
    """For renditions that lie in object storage. Of a picture that was removed meanwhile they are dropped again."""
    current = await _locked(product_id, tx)
    keys = [each.key for each in made]
    if all(picture.id != picture_id for picture in current.pictures):
        await renditions.drop(tx.connection, keys, tx.now)
        return current
    if not await renditions.take_up(tx.connection, keys):
        raise UpstreamUnavailable("files of the same content are being removed", service="object storage")
    return await carry_out(current, product.show_renditions(current, picture_id, size, made), tx, media_url)


async def give_up_picture(product_id: UUID, picture_id: UUID, problem: str, tx: Tx, *, media_url: str) -> Product:
    current = await _locked(product_id, tx)
    await renditions.give_up(tx.connection, picture_id, problem)
    return await carry_out(current, product.give_up_picture(current, picture_id, problem), tx, media_url)


async def lock_of_sku(sku: str, tx: Tx) -> Product:
    """The product that sells it, locked. Raises `SkuNotFound`."""
    product_id = await products.product_of_sku(tx.connection, sku)
    if product_id is None:
        raise SkuNotFound(f"there is no {sku}")
    return await _locked(product_id, tx)


async def carry_out(before: Product, decision: Decision, tx: Tx, media_url: str, staff: str | None = None) -> Product:
    """Saves what was decided, keeps the history of prices and tells."""
    if decision.state != before:
        await products.save(tx.connection, decision.state, tx.now)
        await prices.note(tx.connection, before, decision.state, staff, tx.now)
        tx.publish(*events.of_products(decision.events, tx.now, media_url))
    return decision.state


async def _mall(mall_id: str, tx: Tx) -> Mall:
    mall = await malls.read_mall(tx.connection, mall_id)
    if mall is None:
        raise MallNotFound(f"there is no mall {mall_id}")
    return mall


async def _categories(mall_id: str, category_id: str | None, tx: Tx) -> tuple[Category, ...]:
    if category_id is None:
        return ()
    path = await malls.path_to(tx.connection, mall_id, category_id)
    if not path:
        raise CategoryNotFound(f"there is no category {category_id} in {mall_id}")
    return path
