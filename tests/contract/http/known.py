"""What a caller may know: ids that exist, those that belong together, and what opens them."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Place:
    """Path parameters that belong together, and the headers that open what is there."""

    ids: dict[str, str]
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Known:
    """`values` by the name of a field or parameter; `passes` are headers that open doors, by the header's name."""

    places: list[Place] = field(default_factory=list)
    values: dict[str, list[str]] = field(default_factory=dict)
    passes: dict[str, list[str]] = field(default_factory=dict)

    def place(self, headers: dict[str, str] | None = None, **ids: str) -> None:
        self.places.append(Place(ids, headers or {}))
        for name, value in ids.items():
            self.value(name, value)

    def value(self, name: str, *found: str) -> None:
        kept = self.values.setdefault(name, [])
        kept.extend(value for value in found if value not in kept)
