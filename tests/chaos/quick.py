"""PortOne's callers must give it a minute, and a request that may take so long is left alone for longer still. In a
world whose minutes are seconds payments may be told to wait for seconds only.
"""

from __future__ import annotations

from annotated_types import Ge


def install(service: str) -> None:
    """Raises AttributeError when there is no such limit any more."""
    if service != "payments":
        return
    from payments.settings.portone import PortOneSettings, PortOneV1Settings

    for settings in (PortOneSettings, PortOneV1Settings):
        field = settings.model_fields["timeout_seconds"]
        kept = [limit for limit in field.metadata if not isinstance(limit, Ge)]
        if len(kept) == len(field.metadata):
            raise AttributeError(f"{settings.__name__} has no least timeout: this is not needed any more")
        field.metadata = kept
        settings.model_rebuild(force=True)
