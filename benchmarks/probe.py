"""The smallest service on the backbone: it publishes at a rate, and its consumer writes one row per event."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from fastapi import APIRouter
from pydantic_settings import SettingsConfigDict
from sqlalchemy import text

from common import ids
from common.db import Database, Tx
from common.http import DatabaseDep
from common.runtime import Parts, Runtime, Service
from common.settings import ServiceSettings
from contracts.carts import CartChanged

_PUBLISHERS = 8
_INSERT = {table: text(f"INSERT INTO {table} (key) VALUES (:key)") for table in ("published", "effects")}


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="PROBE_", extra="ignore")


router = APIRouter()


@router.post("/v1/publish/{count}", status_code=201)
async def publish(count: int, database: DatabaseDep, per_second: float = 0, per_commit: int = 1) -> dict[str, float]:
    """Commits `count` events, `per_commit` in one transaction; with `per_second`, at fixed times."""
    commits = iter(range(count // per_commit))
    began = time.monotonic()

    async def publisher() -> None:
        for number in commits:
            if per_second:
                await asyncio.sleep(max(0.0, began + number * per_commit / per_second - time.monotonic()))
            await _commit(database, per_commit)

    await asyncio.gather(*(publisher() for _ in range(_PUBLISHERS)))
    return {"published": count, "seconds": time.monotonic() - began}


async def _commit(database: Database, events: int) -> None:
    async with database.transaction() as tx:
        for _ in range(events):
            event = CartChanged(cart_id=ids.new_id(), mall_id="probe", channel="pc", lines=(), occurred_at=tx.now)
            await tx.connection.execute(_INSERT["published"], {"key": event.key})
            tx.publish(event)


async def on_cart_changed(event: CartChanged, tx: Tx) -> None:
    await tx.connection.execute(_INSERT["effects"], {"key": event.key})


def build(_runtime: Runtime[Settings]) -> Parts:
    return Parts(routers=[router], handlers={CartChanged: on_cart_changed})


service = Service(name="probe", settings=Settings, build=build, migrations=Path(__file__).parent / "migrations")

if __name__ == "__main__":
    service.main(sys.argv[1:])
