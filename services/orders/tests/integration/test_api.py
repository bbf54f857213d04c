from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from services.orders.tests.builders import DAY, a_body, a_quote, a_quote_line, pays, ships
from services.orders.tests.fakes import INTERNAL_KEY, TOKEN_KEY, post_order, staff
from services.orders.tests.stored import change, order_token, place, read

from common import ids
from common.clock import FixedClock
from common.db import Database
from orders import handlers
from orders.domain import Order

pytestmark = pytest.mark.integration


def guest(order: Order, **more: str) -> dict[str, str]:
    return {"X-Order-Token": order_token(TOKEN_KEY, order.order_id)} | more


async def cancel(http, order: Order, *, key: str = "cancel", lines=None, reason: str = "단순 변심", **headers: str):
    body = {"reason": reason} | ({"lines": lines} if lines is not None else {})
    sent = headers or guest(order)
    return await http.post(f"/v1/orders/{order.order_id}/cancel", json=body, headers=sent | {"Idempotency-Key": key})


class TestRead:
    async def test_a_guest_sees_the_order_and_the_address(self, http, database: Database):
        order = await place(database)
        seen = (await http.get(f"/v1/orders/{order.order_id}", headers=guest(order))).json()
        assert (seen["id"], seen["order_number"]) == (str(order.order_id), order.number)
        assert seen["orderer"] == {"name": "김하늘", "email": "haneul@example.com", "phone": "01012345678"}
        assert seen["ship_to"]["zonecode"] == "06236"
        assert "token" not in seen

    @pytest.mark.parametrize("token", [None, "", "wrong", "é"])
    async def test_without_its_token_there_is_no_order(self, http, database: Database, token):
        order = await place(database)
        headers = {} if token is None else {b"X-Order-Token": token.encode("latin-1")}
        for path in (f"/v1/orders/{order.order_id}", f"/v1/orders/{order.order_id}/history"):
            answer = await http.get(path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "order.not_found")

    async def test_another_orders_token_does_not_open_it(self, http, database: Database):
        mine, yours = await place(database), await place(database)
        answer = await http.get(f"/v1/orders/{yours.order_id}", headers=guest(mine))
        assert (answer.status_code, answer.json()["code"]) == (404, "order.not_found")

    async def test_staff_need_the_role(self, http, database: Database):
        order = await place(database)
        path = f"/v1/orders/{order.order_id}"
        assert (await http.get(path, headers=staff("orders"))).status_code == 200
        assert (await http.get(path, headers=staff("catalog"))).status_code == 403
        assert (await http.get(path, headers={"Authorization": "Bearer x"})).status_code == 401
        assert (await http.get(f"/v1/orders/{ids.new_id()}", headers=staff("orders"))).status_code == 404

    async def test_an_erased_contact_leaves_the_order(self, http, database: Database):
        order = await place(database)
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql("DELETE FROM order_contacts")
        seen = (await http.get(f"/v1/orders/{order.order_id}", headers=guest(order))).json()
        assert (seen["orderer"], seen["ship_to"], seen["status"]) == (None, None, "pending_payment")

    async def test_the_history_reads_like_a_story(self, http, database: Database):
        order = await place(database)
        await change(database, handlers.pay_order, pays(order))
        await change(database, handlers.note_shipment, ships(order, "shipped", shipped=True))
        told = (await http.get(f"/v1/orders/{order.order_id}/history", headers=guest(order))).json()["items"]
        assert [entry["status"] for entry in told] == ["pending_payment", "paid", "shipped"]
        assert [entry["actor"] for entry in told] == ["customer", "payments", "scm"]
        assert told[1]["story"] == f"paid {order.total_amount} KRW by card"
        assert told[2]["story"] == "shipment shipped by CJ대한통운 123456789012: the order is shipped"


