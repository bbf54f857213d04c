"""Seeding a shop, before a stand-in for its edge."""

import json

import httpx
import pytest

from shop import seed

MALLS = [{"id": "intake"}, {"id": "livestore"}]


class Edge:
    """Keeps the malls; answers like catalog."""

    def __init__(self, **urls):
        self.malls = {mall: {"id": mall, "storefront_url": url} for mall, url in urls.items()}
        self.changed = []

    def __call__(self, request):
        mall = self.malls[request.url.path.rsplit("/", 1)[1]]
        if request.method == "PATCH":
            assert request.headers["authorization"] == "Bearer token"
            self.changed.append(mall["id"])
            mall |= json.loads(request.content)
        return httpx.Response(200, json=mall)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("http://127.0.0.1:8080/", "http://127.0.0.1:9000/"),
        ("http://127.0.0.1:9000/", "http://127.0.0.1:9000/"),
        ("https://livestore.example/", "https://livestore.example/"),
    ],
)
async def test_a_shop_on_another_port_sends_customers_there(before, after):
    edge = Edge(intake="http://127.0.0.1:9000/", livestore=before)
    async with httpx.AsyncClient(transport=httpx.MockTransport(edge)) as http:
        staff = seed.Staff(http, "http://127.0.0.1:9000", "token")
        await seed._moved(http, staff, "http://127.0.0.1:9000", {"malls": MALLS})

    assert edge.malls["livestore"]["storefront_url"] == after
    assert edge.changed == (["livestore"] if before != after else [])


def test_no_address_of_this_machine_is_written_into_the_sample_catalogue():
    assert "127.0.0.1" not in seed.CATALOGUE.read_text()
