from __future__ import annotations

from dataclasses import replace

from catalog import events
from catalog.commands import AddCategory, ChangeMall, OpenMall
from catalog.domain.product import MAX_CATEGORY_DEPTH, Category, Mall
from catalog.errors import CategoryExists, CategoryNotFound, CategoryTooDeep, MallExists, MallNotFound
from catalog.repository import malls
from common.db import Tx


async def open_mall(command: OpenMall, tx: Tx) -> Mall:
    mall = Mall(
        command.mall_id,
        command.name,
        command.currency,
        command.storefront_url,
        command.support_email,
        command.support_phone,
        command.media_url,
    )
    if not await malls.insert_mall(tx.connection, mall, tx.now):
        raise MallExists(f"there is a mall {mall.id} already")
    tx.publish(events.mall_changed(mall, tx.now))
    return mall


async def change_mall(command: ChangeMall, tx: Tx) -> Mall:
    mall = await malls.read_mall(tx.connection, command.mall_id, lock=True)
    if mall is None:
        raise MallNotFound(f"there is no mall {command.mall_id}")
    changed = replace(mall, **command.changes)
    if changed != mall:
        await malls.save_mall(tx.connection, changed, tx.now)
        tx.publish(events.mall_changed(changed, tx.now))
    return changed


async def add_category(command: AddCategory, tx: Tx) -> Category:
    if await malls.read_mall(tx.connection, command.mall_id) is None:
        raise MallNotFound(f"there is no mall {command.mall_id}")
    above: tuple[str, ...] = ()
    if command.parent_id is not None:
        parents = await malls.path_to(tx.connection, command.mall_id, command.parent_id)
        if not parents:
            raise CategoryNotFound(f"there is no category {command.parent_id} in {command.mall_id}")
        above = parents[-1].path
    if len(above) >= MAX_CATEGORY_DEPTH:
        raise CategoryTooDeep(f"categories go {MAX_CATEGORY_DEPTH} levels deep")
    path = (*above, command.category_id)
    category = Category(command.mall_id, command.category_id, command.name, path, command.position)
    if not await malls.insert_category(tx.connection, category):
        raise CategoryExists(f"{command.mall_id} has a category {category.id} already")
    return category