class TestCancel:
    async def test_an_unpaid_order_is_cancelled_at_once(self, http, database: Database):
        order = await place(database)
        answer = await cancel(http, order)
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
        (made,) = answer.json()["cancels"]
        assert (made["status"], made["reason"]) == ("accepted", "customer_request")
        assert made["refund_amount"] == {"amount": 0, "currency": "KRW"}

    async def test_of_a_paid_order_the_centre_is_asked(self, http, database: Database):
        order = await place(database)
        await change(database, handlers.pay_order, pays(order))
        line = order.lines[1]
        answer = await cancel(http, order, lines=[{"line_id": str(line.line_id), "quantity": 2}])
        assert (answer.status_code, answer.json()["status"]) == (202, "paid")
        assert answer.json()["cancels"][0]["status"] == "requested"
        assert answer.json()["lines"][1]["cancelling_quantity"] == 2

    async def test_a_replay_cancels_once(self, http, database: Database):
        order = await place(database)
        await change(database, handlers.pay_order, pays(order))
        lines = [{"line_id": str(order.lines[1].line_id), "quantity": 1}]
        first, again = await cancel(http, order, lines=lines), await cancel(http, order, lines=lines)
        assert first.content == again.content
        assert (await read(database, order)).lines[1].cancelling == 1
        other = await cancel(http, order)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency.key_reused")

    async def test_the_customers_words_stay_with_the_personal_data(self, http, database: Database):
        order = await place(database)
        await cancel(http, order, reason="김하늘 010-1234-5678로 연락 주세요")
        async with database.read() as connection:
            for table in ("order_cancels", "order_history", "outbox", "idempotency_keys"):
                rows = (await connection.exec_driver_sql(f"SELECT * FROM {table}")).all()
                assert rows
                published = [row for row in rows if "order-contact" not in str(row)]
                assert "연락 주세요".encode() not in str(published).encode()
                assert "연락 주세요".encode() not in b"".join(
                    bytes(value) for row in published for value in row if isinstance(value, bytes)
                )
        seen = (await http.get(f"/v1/orders/{order.order_id}", headers=guest(order))).json()
        assert list(seen["cancel_notes"].values()) == ["김하늘 010-1234-5678로 연락 주세요"]

    async def test_staff_cancel_in_their_own_name(self, http, database: Database):
        order = await place(database)
        answer = await cancel(http, order, **staff("orders"))
        assert answer.json()["cancels"][0]["reason"] == "staff_request"
        assert (await read(database, order)).cancels[0].actor == "staff:ji-won"

    async def test_who_of_the_staff_it_was_is_told_to_staff_alone(self, http, database: Database):
        order = await place(database)
        await cancel(http, order, **staff("orders"))
        path = f"/v1/orders/{order.order_id}/history"
        seen = (await http.get(path, headers=staff("orders"))).json()["items"]
        assert seen[-1]["actor"] == "staff:ji-won"
        told = (await http.get(path, headers=guest(order))).json()["items"]
        assert told[-1]["actor"] == "staff"

    async def test_refusals_say_why(self, http, database: Database):
        order = await place(database)
        await change(database, handlers.pay_order, pays(order))
        line_id = str(order.lines[0].line_id)
        much = await cancel(http, order, key="1", lines=[{"line_id": line_id, "quantity": 2}])
        assert (much.status_code, much.json()["code"], much.json()["open"]) == (409, "order.quantity_exceeds_open", 1)
        strange = await cancel(http, order, key="2", lines=[{"line_id": str(ids.new_id()), "quantity": 1}])
        assert (strange.status_code, strange.json()["code"]) == (422, "order.line_unknown")
        await change(database, handlers.note_shipment, ships(order, "shipped", shipped=True))
        late = await cancel(http, order, key="3")
        assert (late.status_code, late.json()["code"]) == (409, "order.already_shipped")
        wrong = await cancel(http, order, key="4", **{"X-Order-Token": "wrong"})
        assert (wrong.status_code, wrong.json()["code"]) == (404, "order.not_found")


