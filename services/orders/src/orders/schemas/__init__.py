"""What comes in and goes out over HTTP."""

from orders.schemas.claims import (
    ApproveBody,
    ClaimBody,
    ClaimOfOrderView,
    ClaimsView,
    ClaimView,
    RejectBody,
    TermsBody,
    TermsView,
)
from orders.schemas.cursor import read_cursor, write_cursor
from orders.schemas.desk import LookUpBody, LookUpView, NoteBody, NotesView, NoteView
from orders.schemas.history import HistoryView
from orders.schemas.payable import PayableView
from orders.schemas.requests import CancelBody, MoveBody, OptionBody, OrderBody
from orders.schemas.views import AddressChangeView, OrderDetailView, OrderView, PlacedOrderView

__all__ = [
    "AddressChangeView",
    "ApproveBody",
    "CancelBody",
    "ClaimBody",
    "ClaimOfOrderView",
    "ClaimView",
    "ClaimsView",
    "HistoryView",
    "LookUpBody",
    "LookUpView",
    "MoveBody",
    "NoteBody",
    "NoteView",
    "NotesView",
    "OptionBody",
    "OrderBody",
    "OrderDetailView",
    "OrderView",
    "PayableView",
    "PlacedOrderView",
    "RejectBody",
    "TermsBody",
    "TermsView",
    "read_cursor",
    "write_cursor",
]
