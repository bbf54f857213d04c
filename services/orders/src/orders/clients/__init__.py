"""The two services that orders asks something now, each behind a Protocol."""

from orders.clients.cart import Cart, HttpCart
from orders.clients.catalog import Catalog, HttpCatalog

__all__ = ["Cart", "Catalog", "HttpCart", "HttpCatalog"]
