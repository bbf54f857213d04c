"""A picture from the member of staff who uploads it to the browsers that are given what suits them."""

import io

import pytest
from PIL import Image

from common import ids

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def a_picture(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (700, 500), colour).save(out, "PNG")
    return out.getvalue()


async def test_is_uploaded_rendered_shown_moved_and_taken_away(http, shop, staff, eventually):
    headers = staff("catalog")

    async def call(method, path, **options):
        keyed = {**headers, "Idempotency-Key": ids.new_id().hex}
        made = await http.request(method, f"{shop.edge_url}{path}", headers=keyed, **options)
        assert made.status_code in {200, 201}, made.text
        return made.json()

    sku = f"PICTURED-{ids.new_id().hex[-8:]}"
    variant = {"sku": sku, "price": {"amount": 1000, "currency": "KRW"}}
    body = {"mall_id": "intake", "slug": sku.lower(), "name": "사진 있는 상품", "variants": [variant]}
    product = await call("POST", "/v1/products", json=body)
    for colour in ("teal", "salmon"):
        content = a_picture(colour)
        announced = {"product_id": product["id"], "file_name": f"{colour}.png", "content_type": "image/png"}
        form = await call("POST", "/v1/media/uploads", json=announced | {"bytes": len(content)})
        stored = await http.post(form["url"], data=form["fields"], files={"file": ("a.png", content, "image/png")})
        assert stored.status_code == 201, stored.text
        shown = {"upload_id": form["upload_id"], "alt": colour}
        await call("POST", f"/v1/products/{product['id']}/pictures", json=shown)
    await call("POST", f"/v1/products/{product['id']}/publish", json={})

    async def pictures():
        found = (await http.get(f"{shop.edge_url}/v1/products/{product['id']}")).json()["pictures"]
        return found if all(picture["sources"] for picture in found) else None

    for picture in await eventually(pictures, "both pictures are rendered"):
        assert (picture["width"], picture["height"]) == (700, 500)
        assert {source["width"] for source in picture["sources"]} == {320, 640, 700}
        for source in picture["sources"]:
            given = await http.get(source["url"])
            assert given.status_code == 200
            assert given.headers["content-type"] == f"image/{source['format']}"
            assert "immutable" in given.headers["cache-control"]
            with Image.open(io.BytesIO(given.content)) as opened:
                assert (opened.format, opened.width) == (source["format"].upper(), source["width"])

    listed = (await call("GET", f"/v1/media?product_id={product['id']}"))["items"]
    salmon, teal = (upload["upload_id"] for upload in listed)
    moved = await call("PUT", f"/v1/products/{product['id']}/pictures", json={"picture_ids": [salmon, teal]})
    assert [picture["alt"] for picture in moved["pictures"]] == ["salmon", "teal"]
    await call("DELETE", f"/v1/products/{product['id']}/pictures/{teal}")

    async def only_salmon():
        return [picture["alt"] for picture in await pictures() or ()] == ["salmon"]

    await eventually(only_salmon, "the other picture is gone from the page")
