"""A whole service in one file: its route publishes an event, its consumer writes one effect per event it hears."""

import sys
from pathlib import Path

from fastapi import APIRouter
from pydantic_settings import SettingsConfigDict
from sqlalchemy import text

from common import ids
from common.clock import Clock
from common.db import Tx
from common.http import DatabaseDep
from common.runtime import Parts, Runtime, Service
from common.settings import ServiceSettings
from contracts.carts import CartChanged


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="PROBE_", extra="ignore")


router = APIRouter()


@router.post("/v1/events/{count}", status_code=201)
async def publish(count: int, database: DatabaseDep) -> dict[str, int]:
    for _ in range(count):
        async with database.transaction() as tx:
            tx.publish(
                CartChanged(cart_id=ids.new_id(), mall_id="probe", channel="pc", lines=(), occurred_at=Clock().now())
            )
    return {"published": count}


async def on_cart_changed(event: CartChanged, tx: Tx) -> None:
    await tx.connection.execute(text("INSERT INTO effects (key, value) VALUES (:key, 'seen')"), {"key": event.key})


def build(_runtime: Runtime[Settings]) -> Parts:
    return Parts(routers=[router], handlers={CartChanged: on_cart_changed})


service = Service(
    name="probe",
    settings=Settings,
    build=build,
    migrations=Path(__file__).parents[1] / "integration" / "migrations",
)

if __name__ == "__main__":
    service.main(sys.argv[1:])