class TestSearch:
    async def test_pages_newest_first_without_gaps(self, http, database: Database):
        placed = [await place(database) for _ in range(5)]
        seen, cursor = [], ""
        while cursor is not None:
            page = (await http.get(f"/v1/orders?limit=2&cursor={cursor}", headers=staff("orders"))).json()
            seen += [UUID(order["id"]) for order in page["items"]]
            cursor = page["next_cursor"]
        assert seen == [order.order_id for order in reversed(placed)]

    async def test_filters(self, http, database: Database, clock: FixedClock):
        old = await place(database)
        clock.advance(DAY)
        new = await place(database, a_quote(a_quote_line(), mall_id="livestore"))
        await change(database, handlers.pay_order, pays(new))
        day = (clock.now() + timedelta(hours=9)).date()

        async def found(query: str) -> list[UUID]:
            answer = await http.get(f"/v1/orders?{query}", headers=staff("orders"))
            return [UUID(order["id"]) for order in answer.json()["items"]]

        assert await found("mall=livestore") == [new.order_id]
        assert await found("status=pending_payment") == [old.order_id]
        assert await found(f"number={old.number}") == [old.order_id]
        assert await found(f"from={day}") == [new.order_id]
        assert await found(f"to={day - DAY}") == [old.order_id]
        assert await found("mall=intake&status=paid") == []

    @pytest.mark.parametrize("query", ["to=9999-12-31", "from=9999-12-31", "to=0001-01-01", "from=0001-01-01"])
    async def test_a_day_outside_time_is_refused(self, http, database: Database, query):
        answer = await http.get(f"/v1/orders?{query}", headers=staff("orders"))
        assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")

    async def test_is_for_staff_with_the_role(self, http, database: Database):
        assert (await http.get("/v1/orders")).status_code == 401
        assert (await http.get("/v1/orders", headers=staff("notify"))).status_code == 403
        assert (await http.get("/v1/orders", headers=staff("admin"))).status_code == 200

    @pytest.mark.parametrize("cursor", ["x", "%00", "AAAA", "é", "A" * 22 + "A"])
    async def test_a_made_up_cursor_is_refused(self, http, database: Database, cursor):
        answer = await http.get("/v1/orders", params={"cursor": cursor}, headers=staff("orders"))
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor.invalid")


class TestPayable:
    async def test_tells_payments_what_is_owed(self, http, database: Database):
        order = await place(database)
        answer = await http.get(
            f"/internal/orders/{order.order_id}/payable", headers=guest(order, **{"X-Internal-Key": INTERNAL_KEY})
        )
        owed = answer.json()
        assert (owed["amount"], owed["currency"], owed["status"]) == (order.total_amount, "KRW", "pending_payment")
        assert (owed["order_name"], owed["orderer_name"]) == ("상품 GRANOLA-500 외 1건", "김하늘")
        assert owed["vat_amount"] == order.worth.vat

    async def test_only_for_services_of_the_shop_with_the_orders_token(self, http, database: Database):
        order = await place(database)
        path = f"/internal/orders/{order.order_id}/payable"
        assert (await http.get(path, headers=guest(order))).status_code == 401
        wrong = await http.get(path, headers={"X-Internal-Key": INTERNAL_KEY, "X-Order-Token": "wrong"})
        assert (wrong.status_code, wrong.json()["code"]) == (404, "order.not_found")


class TestBadInput:
    @pytest.mark.parametrize(
        "changes",
        [
            {"cart_id": "not-an-id"},
            {"orderer": {}},
            {"ship_to": None},
            {"expected_total": {"amount": 1.5, "currency": "KRW"}},
            {"expected_total": {"amount": 1, "currency": "won"}},
            {"unknown": 1},
        ],
    )
    async def test_is_refused_and_changes_nothing(self, http, cart, database: Database, changes):
        answer = await post_order(http, cart.fill().cart_id, **changes)
        assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")
        async with database.read() as connection:
            assert (await connection.exec_driver_sql("SELECT count(*) FROM idempotency_keys")).scalar() == 0

    async def test_what_was_sent_is_not_echoed(self, http, cart):
        body = a_body(cart.fill().cart_id)
        body["orderer"]["phone"] = "김하늘의 전화"
        headers = {"Idempotency-Key": "k", "X-Cart-Token": "t"}
        answer = await http.post("/v1/orders", json=body, headers=headers)
        assert answer.status_code == 422
        assert "김하늘" not in answer.text

    async def test_a_body_that_is_not_json(self, http, cart):
        headers = {"Idempotency-Key": "k", "X-Cart-Token": "t", "Content-Type": "application/json"}
        answer = await http.post("/v1/orders", content=b"{", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "request.malformed")
