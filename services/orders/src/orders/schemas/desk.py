"""Look-ups of guests and notes of staff."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from common.wire import NFC, Body, View
from orders.commands import LookUp
from orders.repository.notes import Note
from orders.schemas.requests import Email, Phone

_TEXT = r"^[^\x00-\x08\x0b-\x1f\x7f]+$"


class LookUpBody(Body):
    """The number, and the orderer's e-mail or phone."""

    order_number: Annotated[str, StringConstraints(pattern=r"^[0-9]{8}-[0-9]{8,12}$")] = Field(
        examples=["20261122-00001234"]
    )
    email: Email | None = Field(default=None, examples=["haneul@example.com"])
    phone: Phone | None = Field(default=None, examples=["010-1234-5678"])

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.email is None) == (self.phone is None):
            raise ValueError("give either email or phone")
        return self

    def to_command(self) -> LookUp:
        return LookUp(self.order_number, self.email, self.phone)


class LookUpView(View):
    """`token` goes in the header X-Order-Token of every later request about this order."""

    order_id: UUID
    token: str = Field(examples=["kx3VqZ0m9cT1uY7wLr5eBg"])


class NoteBody(Body):
    """For staff's eyes. Several lines are fine."""

    text: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=_TEXT), NFC
    ] = Field(examples=["고객 통화: 경비실에 맡겨 달라고 하심"])


class NoteView(View):
    note_id: UUID
    author: str = Field(examples=["dev-staff"])
    text: str = Field(examples=["고객 통화: 경비실에 맡겨 달라고 하심"])
    at: datetime

    @classmethod
    def of(cls, note: Note) -> NoteView:
        return cls(note_id=note.note_id, author=note.author, text=note.text, at=note.at)


class NotesView(View):
    """Oldest first."""

    items: list[NoteView]
