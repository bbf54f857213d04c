"""One company: how its books are asked for, what of ours is laid beside them, and what must agree.

Our side is the snapshot and theirs is read after it. So what we have written down they must have, at any moment; what
they have and we do not is asked about once more, in a newer picture, before it is called a stranger's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from shop.audit.findings import Check, Finding
from shop.audit.places import Places

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Party:
    """`ours`: queries in the snapshot, by name. `judge` gets their books and our rows.

    `strangers` lists what they have and the snapshot has not. `known`, asked with that list as $1 (text[]), is a query
    for those we know by now; the others break its promise.
    """

    name: str
    books: Callable[[httpx.AsyncClient, Places], Awaitable[Any]]
    ours: Mapping[str, str]
    judge: Callable[[Any, Rows], Iterable[Finding]]
    strangers: Callable[[Any, Rows], Iterable[str]]
    known: Check
    numbers: Callable[[Any], Mapping[str, int]] = lambda _books: {}


async def document(http: httpx.AsyncClient, url: str) -> Any:
    """Raises httpx.HTTPError and ValueError."""
    return orjson.loads((await http.get(url)).raise_for_status().content)
