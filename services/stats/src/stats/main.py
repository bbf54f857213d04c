"""Composition of the stats service."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from common.kafka import KafkaConsumer
from common.runtime import Parts, Runtime, Service
from stats import api, consumer, events, jobs
from stats.clients import BrokerListening, BrokerReader
from stats.flows import Rebuilder
from stats.handlers import Defaults
from stats.settings import Settings

# Then the reports of the day are looked at again a minute later.
_REPORT_PATIENCE_SECONDS = 10


def build(runtime: Runtime[Settings]) -> Parts:
    settings = runtime.settings
    reader = BrokerReader(
        lambda group: KafkaConsumer(settings.kafka_bootstrap_servers, group=group, client_id="stats-rebuild"),
        runtime.clock,
        stall_seconds=settings.rebuild_stall_seconds,
    )
    listening = BrokerListening(
        lambda group: KafkaConsumer(
            settings.kafka_bootstrap_servers, group=group, client_id="stats-reports", shared=False
        ),
        runtime.clock,
        group=service.name,
        topics=events.TOPICS,
        patience_seconds=_REPORT_PATIENCE_SECONDS,
    )
    rebuilder = Rebuilder(runtime.database, reader, settings.rebuild_grace_seconds)
    return Parts(
        routers=[api.router],
        handlers=consumer.handlers_of(),
        jobs=jobs.jobs(
            runtime.database,
            rebuilder.work,
            listening,
            delay=timedelta(minutes=settings.report_delay_minutes),
            backlog=timedelta(days=settings.report_backlog_days),
        ),
        state={
            "wake_job": runtime.wake_job,
            "defaults": Defaults(settings.default_currency, settings.max_rows),
        },
    )


service = Service(
    name="stats",
    settings=Settings,
    build=build,
    migrations=Path(__file__).parents[2] / "migrations",
    description="Sales figures, from events alone.",
)

if __name__ == "__main__":
    service.main()
