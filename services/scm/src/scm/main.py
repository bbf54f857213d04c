"""What scm is made of."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from common.runtime import Parts, Runtime, Service
from scm import api, consumer, jobs
from scm.clients.delivery_tracker import DeliveryTracker
from scm.clients.fassto import Account, Fassto
from scm.domain import carrier
from scm.domain.carrier import CarrierTable
from scm.flows.centre import CentreFlow
from scm.flows.tracking import Patience, TrackingFlow
from scm.handlers.requests import Desk
from scm.settings import Settings

MIGRATIONS = Path(__file__).parents[2] / "migrations"
CARRIERS = Path(__file__).with_name("carriers.json")


def load_carriers(path: Path | None = None) -> CarrierTable:
    """The table shipped with scm, or another."""
    return carrier.parse(json.loads((path or CARRIERS).read_text("utf-8")))


def build(runtime: Runtime[Settings]) -> Parts:
    settings, database = runtime.settings, runtime.database
    carriers = load_carriers(settings.carriers_file)
    work = [jobs.forgetting(database, timedelta(days=settings.contact_days))]
    if settings.poll_centre_code and settings.poll_centre_url:
        account = Account(
            url=settings.poll_centre_url,
            api_code=settings.poll_centre_api_code,
            api_key=settings.poll_centre_api_key,
            customer=settings.poll_centre_customer_code,
            parcel_code=settings.poll_centre_parcel_code,
        )
        flow = CentreFlow(
            database,
            Fassto(runtime.http, account),
            carriers,
            code=settings.poll_centre_code,
            settle_after=timedelta(seconds=settings.poll_settle_seconds),
        )
        work.append(jobs.polling(flow, settings.poll_every_seconds))
    if settings.tracker_url:
        every = timedelta(seconds=settings.tracking_every_seconds)
        patience = Patience(every, timedelta(days=settings.tracking_days))
        tracker = DeliveryTracker(runtime.http, settings.tracker_url, settings.tracker_key)
        work.append(jobs.tracking(TrackingFlow(database, tracker, carriers, patience), settings.tracking_every_seconds))
    goods_wait = timedelta(seconds=settings.goods_wait_seconds)
    has_poll_job = any(job.name == jobs.POLL_CENTRE for job in work)
    hurry = (lambda: runtime.wake_job(jobs.POLL_CENTRE)) if has_poll_job else (lambda: None)
    work.append(jobs.letting_go(database, goods_wait, settings.holds_every_seconds, hurry))
    policy = consumer.Policy(
        desk=Desk(settings.default_centre, settings.poll_centre_code, goods_wait),
        cancel_after_accept=settings.cancel_after_accept,
        hurry=hurry,
        let_go=lambda: runtime.wake_job(jobs.LET_GO),
    )
    return Parts(
        routers=[api.router],
        handlers=consumer.handlers(carriers, policy),
        jobs=work,
        state={
            "carriers": carriers,
            "centre_keys": {code: key.get_secret_value() for code, key in settings.centre_api_keys.items()},
            "poll_centre": settings.poll_centre_code,
        },
    )


service = Service(
    name="scm",
    settings=Settings,
    build=build,
    migrations=MIGRATIONS,
    description="Logistics centres, shipment requests, parcels and tracking, the carrier table.",
)

if __name__ == "__main__":
    service.main()
