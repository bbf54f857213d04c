"""The answer about a product, serialised once when it changes and only filled in when it is read.

Two things are not known when the body is made: how many units are available, and under which address pictures are
served. Bytes that no JSON text contains (control characters are always escaped in it) mark their places.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from catalog.domain.product import Product, Variant
from catalog.domain.stock import availability

_AVAILABILITY = b"\x01"
_MEDIA = b"\x02"


def prepare(product: Product) -> bytes:
    """The body of `ProductView` with its two kinds of gaps."""
    facts = {
        "id": str(product.id),
        "mall_id": product.mall_id,
        "slug": product.slug,
        "name": product.name,
        "description": product.description,
        "categories": [{"id": category.id, "name": category.name} for category in product.categories],
        "status": product.status,
        "published_at": product.published_at,
    }
    variants = b",".join(_variant(variant, product.currency) for variant in product.variants)
    pictures = b",".join(
        b'{"url":"' + _MEDIA + orjson.dumps("/" + picture.key)[1:] + b',"alt":' + orjson.dumps(picture.alt) + b"}"
        for picture in product.pictures
    )
    return orjson.dumps(facts)[:-1] + b',"variants":[' + variants + b'],"pictures":[' + pictures + b"]}"


def _variant(variant: Variant, currency: str) -> bytes:
    list_price = None if variant.list_price is None else {"amount": variant.list_price, "currency": currency}
    facts = {
        "id": str(variant.id),
        "sku": variant.sku,
        "name": variant.name,
        "price": {"amount": variant.price, "currency": currency},
        "list_price": list_price,
        "tax": variant.tax,
    }
    return orjson.dumps(facts)[:-1] + b',"availability":"' + _AVAILABILITY + b'"}'


def fill(body: bytes, units: Sequence[int], *, low: int, media_url: bytes) -> bytes:
    """A prepared body made whole. `units`: available units of its variants, in their order."""
    first, *others = body.replace(_MEDIA, media_url).split(_AVAILABILITY)
    parts = [first]
    for available, part in zip(units, others, strict=True):
        parts += (availability(available, low).encode(), part)
    return b"".join(parts)
