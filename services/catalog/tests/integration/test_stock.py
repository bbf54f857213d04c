import asyncio
from datetime import timedelta

import pytest
from services.catalog.tests.builders import a_mall, a_staff_token, a_stored_product, order_paid
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from catalog import consumer, jobs
from catalog.repository import audit
from common import ids
from common.clock import Clock
from common.testing import deliver, processor, published, record_of
from contracts.shipments import StockCounted

pytestmark = pytest.mark.integration


@pytest.fixture
async def shelf(database):
    await a_mall(database)
    await a_stored_product(database, "A", "B")
    await published(database, clear=True)
    return database


def a_receipt(reference="PO-1", mall_id=None, **units):
    items = [{"sku": sku, "quantity": quantity} for sku, quantity in units.items()]
    return {"reference": reference, "items": items} | ({"mall_id": mall_id} if mall_id else {})


async def send(http, staff, body, **headers):
    return await http.post("/v1/stock/receipts", headers=staff | headers, json=body)


async def numbers(http, staff, sku):
    found = (await http.get(f"/v1/stock/{sku}", headers=staff)).json()
    return found["on_hand"], found["reserved"], found["sold"]


class TestReceipts:
    async def test_adds_and_tells(self, http, staff, shelf):
        answer = await send(http, staff, a_receipt(A=5, B=2))
        assert answer.status_code == 201
        assert [(item["sku"], item["on_hand"]) for item in answer.json()["items"]] == [("A", 5), ("B", 2)]
        told = await published(shelf)
        assert [(event.sku, event.on_hand, event.reason, event.reference) for event in told] == [
            ("A", 5, "received", "PO-1"),
            ("B", 2, "received", "PO-1"),
        ]

    async def test_a_reference_counts_once_whatever_the_key(self, http, staff, shelf):
        await send(http, staff, a_receipt(A=5))
        for headers in ({}, {"Idempotency-Key": "1"}, {"Idempotency-Key": "2"}):
            assert (await send(http, staff, a_receipt(A=5), **headers)).status_code == 201
        assert await numbers(http, staff, "A") == (5, 0, 0)

    async def test_a_reference_with_other_items_is_refused(self, http, staff, shelf):
        await send(http, staff, a_receipt(A=5))
        answer = await send(http, staff, a_receipt(A=6))
        assert (answer.status_code, answer.json()["code"]) == (409, "receipt.reference_reused")
        assert await numbers(http, staff, "A") == (5, 0, 0)

    async def test_a_key_replays_its_answer_and_refuses_another_body(self, http, staff, shelf):
        first = await send(http, staff, a_receipt(A=5), **{"Idempotency-Key": "k"})
        again = await send(http, staff, a_receipt(A=5), **{"Idempotency-Key": "k"})
        assert again.headers["idempotent-replayed"] == "true"
        assert again.json() == first.json()
        other = await send(http, staff, a_receipt("PO-2", A=5), **{"Idempotency-Key": "k"})
        assert (other.status_code, other.json()["code"]) == (422, "idempotency.key_reused")
        assert await numbers(http, staff, "A") == (5, 0, 0)

    async def test_one_unknown_sku_refuses_the_whole_receipt(self, http, staff, shelf):
        await a_mall(shelf, "livestore")
        for body in (a_receipt(A=5, NOPE=1), a_receipt(mall_id="livestore", A=5)):
            answer = await send(http, staff, body)
            assert (answer.status_code, answer.json()["code"]) == (422, "sku.unknown")
        assert await numbers(http, staff, "A") == (0, 0, 0)

    @pytest.mark.parametrize("quantity", [0, -5, 2.5, "5", True])
    async def test_refuses_what_is_not_a_quantity(self, http, staff, shelf, quantity):
        assert (await send(http, staff, a_receipt(A=quantity))).status_code == 422

    async def test_only_staff_with_the_role(self, http, shelf):
        answer = await send(http, {}, a_receipt(A=5))
        assert answer.status_code == 401
        stranger = {"Authorization": f"Bearer {a_staff_token('orders')}"}
        assert (await send(http, stranger, a_receipt(A=5))).status_code == 403
        assert (await http.get("/v1/stock/A", headers=stranger)).status_code == 403

    async def test_an_unknown_sku_has_no_stock_to_show(self, http, staff, shelf):
        answer = await http.get("/v1/stock/NOPE", headers=staff)
        assert (answer.status_code, answer.json()["code"]) == (404, "sku.not_found")


