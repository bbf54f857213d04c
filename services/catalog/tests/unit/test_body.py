import orjson
from hypothesis import given
from hypothesis import strategies as st
from services.catalog.tests.builders import MEDIA, NOW, a_product, a_variant

from catalog.domain.media import Rendition
from catalog.domain.product import Picture, Status
from catalog.repository import body
from catalog.schemas.products import ProductView
from common import ids

ANY_TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=40)


def filled(product, units):
    return orjson.loads(body.fill(body.prepare(product), units, low=5, media_url=MEDIA.encode()))


class TestBody:
    def test_is_the_documented_view_and_nothing_else(self):
        sizes = (Rendition("avif", 320, "renditions/a.avif"), Rendition("webp", 320, "renditions/b.webp"))
        picture = Picture(ids.new_id(), "pictures/1.jpg", "앞면", 320, 200, sizes)
        product = a_product(
            variants=(a_variant("A", 100, 200), a_variant("B", 300), a_variant("C", 400)),
            pictures=(picture,),
            status=Status.PUBLISHED,
            published_at=NOW,
        )
        found = filled(product, [0, 5, 6])
        assert ProductView.model_validate(found).model_dump(mode="json", exclude={"published_at"}) == {
            name: value for name, value in found.items() if name != "published_at"
        }
        assert set(found) == set(ProductView.model_fields)
        assert [variant["availability"] for variant in found["variants"]] == ["sold_out", "low", "in_stock"]
        sources = [
            {"url": f"{MEDIA}/renditions/a.avif", "format": "avif", "width": 320},
            {"url": f"{MEDIA}/renditions/b.webp", "format": "webp", "width": 320},
        ]
        shown = {"url": f"{MEDIA}/renditions/b.webp", "alt": "앞면", "width": 320, "height": 200, "sources": sources}
        assert found["pictures"] == [shown]

    @given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
    def test_no_text_of_a_product_can_disturb_the_gaps(self, name, description, alt):
        picture = Picture(ids.new_id(), "pictures/1.jpg", alt)
        found = filled(a_product(name=name, description=description, pictures=(picture,)), [7])
        assert (found["name"], found["description"], found["pictures"][0]["alt"]) == (name, description, alt)
        assert found["variants"][0]["availability"] == "in_stock"
