"""Every metric of the backbone, named and explained once."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)

http_requests = Histogram(
    "http_server_request_duration_seconds",
    "Time from request to answer",
    ["method", "route", "status"],
    buckets=_SECONDS,
)
outbox_pending = Gauge("outbox_pending", "Events committed and not yet acknowledged by the broker")
outbox_oldest_age = Gauge("outbox_oldest_age_seconds", "Age of the oldest event still in the outbox")
outbox_publish_latency = Histogram(
    "outbox_publish_latency_seconds", "From commit to the broker's answer", buckets=_SECONDS
)
outbox_published = Counter("outbox_published_total", "Events acknowledged by the broker", ["topic"])
relay_shards = Gauge("relay_shards_owned", "Outbox shards this process relays")
relay_failures = Counter("relay_failures_total", "Sends the broker did not acknowledge", ["error"])
process_duration = Histogram(
    "messaging_process_duration_seconds", "Handling of one event", ["topic", "type"], buckets=_SECONDS
)
consumed = Counter("messaging_client_consumed_messages_total", "Events handled", ["topic", "type"])
consumer_lag = Gauge("consumer_lag_messages", "Records behind the end of the partition", ["topic", "partition"])
consumer_delay = Histogram("consumer_delay_seconds", "From an event to the commit of its effect", buckets=_SECONDS)
inbox_duplicates = Counter("inbox_duplicates_total", "Events that came again and had no second effect", ["topic"])
events_skipped = Counter("events_skipped_total", "Events of a type this service does not listen to", ["topic", "type"])
parked_keys = Gauge("parked_keys", "Keys that wait because an event of theirs fails")
parked_oldest_age = Gauge("parked_oldest_age_seconds", "How long the longest parked key has waited")
dlq_depth = Gauge("dlq_depth", "Dead letters nobody has settled")
dlq_written = Counter("dlq_written_total", "Events dead-lettered", ["topic", "reason"])
rebalances = Counter("rebalance_total", "Times the group gave or took partitions", ["kind"])
loop_lag = Gauge("loop_lag_seconds", "How late the event loop runs its timers")
job_runs = Counter("job_runs_total", "Runs of timed jobs", ["job", "outcome"])