class TestLedger:
    async def test_movements_are_append_only(self, http, staff, shelf):
        await send(http, staff, a_receipt(A=5))
        for statement in ("UPDATE stock_movements SET delta_on_hand = 50", "DELETE FROM stock_movements"):
            with pytest.raises(DBAPIError, match="append-only"):
                async with shelf.transaction() as tx:
                    await tx.connection.execute(text(statement))

    @pytest.mark.parametrize(
        "wrong", ["reserved = on_hand + 1", "reserved = -1", "on_hand = -1, reserved = -1", "sold = -1"]
    )
    async def test_the_database_itself_refuses_impossible_counters(self, http, staff, shelf, wrong):
        await send(http, staff, a_receipt(A=5))
        with pytest.raises(DBAPIError, match="check constraint"):
            async with shelf.transaction() as tx:
                await tx.connection.execute(text(f"UPDATE stock SET {wrong}"))

    async def test_the_audit_finds_a_counter_that_moved_alone(self, http, staff, internal, shelf):
        await send(http, staff, a_receipt(A=5, B=5))
        assert (await http.get("/internal/audit", headers=internal)).json()["wrong"] == []
        async with shelf.transaction() as tx:
            await tx.connection.execute(text("UPDATE stock SET on_hand = 6 WHERE sku = 'A'"))
            await tx.connection.execute(text("UPDATE stock SET reserved = 1 WHERE sku = 'B'"))
        answer = (await http.get("/internal/audit", headers=internal)).json()
        assert answer == {"on_hand": 11, "reserved": 1, "sold": 0, "reservations": {}, "wrong": ["A", "B"]}


def counted(sku="A", on_hand=10, count_id=None, counted_at=None):
    return StockCounted(
        count_id=count_id or ids.new_id(),
        centre="gimpo",
        sku=sku,
        on_hand=on_hand,
        counted_at=counted_at or Clock().now(),
    )


