"""Reading JSON from strangers: only what can be written down again and sent on."""

import json
from typing import Any, NoReturn


def read_json(raw: bytes) -> Any:
    """The value, or ValueError: also for NaN, for half a surrogate pair and for nesting without end."""
    try:
        parsed = json.loads(raw.decode("utf-8"), parse_constant=_refuse)
        json.dumps(parsed, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return parsed


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
