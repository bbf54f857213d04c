"""Composition root of payments: the only file that wires."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx

from common.runtime import Parts, Runtime, Service
from payments import api, consumer, jobs
from payments.clients.orders import HttpOrders, Orders
from payments.clients.registry import Gateways
from payments.domain.patience import Patience
from payments.domain.source import networks
from payments.flows.by_hand import ByHand
from payments.flows.callbacks import Callbacks
from payments.flows.confirming import Confirming
from payments.flows.hands import Hands
from payments.flows.opening import Opening, OpeningTerms
from payments.flows.receipts import Receipts
from payments.flows.reconciling import Reconciling
from payments.flows.refunding import Refunding
from payments.flows.settling import Settling
from payments.flows.windows import Windows
from payments.repository.seal import Seal
from payments.settings import Settings, files


def assemble(runtime: Runtime[Settings], gateways: Gateways, orders: Orders) -> Parts:
    """Payments with the providers and the orders it is given."""
    settings, database = runtime.settings, runtime.database
    patience = Patience(timedelta(seconds=settings.patience_seconds), gateways.waits())
    seal = Seal(settings.sealing_key.get_secret_value() or settings.toss.secret_key.get_secret_value())
    wake_settling = partial(runtime.wake_job, jobs.SETTLE)
    wake_refunds = partial(runtime.wake_job, jobs.REFUND)
    wake_callbacks = partial(runtime.wake_job, jobs.CALLBACKS)
    grace = timedelta(seconds=settings.expiry_grace_seconds)
    settling = Settling(database, gateways, seal, patience=patience, grace=grace)
    windows = Windows(database, gateways, seal, settings.public_url)
    refunding = Refunding(database, gateways, settling, seal, patience=patience)
    receipts = Receipts(
        database,
        gateways,
        seal,
        patience=patience,
        least=settings.receipt_least_amount,
        after=timedelta(hours=settings.receipt_after_hours),
    )
    callbacks = Callbacks(database, gateways, settling, seal=seal, wake=wake_callbacks)
    origins = tuple(origin.strip().rstrip("/") for origin in settings.return_origins.split(",") if origin.strip())
    terms = OpeningTerms(settings.account_valid, origins)
    pace = jobs.Pace(
        settings.unknown_every_seconds,
        keep_accounts=timedelta(days=settings.refund_account_days),
        keep_bodies=timedelta(days=settings.callback_body_days),
        keep_unread=timedelta(days=settings.callback_unread_days),
    )
    hands = Hands(turn_seconds=settings.turn_seconds, close_seconds=settings.drain_seconds / 4)
    return Parts(
        routers=api.routers,
        handlers=consumer.handlers(patience=patience, wake_refunds=wake_refunds, wake_settling=wake_settling),
        jobs=[
            *jobs.jobs(database, hands, settling, refunding, callbacks, pace=pace),
            jobs.cash_receipts(receipts, hands),
            jobs.auditing(database),
            jobs.reconciling(
                Reconciling(database, gateways, days=settings.settlement_days, hour=settings.settlement_hour)
            ),
        ],
        state={
            "opening": Opening(database, gateways, orders, settling=settling, windows=windows, terms=terms),
            "confirming": Confirming(database, gateways, settling, seal),
            "windows": windows,
            "callbacks": callbacks,
            "by_hand": ByHand(database, gateways, patience=patience),
            "gateways": gateways,
            "seal": seal,
            "patience": patience,
            "trusted_proxies": networks(settings.trusted_proxies.split(",")),
            "wake_refunds": wake_refunds,
            "wake_receipts": partial(runtime.wake_job, jobs.RECEIPTS),
        },
        close=[hands.close],
    )


def gateways(settings: Settings, http: httpx.AsyncClient) -> Gateways:
    return Gateways({name: told.merchants(http) for name, told in settings.providers().items()})


def build(runtime: Runtime[Settings]) -> Parts:
    settings = runtime.settings
    files.check(settings.secrets_dir)
    orders = HttpOrders(runtime.internal, settings.orders_url)
    return assemble(runtime, gateways(settings, runtime.http), orders)


service = Service(
    name="payments",
    settings=Settings,
    build=build,
    migrations=Path(__file__).parents[2] / "migrations",
    description="Payments, provider adapters, refunds and the money ledger.",
)

if __name__ == "__main__":
    service.main()
