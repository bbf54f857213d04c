"""Staff tokens carry what the services check."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest

from common.clock import FixedClock
from shop.tokens import mint_staff

KEY = "k" * 48


class TestMintStaff:
    def test_claims(self):
        token = mint_staff(KEY, subject="kim", roles=("staff", "owner"))

        claims = jwt.decode(token, KEY, algorithms=["HS256"])

        assert (claims["sub"], claims["roles"], claims["typ"]) == ("kim", ["staff", "owner"], "staff")

    def test_ends(self):
        clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))

        token = mint_staff(KEY, lasts=timedelta(hours=1), clock=clock)

        with pytest.raises(jwt.ExpiredSignatureError):
            jwt.decode(token, KEY, algorithms=["HS256"])
        claims = jwt.decode(token, KEY, algorithms=["HS256"], options={"verify_exp": False})
        assert claims["exp"] - claims["iat"] == 3600

    def test_another_instances_key_does_not_fit(self):
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(mint_staff(KEY), "x" * 48, algorithms=["HS256"])
