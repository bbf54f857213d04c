import asyncio
from typing import Annotated
from uuid import UUID

import pytest
from fastapi import APIRouter, Depends, Request, Response
from pydantic import StrictInt
from sqlalchemy import text

from common import http, idempotency, testing
from common.errors import DomainError, UpstreamUnavailable
from common.http import DatabaseDep
from common.settings import ServiceSettings
from common.wire import Body, View

pytestmark = pytest.mark.integration


class Made(View):
    id: UUID
    amount: int


class Order(Body):
    amount: StrictInt


class Note(Body):
    text: str


class Trouble:
    def __init__(self) -> None:
        self.raises: list[BaseException] = []
        self.resource_ids: list[UUID] = []
        self.gate = asyncio.Event()
        self.gate.set()


def routes(trouble: Trouble) -> APIRouter:
    router = APIRouter()

    @router.post("/v1/things", status_code=201)
    async def make(
        request: Request, database: DatabaseDep, body: Order, key: Annotated[str, Depends(idempotency.idempotency_key)]
    ) -> Response:
        async def work(claim: idempotency.Claim) -> Response:
            trouble.resource_ids.append(claim.resource_id)
            await trouble.gate.wait()
            async with database.transaction() as tx:
                await tx.connection.execute(
                    text("INSERT INTO effects (key, value) VALUES (:key, '1')"), {"key": str(claim.resource_id)}
                )
                response = await claim.remember(tx, 201, Made(id=claim.resource_id, amount=body.amount))
                if trouble.raises:
                    raise trouble.raises.pop()
                return response

        return await idempotency.once(database, request, key, work)

    @router.post("/v1/notes")
    async def note(database: DatabaseDep, body: Note) -> None:
        async with database.transaction() as tx:
            await tx.connection.execute(text("INSERT INTO effects (key, value) VALUES ('k', :t)"), {"t": body.text})

    return router


@pytest.fixture
def trouble():
    return Trouble()


@pytest.fixture
async def http_client(database, trouble):
    settings = ServiceSettings(database_url="postgresql://unused", max_body_bytes=2000)
    app = http.create_app("things", settings, database, [routes(trouble)])
    async with testing.client(app) as made:
        yield made


async def post(client, *, key="k-1", amount: object = 100):
    return await client.post("/v1/things", json={"amount": amount}, headers={"Idempotency-Key": key} if key else {})


async def count(database) -> int:
    async with database.read() as connection:
        return await connection.scalar(text("SELECT count(*) FROM effects"))


class TestOnce:
    async def test_the_same_key_and_body_get_the_first_answer_again(self, database, http_client):
        first, second = await post(http_client), await post(http_client)
        assert first.status_code == second.status_code == 201
        assert first.content == second.content
        assert "Idempotent-Replayed" not in first.headers
        assert second.headers["Idempotent-Replayed"] == "true"
        assert await count(database) == 1

    async def test_the_same_key_with_another_body_is_refused_and_changes_nothing(self, database, http_client):
        await post(http_client)
        second = await post(http_client, amount=999)
        assert (second.status_code, second.json()["code"]) == (422, "idempotency.key_reused")
        assert await count(database) == 1

    async def test_many_at_once_have_one_effect(self, database, http_client):
        answers = await asyncio.gather(*(post(http_client) for _ in range(15)))
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert sum(answer.status_code == 201 for answer in answers) >= 1
        assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
        assert await count(database) == 1

    async def test_while_the_first_runs_a_second_is_told_to_come_back(self, http_client, trouble, eventually):
        trouble.gate.clear()
        first = asyncio.create_task(post(http_client))
        await eventually(lambda: trouble.resource_ids)
        second = await post(http_client)
        trouble.gate.set()
        assert (second.status_code, second.json()["code"]) == (409, "idempotency.in_progress")
        assert (await first).status_code == 201

    async def test_a_refusal_is_remembered(self, http_client, trouble):
        trouble.raises.append(DomainError("not this one"))
        first, second = await post(http_client), await post(http_client)
        assert first.status_code == second.status_code == 422
        assert first.json() == second.json()

    @pytest.mark.parametrize("error", [RuntimeError("a defect"), UpstreamUnavailable("catalog is down")])
    async def test_a_failure_is_not_remembered_and_the_next_try_makes_the_same_thing(
        self, database, http_client, trouble, error
    ):
        trouble.raises.append(error)
        first, second = await post(http_client), await post(http_client)
        assert first.status_code in {500, 503}
        assert second.status_code == 201
        assert len(set(trouble.resource_ids)) == 1
        assert await count(database) == 1

    @pytest.mark.parametrize(("key", "code"), [("", "idempotency.key_missing"), ("x" * 201, "idempotency.key_invalid")])
    async def test_a_missing_or_unreasonable_key_is_refused(self, http_client, key, code):
        answer = await post(http_client, key=key)
        assert (answer.status_code, answer.json()["code"]) == (422, code)


class TestProblems:
    @pytest.mark.parametrize("amount", ["100", 1.5, None, [], True])
    async def test_a_wrong_type_is_refused_with_where_it_was(self, http_client, amount):
        answer = await post(http_client, amount=amount)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "request.invalid"
        assert answer.json()["errors"][0]["loc"] == ["body", "amount"]

    async def test_a_body_that_is_no_json_is_malformed(self, http_client):
        answer = await http_client.post(
            "/v1/things", content=b"{", headers={"Idempotency-Key": "k", "Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "request.malformed")

    async def test_a_body_over_the_limit_is_refused_before_it_is_read(self, http_client):
        answer = await http_client.post("/v1/things", content=b"x" * 2001, headers={"Idempotency-Key": "k"})
        assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")
        assert answer.headers["content-type"] == "application/problem+json"

    async def test_a_body_that_hides_its_length_is_refused_too(self, http_client):
        async def chunks():
            for _ in range(30):
                yield b"x" * 100

        answer = await http_client.post(
            "/v1/things", content=chunks(), headers={"Idempotency-Key": "k", "Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")

    async def test_unknown_paths_and_methods_are_problems_too(self, http_client):
        assert (await http_client.get("/nothing")).json()["code"] == "resource.not_found"
        assert (await http_client.delete("/v1/things")).json()["code"] == "method.not_allowed"

    async def test_text_that_cannot_be_stored_is_the_callers_mistake(self, http_client):
        answer = await http_client.post("/v1/notes", json={"text": "a\x00b"})
        assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")
