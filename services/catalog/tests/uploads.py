"""A picture, and how staff bring it to a product."""

from __future__ import annotations

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 100


def an_upload(product_id, **changes):
    body = {"product_id": str(product_id), "file_name": "앞면.png", "content_type": "image/png", "bytes": len(PNG)}
    return body | changes


async def announce(http, staff, product_id, **changes):
    return await http.post("/v1/media/uploads", headers=staff, json=an_upload(product_id, **changes))


async def attach(http, staff, product_id, upload_id, alt="앞면"):
    body = {"upload_id": upload_id, "alt": alt}
    return await http.post(f"/v1/products/{product_id}/pictures", headers=staff, json=body)