class TestCounts:
    async def _sold(self, shelf, **units):
        await deliver(shelf, consumer.handlers(), order_paid(ids.new_id(), **units))
        await jobs.post_movements(shelf)

    async def test_a_count_alone_changes_no_stock(self, http, staff, shelf):
        await send(http, staff, a_receipt(A=10))
        await published(shelf, clear=True)
        fact = counted(on_hand=8)
        await deliver(shelf, consumer.handlers(), fact, fact)
        assert await numbers(http, staff, "A") == (10, 0, 0)
        assert await published(shelf) == []
        (found,) = (await http.get("/v1/stock/counts", headers=staff)).json()["items"]
        assert (found["counted"], found["on_hand_then"], found["difference"]) == (8, 10, -2)

    async def test_applied_it_respects_units_sold_before_and_after_the_count(self, http, staff, shelf):
        await send(http, staff, a_receipt(A=10))
        await self._sold(shelf, A=3)  # still on the shelf when it is counted
        fact = counted(on_hand=9)  # ten minus one that was lost
        await deliver(shelf, consumer.handlers(), fact)
        await self._sold(shelf, A=2)  # sold after the count
        await published(shelf, clear=True)
        body = {"sku": "A", "sold_not_shipped": 3}
        answer = await http.post(f"/v1/stock/counts/{fact.count_id}/apply", headers=staff, json=body)
        assert answer.json()["difference"] == -1
        assert await numbers(http, staff, "A") == (4, 0, 5)
        (told,) = await published(shelf)
        assert (told.reason, told.reference, told.on_hand) == ("counted", str(fact.count_id), 4)
        again = await http.post(f"/v1/stock/counts/{fact.count_id}/apply", headers=staff, json=body)
        assert again.json() == answer.json()
        assert (await http.get("/v1/stock/counts", headers=staff)).json()["items"] == []
        async with shelf.read() as connection:
            assert (await audit.run(connection))["wrong"] == []

    async def test_of_two_figures_at_once_one_counts_and_the_other_hears_so(self, http, staff, shelf):
        await send(http, staff, a_receipt(A=10))
        fact = counted(on_hand=13)
        await deliver(shelf, consumer.handlers(), fact)
        path = f"/v1/stock/counts/{fact.count_id}/apply"
        figures = [2, 3, 2, 3, 2, 3]
        answers = await asyncio.gather(
            *(http.post(path, headers=staff, json={"sku": "A", "sold_not_shipped": figure}) for figure in figures)
        )
        (counted_as,) = {figure for figure, answer in zip(figures, answers, strict=True) if answer.status_code == 200}
        assert sum(answer.status_code == 200 for answer in answers) == 3
        refused = [answer.json() for answer in answers if answer.status_code != 200]
        expected = ("count.already_applied", counted_as)
        assert [(each["code"], each["sold_not_shipped"]) for each in refused] == [expected] * 3
        assert await numbers(http, staff, "A") == (13 - counted_as, 0, 0)

    async def test_a_count_that_finds_nothing_wrong_can_be_applied(self, http, staff, shelf):
        await send(http, staff, a_receipt(A=10))
        fact = counted(on_hand=10)
        await deliver(shelf, consumer.handlers(), fact)
        body = {"sku": "A", "sold_not_shipped": 0}
        answer = await http.post(f"/v1/stock/counts/{fact.count_id}/apply", headers=staff, json=body)
        assert (answer.status_code, answer.json()["difference"]) == (200, 0)

    async def _two_counts_of_nine(self, shelf):
        """Ten in the books, and one is lost: the centre finds nine, and nine again, before staff looks at either."""
        now = Clock().now()
        facts = [counted(on_hand=9, counted_at=now + timedelta(microseconds=number)) for number in range(2)]
        await deliver(shelf, consumer.handlers(), *facts)
        return facts

    async def _apply(self, http, staff, fact):
        body = {"sku": "A", "sold_not_shipped": 0}
        return (await http.post(f"/v1/stock/counts/{fact.count_id}/apply", headers=staff, json=body)).json()

    async def test_what_two_counts_found_is_corrected_once(self, http, staff, shelf):
        await send(http, staff, a_receipt(A=10))
        first, second = await self._two_counts_of_nine(shelf)
        assert (await self._apply(http, staff, first))["difference"] == -1
        assert (await self._apply(http, staff, second))["difference"] == 0
        assert await numbers(http, staff, "A") == (9, 0, 0)

    async def test_a_count_older_than_one_applied_corrects_nothing(self, http, staff, shelf):
        await send(http, staff, a_receipt(A=10))
        first, second = await self._two_counts_of_nine(shelf)
        assert (await self._apply(http, staff, second))["difference"] == -1
        assert (await self._apply(http, staff, first))["difference"] == 0
        assert await numbers(http, staff, "A") == (9, 0, 0)
        assert (await http.get("/v1/stock/counts", headers=staff)).json()["items"] == []

    async def test_a_count_may_not_break_promises(self, http, staff, internal, shelf):
        await send(http, staff, a_receipt(A=10))
        hold = {"mall_id": "intake", "lines": [{"sku": "A", "quantity": 4}]}
        await http.put(f"/internal/reservations/{ids.new_id()}", headers=internal, json=hold)
        fact = counted(on_hand=3)
        await deliver(shelf, consumer.handlers(), fact)
        body = {"sku": "A", "sold_not_shipped": 0}
        answer = await http.post(f"/v1/stock/counts/{fact.count_id}/apply", headers=staff, json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "count.below_reserved")
        assert await numbers(http, staff, "A") == (10, 4, 0)

    async def test_counts_come_in_pages(self, http, staff, shelf):
        now = Clock().now()
        facts = [counted(counted_at=now + timedelta(seconds=number)) for number in range(5)]
        await deliver(shelf, consumer.handlers(), *facts)
        seen, cursor = [], None
        while True:
            query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await http.get("/v1/stock/counts", headers=staff, params=query)).json()
            seen += [item["count_id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == [str(fact.count_id) for fact in facts]

    async def test_skus_we_do_not_sell_are_no_trouble_however_many_are_counted(self, http, staff, shelf):
        listening = processor(shelf, consumer.handlers())
        facts = [counted(sku=f"NOT-OURS-{number}") for number in range(60)]
        await listening.process([record_of(fact, offset=offset) for offset, fact in enumerate([*facts, counted()])])
        async with shelf.read() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM dead_letters")) == 0
        assert len((await http.get("/v1/stock/counts", headers=staff)).json()["items"]) == 1

    async def test_an_unknown_count_cannot_be_applied(self, http, staff, shelf):
        body = {"sku": "A", "sold_not_shipped": 0}
        answer = await http.post(f"/v1/stock/counts/{ids.new_id()}/apply", headers=staff, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "count.not_found")
