"""Use cases that ask other services: several transactions with calls between them."""

from orders.flows.claiming import RequestClaims
from orders.flows.placing import PlaceOrders

__all__ = ["PlaceOrders", "RequestClaims"]
