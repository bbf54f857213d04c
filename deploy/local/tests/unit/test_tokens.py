"""Staff tokens carry what the services check."""

import re
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from typer.testing import CliRunner

from common.clock import FixedClock
from shop import instance
from shop.tokens import ADMIN, ROLES, mint_staff, tokens

KEY = "k" * 48


class TestMintStaff:
    def test_claims(self):
        token = mint_staff(KEY, subject="kim", roles=("orders", "stats"))

        claims = jwt.decode(token, KEY, algorithms=["HS256"])

        assert (claims["sub"], claims["roles"], claims["typ"]) == ("kim", ["orders", "stats"], "staff")

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


def asked_for():
    """The roles in the sources of the services: `require(who, "role")`, `ROLE = "role"`, `roles & {"role", …}`."""
    found = set()
    for file in (instance.home() / "services").glob("*/src/**/*.py"):
        source = file.read_text()
        found |= set(re.findall(r'(?:\brequire\(\w+, |^ROLE = )"(\w+)"', source, re.MULTILINE))
        for several in re.findall(r"\.roles & \{([^}]+)\}", source):
            found |= set(re.findall(r'"(\w+)"', several))
    return found


class TestRoles:
    def test_are_those_that_the_services_ask_for(self):
        assert asked_for() - {ADMIN} == set(ROLES)

    def roles(self, tmp_path, monkeypatch, *options):
        monkeypatch.setenv("SHOP_STATE", str(tmp_path))
        done = CliRunner().invoke(tokens, ["staff", *options])
        if done.exit_code:
            return done.stderr
        return jwt.decode(done.stdout.strip(), instance.load().secrets["staff_token_key"], algorithms=["HS256"])[
            "roles"
        ]

    def test_a_token_has_all_of_them_unless_told_otherwise(self, tmp_path, monkeypatch):
        assert self.roles(tmp_path, monkeypatch) == list(ROLES)
        assert self.roles(tmp_path, monkeypatch, "--role", "scm", "--role", "stats") == ["scm", "stats"]

    def test_a_role_that_nobody_asks_for_is_refused(self, tmp_path, monkeypatch):
        assert "no service asks for staff" in self.roles(tmp_path, monkeypatch, "--role", "staff")
