"""The composition of orders: the only file that wires."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from common.runtime import Parts, Runtime, Service
from orders import api, consumer, jobs
from orders.clients import HttpCart, HttpCatalog
from orders.clients.sets import HttpSets
from orders.commands import ClaimTerms
from orders.domain.caller import networks
from orders.flows import ChangeOptions, MoveOrders, PlaceOrders, RequestClaims
from orders.schemas.papers import Papers
from orders.settings import Settings


def token_keys(settings: Settings) -> tuple[str, ...]:
    """The one that makes tokens, then those that made them before."""
    return tuple(key.get_secret_value() for key in (settings.token_key, *settings.token_keys_before))


def default_terms(settings: Settings) -> ClaimTerms:
    """For malls without terms of their own."""
    return ClaimTerms(
        return_fee_amount=settings.return_fee_amount,
        outbound_fee_amount=settings.outbound_fee_amount,
        free_shipping_from_amount=settings.free_shipping_from_amount,
        change_of_mind_days=settings.change_of_mind_days,
        defect_days=settings.defect_days,
        defect_known_days=settings.defect_known_days,
    )


def build(runtime: Runtime[Settings]) -> Parts:
    settings = runtime.settings
    catalog = HttpCatalog(runtime.internal, settings.catalog_url, seconds=settings.reservation_seconds)
    cart = HttpCart(runtime.internal, settings.cart_url)
    place_orders = PlaceOrders(
        database=runtime.database,
        cart=cart,
        catalog=catalog,
        token_key=settings.token_key.get_secret_value(),
        payment_window=timedelta(minutes=settings.payment_window_minutes),
    )
    terms = jobs.Terms(
        grace=timedelta(seconds=settings.payment_grace_seconds),
        account_grace=timedelta(minutes=settings.account_grace_minutes),
        complete_after=timedelta(days=settings.complete_after_days),
        expire_seconds=settings.expire_every_seconds,
        complete_seconds=settings.complete_every_seconds,
    )
    return Parts(
        routers=[api.router],
        handlers=consumer.handlers_by_event(),
        jobs=jobs.jobs(runtime.database, terms),
        state={
            "place_orders": place_orders,
            "move_orders": MoveOrders(runtime.database, cart),
            "change_options": ChangeOptions(runtime.database, catalog),
            "request_claims": RequestClaims(runtime.database, catalog, default_terms(settings)),
            "sets": HttpSets(runtime.internal, settings.catalog_url),
            "papers": Papers.load(settings.sellers),
            "token_keys": token_keys(settings),
            "trusted_proxies": networks(settings.trusted_proxies.split(",")),
            "order_name_pattern": settings.order_name_pattern,
        },
    )


service = Service(
    name="orders",
    settings=Settings,
    build=build,
    migrations=Path(__file__).parents[2] / "migrations",
    description="Orders: placing them, their states, cancels and what goes back.",
)

if __name__ == "__main__":
    service.main()
