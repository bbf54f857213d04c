"""Composition of the cart service."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from cart import api, consumer, jobs
from cart.settings import Settings
from common.runtime import Parts, Runtime, Service


def build(runtime: Runtime[Settings]) -> Parts:
    settings = runtime.settings
    return Parts(
        routers=[api.router],
        handlers=consumer.handlers_of(),
        jobs=jobs.jobs(
            runtime.database,
            idle=timedelta(minutes=settings.abandoned_after_minutes),
            kept=timedelta(days=settings.keep_days),
            held=timedelta(minutes=settings.hold_minutes),
        ),
        state={"terms": settings.terms()},
    )


service = Service(
    name="cart",
    settings=Settings,
    build=build,
    migrations=Path(__file__).parents[2] / "migrations",
    description="Carts of guests, and what they cost.",
)

if __name__ == "__main__":
    service.main()
