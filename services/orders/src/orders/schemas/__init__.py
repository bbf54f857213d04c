"""What comes in and goes out over HTTP."""

from orders.schemas.cursor import read_cursor, write_cursor
from orders.schemas.history import HistoryView
from orders.schemas.payable import PayableView
from orders.schemas.requests import CancelBody, OrderBody
from orders.schemas.views import OrderDetailView, OrderView, PlacedOrderView

__all__ = [
    "CancelBody",
    "HistoryView",
    "OrderBody",
    "OrderDetailView",
    "OrderView",
    "PayableView",
    "PlacedOrderView",
    "read_cursor",
    "write_cursor",
]
