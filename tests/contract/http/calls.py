"""Puts what exists into generated calls: else nearly all of them would end at a locked door or at an unknown id.

Only parts that are meant to be right are touched, and what is chosen hangs on the call alone, so that the same seed
makes the same calls.
"""

import random
import zlib
from collections.abc import Mapping
from typing import Any

from schemathesis import Case
from schemathesis.core import NotSet
from schemathesis.core.parameters import ParameterLocation
from tests.contract.http.known import Known, Place

from common import ids

# Of a hundred calls so many get what exists in their path and in their fields, and the right key to the door.
_PATHS, _FIELDS, _KEYS = 85, 60, 90
_KEY = "idempotency-key"


class Guide:
    """Shows generated calls around."""

    def __init__(self, known: Known) -> None:
        self._known = known

    def lead(self, case: Case) -> None:
        chance = random.Random(zlib.crc32(repr((case.operation.label, case.path_parameters, case.body)).encode()))
        place = self._into_path(case, chance)
        if _is_right(case, ParameterLocation.QUERY) and case.query:
            case.query.update(self._real(case.query, place, chance))
        if _is_right(case, ParameterLocation.BODY) and not isinstance(case.body, NotSet):
            case.body = self._filled(case.body, place, chance)
        self._unlock(case, place, chance)

    def _into_path(self, case: Case, chance: random.Random) -> Place:
        """A place that has as many of the path's ids as there are, and whose headers this operation asks for."""
        names, doors = set(case.path_parameters or ()), _doors(case) - {"authorization"}
        fit = [(len(names & set(place.ids)), len(doors & set(place.headers)), place) for place in self._known.places]
        best = max(each[:2] for each in fit)
        place = chance.choice([each[2] for each in fit if each[:2] == best])
        if names and _is_right(case, ParameterLocation.PATH) and chance.randrange(100) < _PATHS:
            case.path_parameters.update({name: place.ids[name] for name in names & set(place.ids)})
        return place

    def _real(self, fields: Mapping[str, Any], place: Place, chance: random.Random) -> dict[str, str]:
        """For some of the fields a value that exists, the place's own first."""
        known = {name: place.ids.get(name) or chance.choice(found) for name, found in self._known.values.items()}
        return {name: known[name] for name in fields if name in known and chance.randrange(100) < _FIELDS}

    def _filled(self, body: Any, place: Place, chance: random.Random) -> Any:
        if isinstance(body, list):
            return [self._filled(each, place, chance) for each in body]
        if not isinstance(body, dict):
            return body
        inner = {name: self._filled(value, place, chance) for name, value in body.items()}
        return inner | self._real(
            {name: value for name, value in inner.items() if isinstance(value, str)}, place, chance
        )

    def _unlock(self, case: Case, place: Place, chance: random.Random) -> None:
        if not _is_right(case, ParameterLocation.HEADER):
            return
        doors = _doors(case)
        for name in sorted(doors - {_KEY}):
            shown = self._known.opens(name, case.operation.path) or place.headers.get(name)
            if shown is not None and chance.randrange(100) < _KEYS:
                case.headers[name] = shown
        if doors & set(place.headers) - {"authorization"} and chance.randrange(100) < _FIELDS:
            # Guests come with the token of what is theirs, and with no other.
            case.headers.pop("authorization", None)
        if _KEY in doors and chance.randrange(100) < _KEYS:
            case.headers[_KEY] = ids.new_id().hex


def _doors(case: Case) -> set[str]:
    return {item.name.lower() for item in case.operation.headers}


def _is_right(case: Case, where: ParameterLocation) -> bool:
    """Whether this part of the call is as the document wants it."""
    return case.meta is None or not case.meta.is_negative_at(where)
