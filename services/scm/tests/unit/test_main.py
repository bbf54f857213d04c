"""What the settings turn on."""

from __future__ import annotations

import json
import os

import httpx
import pytest

from common.clock import Clock
from common.db import connect
from common.runtime import Runtime
from scm.main import CARRIERS, build
from scm.settings import Settings

_POLLED = {
    "SCM_POLL_CENTRE_CODE": "yongin",
    "SCM_POLL_CENTRE_URL": "http://127.0.0.1:1",
    "SCM_POLL_CENTRE_API_CODE": "cd",
    "SCM_POLL_CENTRE_API_KEY": "key",
    "SCM_POLL_CENTRE_CUSTOMER_CODE": "94001",
    "SCM_POLL_EVERY_SECONDS": "5",
}


@pytest.fixture
async def parts(monkeypatch):
    opened = []
    for name in [name for name in os.environ if name.startswith("SCM_")]:
        monkeypatch.delenv(name)

    def make(**environment: str):
        for name, value in {"SCM_DATABASE_URL": "postgresql://scm@127.0.0.1:1/shop", **environment}.items():
            monkeypatch.setenv(name, value)
        settings = Settings()
        database = connect(settings.database_url.get_secret_value(), "scm", Clock())
        http = httpx.AsyncClient()
        opened.extend([database.close, http.aclose])
        return build(Runtime(settings, database, http, http, Clock(), lambda _name: None))

    yield make
    for close in opened:
        await close()


async def test_without_addresses_nothing_outside_is_asked(parts):
    assert [job.name for job in parts().jobs] == ["forget-contacts", "let-go"]


async def test_a_polled_centre_and_a_tracking_api_are_jobs(parts):
    made = parts(**_POLLED, SCM_TRACKER_URL="http://127.0.0.1:1/graphql", SCM_TRACKING_EVERY_SECONDS="7")
    assert [(job.name, job.seconds) for job in made.jobs] == [
        ("forget-contacts", 3600), ("poll-centre", 5), ("track-parcels", 7), ("let-go", 10),
    ]  # fmt: skip


async def test_keys_come_as_json(parts):
    assert parts(SCM_CENTRE_API_KEYS='{"icheon": "k1", "gimpo": "k2"}').state["centre_keys"] == {
        "icheon": "k1", "gimpo": "k2",
    }  # fmt: skip


async def test_a_carrier_table_of_ones_own_takes_the_place_of_ours(parts, tmp_path):
    rows = json.loads(CARRIERS.read_text("utf-8"))[:1]
    rows[0]["tracking_url"] = "https://new.example/{waybill}"
    own = tmp_path / "carriers.json"
    own.write_text(json.dumps(rows), "utf-8")
    table = parts(SCM_CARRIERS_FILE=str(own)).state["carriers"]
    assert table.get("cj").tracking_url("1") == "https://new.example/1"
