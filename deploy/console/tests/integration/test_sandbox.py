"""The pages over the real sandbox, in one process."""

import asyncio

import httpx
import pytest
import uvicorn
from deploy.console.tests.builders import a_free_port

from sandbox.app import create_app
from sandbox.settings import Settings


@pytest.fixture(name="sandbox_url")
async def _sandbox_url(tmp_path, eventually):
    port = a_free_port()
    app = create_app(Settings(port=port, data_dir=tmp_path / "sandbox"))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, access_log=False))
    serving = asyncio.create_task(server._serve())
    await eventually(lambda: server.started)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


async def test_a_fault_is_ordered_listed_and_taken_back(a_console, sandbox_url):
    async with a_console(sandbox_url=sandbox_url) as (client, _):
        form = {"party": "toss", "operation": "confirm", "kind": "delay", "count": "2", "seconds": "0.5", "code": ""}
        assert (await client.post("/dev/faults", data=form)).headers["location"] == "/dev/faults"
        (fault,) = (await client.get("/dev/faults.json")).json()["items"]
        assert (fault["operation"], fault["kind"], fault["remaining"], fault["seconds"]) == ("confirm", "delay", 2, 0.5)
        assert "confirm" in (await client.get("/dev/faults")).text
        await client.post("/dev/faults", data={"clear": str(fault["id"])})
        assert (await client.get("/dev/faults.json")).json()["items"] == []


async def test_a_refused_fault_says_why(a_console, sandbox_url):
    async with a_console(sandbox_url=sandbox_url) as (client, _):
        answer = await client.post("/dev/faults", data={"party": "toss", "kind": "delay", "count": "0"})
        page = await client.get(answer.headers["location"])
    assert "answers 422" in page.text


async def test_a_fault_is_not_ordered_from_another_site(a_console, sandbox_url):
    async with a_console(sandbox_url=sandbox_url) as (client, _):
        form = {"party": "toss", "kind": "delay"}
        refused = await client.post("/dev/faults", data=form, headers={"sec-fetch-site": "cross-site"})
        assert refused.status_code == 403
        large = await client.post("/dev/faults", content=b"x" * 10_000)
        assert large.status_code == 413
        assert (await client.get("/dev/faults.json")).json()["items"] == []


async def test_messages_of_the_sandbox_are_shown_by_phone(a_console, sandbox_url):
    async with a_console(sandbox_url=sandbox_url) as (client, _):
        assert (await client.get("/dev/messages.json")).json()["trouble"] == ""
        assert "No message yet" in (await client.get("/dev/messages")).text


async def test_its_openapi_becomes_a_page(a_console, sandbox_url):
    async with a_console(sandbox_url=sandbox_url, service_urls={"orders": sandbox_url}) as (client, _):
        page = await client.get("/dev/docs/orders")
        document = (await client.get("/dev/docs/orders/openapi.json")).json()
    async with httpx.AsyncClient() as direct:
        assert document == (await direct.get(f"{sandbox_url}/openapi.json")).json()
    assert page.status_code == 200
    assert all(path in page.text for path in document["paths"])
