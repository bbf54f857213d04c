"""What a caller may know: ids that exist, those that belong together, and what opens them."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Place:
    """Path parameters that belong together, and the headers (by lower-case name) that open what is there."""

    ids: dict[str, str]
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Known:
    """`values` by the name of a field or parameter; `passes` are headers that open doors, by the header's name.

    `member` is a customer's bearer token, for the paths that begin with `members`; elsewhere they are for staff.
    """

    places: list[Place] = field(default_factory=list)
    values: dict[str, list[str]] = field(default_factory=dict)
    passes: dict[str, str] = field(default_factory=dict)
    member: str = ""
    members: tuple[str, ...] = ("/v1/carts", "/internal/carts")

    def place(self, headers: dict[str, str] | None = None, **ids: str) -> None:
        self.places.append(Place(ids, {name.lower(): value for name, value in (headers or {}).items()}))
        for name, value in ids.items():
            # Words such as `kind` mean something else in every path and body.
            if name == "sku" or name.endswith("_id"):
                self.value(name, value)

    def opens(self, header: str, path: str) -> str | None:
        """What this header says where the door of `path` is to open."""
        return self.member if header == "authorization" and path.startswith(self.members) else self.passes.get(header)

    def value(self, name: str, *found: str) -> None:
        kept = self.values.setdefault(name, [])
        kept.extend(value for value in found if value not in kept)
