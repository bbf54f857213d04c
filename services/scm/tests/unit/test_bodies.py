"""What a centre may not send."""

import unicodedata

import pytest
from pydantic import ValidationError

from common import ids
from scm.schemas.bodies import DeliveredBody, PackedLineBody, RejectBody, StockCountBody


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-22T10:00:00"])
def test_no_parcel_arrives_outside_the_calendar(moment):
    """In UTC these are no dates at all, or nobody knows which: PostgreSQL would refuse them much later."""
    with pytest.raises(ValidationError):
        DeliveredBody(delivered_at=moment)


def test_a_sku_that_a_mac_wrote_is_the_one_that_catalog_keeps():
    """Composed before it is compared: the same twice in a count is seen."""
    kept, typed = "현미-500", unicodedata.normalize("NFD", "현미-500")
    assert StockCountBody(items=[{"sku": typed, "on_hand": 3}]).items[0].sku == kept
    assert PackedLineBody(line_id=ids.new_id(), sku=typed).sku == kept
    assert RejectBody(reason=typed, short=[{"sku": typed, "quantity": 1}]).missing() == ((kept, 1),)
    assert RejectBody(reason=typed).reason == kept
    for body, items in ((StockCountBody, "items"), (RejectBody, "short")):
        units = "on_hand" if items == "items" else "quantity"
        twice = {items: [{"sku": sku, units: 1} for sku in (kept, typed)], "reason": "x"}
        with pytest.raises(ValidationError, match="twice"):
            body(**{name: value for name, value in twice.items() if name in body.model_fields})
