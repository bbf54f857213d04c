"""The base of every event and the registry that finds an event class by its wire type."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

EVENTS: dict[str, type[Event]] = {}


class Payload(BaseModel):
    """A part of an event. Unknown fields are ignored, so an old consumer reads a newer publisher."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Payload):
    """One past fact, or one instruction, as it travels on Kafka.

    `type` is the CloudEvents type, `topic` where it travels, `key_field` the field whose value is the Kafka key:
    the id of the aggregate whose events stay in order.
    """

    type: ClassVar[str]
    topic: ClassVar[str]
    key_field: ClassVar[str]
    version: ClassVar[int] = 1

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        wire_type = cls.__dict__.get("type")
        if wire_type is None:
            return
        if wire_type in EVENTS:
            raise TypeError(f"the event type {wire_type} is defined twice")
        EVENTS[wire_type] = cls

    @property
    def key(self) -> str:
        """The Kafka key: the aggregate's id as text."""
        return str(getattr(self, self.key_field))

    @classmethod
    def dataschema(cls) -> str:
        """The CloudEvents `dataschema`: names the committed JSON schema of this type and version."""
        return f"/schemas/{cls.type}/v{cls.version}"
