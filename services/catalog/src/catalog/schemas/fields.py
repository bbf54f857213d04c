"""Fields that several schemas of catalog share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from pydantic.config import JsonDict

from common.wire import MallId, plain_text

Name = Annotated[str, plain_text(100)]
CategoryId = MallId


def _no_default(schema: JsonDict) -> None:
    schema.pop("default")


# A field that may be left out but not be null. Its default is never used, so the documentation does not show it.
LEFT_OUT: Any = Field(default="", json_schema_extra=_no_default)
