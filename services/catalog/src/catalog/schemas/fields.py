"""Fields that several schemas of catalog share."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic.config import JsonDict

from common import wire
from common.wire import NFC, MallId, plain_text

# Fillers of Hangul and the empty pattern of Braille: letters and a symbol by their kind, and nothing to see.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def _seen(text: str) -> str:
    if not any(unicodedata.category(letter)[0] in "LNPS" and letter not in _BLANK for letter in text):
        raise ValueError("there is nothing to see in it")
    return text


# A name of nothing but blanks, marks and fillers looks like none.
SEEN = AfterValidator(_seen)
Sku = Annotated[wire.Sku, SEEN]
Name = Annotated[str, plain_text(100), NFC, SEEN]
CategoryId = MallId


def _no_default(schema: JsonDict) -> None:
    schema.pop("default")


# A field that may be left out but not be null. Its default is never used, so the documentation does not show it.
LEFT_OUT: Any = Field(default="", json_schema_extra=_no_default)
