"""What holds in the backbone of every service."""

from __future__ import annotations

from shop.audit.findings import ALWAYS, AT_REST, Check


def backbone(service: str) -> tuple[Check, ...]:
    """`service` is one of our own names, never anybody's input."""
    return (
        Check(
            "stuck",
            f"{service}: every committed event has left",
            f"SELECT event_id::text FROM {service}.outbox",  # noqa: S608
            AT_REST,
        ),
        Check(
            "stuck",
            f"{service}: no key is parked",
            f"SELECT topic || ' ' || key FROM {service}.parked_keys",  # noqa: S608
            AT_REST,
        ),
        Check(
            "stuck",
            f"{service}: somebody comes back to every parked event",
            f"""SELECT e.event_id::text FROM {service}.parked_events e
                WHERE NOT EXISTS (SELECT FROM {service}.parked_keys k WHERE k.topic = e.topic AND k.key = e.key)""",  # noqa: S608
            ALWAYS,
        ),
        Check(
            "lost",
            f"{service}: no event is a dead letter",
            f"SELECT event_id || ' ' || reason FROM {service}.dead_letters WHERE status = 'open'",  # noqa: S608
            ALWAYS,
        ),
    )
