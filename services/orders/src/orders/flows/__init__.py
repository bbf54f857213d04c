"""Use cases that ask other services: several transactions with calls between them."""

from orders.flows.choosing import ChangeOptions
from orders.flows.claiming import RequestClaims
from orders.flows.moving import MoveOrders
from orders.flows.placing import PlaceOrders

__all__ = ["ChangeOptions", "MoveOrders", "PlaceOrders", "RequestClaims"]
