"""What a centre may not send."""

import pytest
from pydantic import ValidationError

from scm.schemas.bodies import DeliveredBody


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-22T10:00:00"])
def test_no_parcel_arrives_outside_the_calendar(moment):
    """In UTC these are no dates at all, or nobody knows which: PostgreSQL would refuse them much later."""
    with pytest.raises(ValidationError):
        DeliveredBody(delivered_at=moment)
