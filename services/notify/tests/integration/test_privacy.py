"""Names, numbers and addresses are in two places of the database and go to the providers. Nowhere else."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from services.notify.tests.builders import contact, order_cancelled, order_paid, order_placed
from services.notify.tests.world import World
from sqlalchemy import text

from common import ids, log, testing
from notify.flows import desk as desk_module

pytestmark = pytest.mark.integration

PERSONAL = ("김민지", "minji", "01012345678", "010-1234-5678", "1234-5678")


@pytest.fixture
def written() -> Iterator[StringIO]:
    """Everything the real log pipeline writes."""
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    log.configure("notify", level="debug")
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # the mail server's own, not ours
    out = StringIO()
    stream = root.handlers[0]
    assert isinstance(stream, logging.StreamHandler)
    stream.setStream(out)
    yield out
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(desk_module, "_tracer", provider.get_tracer("test"))
    return exporter


async def everything_goes_wrong(world: World) -> None:
    """Refused mails and texts, lost answers, a broken line, look-ups, unusable addresses, and what follows."""
    order_id = ids.new_id()
    world.post.answers = ["550 <minji.kim@example.com> no such user", "451 minji.kim@example.com later"]
    world.post.data_answers = ["554 minji.kim@example.com refused"]
    world.post.break_after_data = 1
    world.solapi.refuse = ["1043", "1062"]
    await world.hear_of(order_placed(order_id))
    await world.settle()
    world.solapi.lose_answers = 1
    await world.hear(order_paid(order_id), order_cancelled(order_id))
    await world.hear_of(order_paid(ids.new_id()), email="김민지@example.com", phone="1234-5678")
    await world.settle()
    world.solapi.statuses = [500]
    for _ in range(5):
        await world.later(minutes=30)


async def test_no_log_line_of_a_failed_send_names_anybody(world: World, written: StringIO) -> None:
    await everything_goes_wrong(world)
    lines = written.getvalue()
    assert "smtp_550" in lines
    assert "solapi_1043" in lines
    assert not [word for word in PERSONAL if word in lines]


async def test_no_log_line_of_a_failed_statement_names_anybody(world: World, written: StringIO) -> None:
    processor = testing.processor(world.database, world.parts.handlers)
    record = testing.record_of(contact(ids.new_id()))
    async with world.database.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE contacts RENAME TO contacts_away"))
    try:
        await processor.process([record])
    finally:
        async with world.database.engine.begin() as connection:
            await connection.execute(text("ALTER TABLE contacts_away RENAME TO contacts"))
    lines = written.getvalue()
    assert 'relation \\"contacts\\" does not exist' in lines
    assert not [word for word in PERSONAL if word in lines]


async def test_no_span_names_anybody(world: World, spans: InMemorySpanExporter) -> None:
    await everything_goes_wrong(world)
    finished = spans.get_finished_spans()
    assert {span.name for span in finished} >= {"send email", "send alimtalk", "ask alimtalk"}
    told = " ".join(span.to_json() for span in finished)
    assert not [word for word in PERSONAL if word in told]


async def test_no_event_names_anybody(world: World) -> None:
    await everything_goes_wrong(world)
    told = " ".join(event.model_dump_json() for event in await world.said())
    assert told
    assert not [word for word in PERSONAL if word in told]


async def test_no_other_table_names_anybody(world: World) -> None:
    await everything_goes_wrong(world)
    async with world.database.read() as connection:
        for table in ("messages", "orders", "outbox", "inbox", "parked_keys", "dead_letters"):
            rows = await connection.scalars(text(f"SELECT t::text FROM {table} t"))
            told = " ".join(rows)
            assert not [word for word in PERSONAL if word in told], table


async def test_the_span_stands_in_the_trace_of_the_event(world: World, spans: InMemorySpanExporter) -> None:
    order_id = ids.new_id()
    record = testing.record_of(order_paid(order_id))
    parent = ("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    processor = testing.processor(world.database, world.parts.handlers)
    await processor.process([replace(record, headers=(*record.headers, parent))])
    await world.hear(contact(order_id))
    await world.settle()
    found = spans.get_finished_spans()
    assert {span.name for span in found} == {"send email", "send alimtalk"}
    assert {f"{span.context.trace_id:032x}" for span in found if span.context} == {"4bf92f3577b34da6a3ce929d0e0e4736"}


async def test_people_are_forgotten_after_a_while(world: World) -> None:
    await world.hear_of(order_paid(ids.new_id()))
    await world.settle()
    world.solapi.finish(world.solapi.taken()[0], "4000")
    await world.later(minutes=3)
    forget = next(job for job in world.parts.jobs if job.name == "forget-contacts")
    world.clock.advance(timedelta(days=364))
    await forget.run()
    assert {row["recipient"] for row in await world.rows()} == {"minji.kim@example.com", "01012345678"}
    world.clock.advance(timedelta(days=2))
    await forget.run()
    assert {row["recipient"] for row in await world.rows()} == {None}
    async with world.database.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM contacts")) == 0


async def test_an_address_in_use_when_its_time_is_over_goes_with_the_next_look(world: World) -> None:
    await world.hear_of(order_paid(ids.new_id()))
    world.clock.advance(timedelta(days=364))
    await world.settle()
    forget = next(job for job in world.parts.jobs if job.name == "forget-contacts")
    world.clock.advance(timedelta(days=2))
    await forget.run()
    assert {row["status"] for row in await world.rows()} == {"delivered", "accepted"}
    world.solapi.finish(world.solapi.taken()[0], "4000")
    await world.later(minutes=3)
    await forget.run()
    assert {row["recipient"] for row in await world.rows()} == {None}
    async with world.database.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM contacts")) == 0
