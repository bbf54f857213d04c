"""The answer about a product, serialised once when it changes and only filled in when it is read.

Two things are not known when the body is made: how many units are available, and under which address pictures are
served. Bytes that no JSON text contains (control characters are always escaped in it) mark their places.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from catalog.domain.product import Picture, Product, Variant
from catalog.domain.stock import Availability, availability

_AVAILABILITY = b"\x01"
_MEDIA = b"\x02"
# Right behind an availability: units of this variant are promised before they come in.
_PREORDER = b"\x03"


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
        "tags": product.tags,
    }
    variants = b",".join(_variant(variant, product.currency) for variant in product.variants)
    pictures = b",".join(_picture(picture) for picture in product.shown_pictures)
    return orjson.dumps(facts)[:-1] + b',"variants":[' + variants + b'],"pictures":[' + pictures + b"]}"


def _picture(picture: Picture) -> bytes:
    facts = {"alt": picture.alt, "width": picture.width, "height": picture.height}
    sources = b",".join(
        b'{"url":' + _address(each.key) + b"," + orjson.dumps({"format": each.format, "width": each.width})[1:]
        for each in picture.renditions
    )
    address = _address(picture.shown_key)
    return b'{"url":' + address + b"," + orjson.dumps(facts)[1:-1] + b',"sources":[' + sources + b"]}"


def _address(key: str) -> bytes:
    return b'"' + _MEDIA + orjson.dumps("/" + key)[1:]


def _variant(variant: Variant, currency: str) -> bytes:
    crossed_out, sale, preorder = variant.crossed_out, variant.sale, variant.preorder
    list_price = None if crossed_out is None else {"amount": crossed_out, "currency": currency}
    facts = {
        "id": str(variant.id),
        "sku": variant.sku,
        "name": variant.name,
        "price": {"amount": variant.price, "currency": currency},
        "list_price": list_price,
        "tax": variant.tax,
        "sale": {"ends_at": sale.ends_at} if sale is not None and sale.running else None,
        "preorder": {"release_at": preorder.release_at} if preorder is not None else None,
        "options": [{"name": name, "value": value} for name, value in variant.options],
        "parts": [{"sku": sku, "quantity": quantity} for sku, quantity in variant.parts],
    }
    gap = _AVAILABILITY + (_PREORDER if preorder is not None else b"")
    return orjson.dumps(facts)[:-1] + b',"availability":"' + gap + b'"}'


def fill(body: bytes, units: Sequence[int], *, low: int, media_url: bytes) -> bytes:
    """A prepared body made whole. `units`: available units of its variants, in their order."""
    first, *others = body.replace(_MEDIA, media_url).split(_AVAILABILITY)
    parts = [first]
    for available, part in zip(units, others, strict=True):
        early = part.startswith(_PREORDER)
        shown = Availability.PRE_ORDER if early and available > 0 else availability(available, low)
        parts += (shown.encode(), part[1:] if early else part)
    return b"".join(parts)
