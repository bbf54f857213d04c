"""Wires catalog together."""

from __future__ import annotations

from pathlib import Path

from catalog import api, consumer, jobs
from catalog.clients import S3Location, S3Storage
from catalog.flows import Media, Rendering, Transfers
from catalog.settings import Settings
from common.runtime import Parts, Runtime, Service


def build(runtime: Runtime[Settings]) -> Parts:
    settings = runtime.settings
    location = S3Location(
        endpoint=settings.s3_endpoint,
        public_url=settings.s3_public_url.rstrip("/"),
        bucket=settings.s3_bucket,
        region=settings.s3_region,
        access_key=settings.s3_access_key.get_secret_value(),
        secret_key=settings.s3_secret_key.get_secret_value(),
    )
    storage = S3Storage(location)
    media = Media(runtime.database, storage, location.public_url)
    transfers = Transfers(runtime.database, storage, location.public_url)
    storefront = api.Storefront(location.public_url, settings.low_stock_units, settings.list_cache_seconds)
    shelf = api.Shelf(runtime.clock.monotonic, seconds=settings.shelf_seconds)
    runtime.database.on_commit = shelf.clear
    return Parts(
        routers=api.routers,
        handlers=consumer.handlers(),
        jobs=jobs.jobs(
            runtime.database,
            media,
            transfers,
            Rendering(runtime.database, storage, location.public_url),
            post_seconds=settings.post_movements_seconds,
            expire_seconds=settings.expire_holds_seconds,
        ),
        state={"media": media, "transfers": transfers, "storefront": storefront},
        front=shelf.before,
    )


service = Service(
    name="catalog",
    settings=Settings,
    build=build,
    migrations=Path(__file__).parents[2] / "migrations",
    description="Malls, categories, products, prices, pictures, sellable stock and reservations.",
)

if __name__ == "__main__":
    service.main()
