import pytest
from pydantic import ValidationError

from notify.settings import Settings


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({}, True),
        ({"lease_seconds": 61}, True),
        ({"lease_seconds": 60}, False),
        ({"smtp_timeout_seconds": 30}, False),
        ({"solapi_timeout_seconds": 60}, False),
    ],
)
def test_a_lease_outlives_the_longest_call(changes: dict[str, float], fits: bool) -> None:
    values = {"database_url": "postgresql://unused"} | changes
    if fits:
        assert Settings.model_validate(values)
    else:
        with pytest.raises(ValidationError, match="the lease must be longer"):
            Settings.model_validate(values)
