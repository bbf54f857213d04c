"""The two services that orders asks something now, each behind a Protocol."""

from orders.clients.cart import Cart, HttpCart
from orders.clients.catalog import HELD_OTHERWISE, Catalog, HttpCatalog, Variant

__all__ = ["HELD_OTHERWISE", "Cart", "Catalog", "HttpCart", "HttpCatalog", "Variant"]
