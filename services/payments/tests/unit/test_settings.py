from __future__ import annotations

from datetime import timedelta

import pytest

from payments.settings import Settings


@pytest.fixture
def env(monkeypatch):
    monkeypatch.setenv("PAYMENTS_DATABASE_URL", "postgresql://payments:pw@127.0.0.1/shop")
    return monkeypatch


class TestSettings:
    def test_a_provider_has_a_prefix_of_its_own(self, env):
        env.setenv("PAYMENTS_TOSS_URL", "http://sandbox.example/toss")
        env.setenv("PAYMENTS_TOSS_SECRET_KEY", "test_sk_1")
        toss = Settings().toss
        assert (toss.url, toss.secret_key.get_secret_value()) == ("http://sandbox.example/toss", "test_sk_1")

    def test_accounts_live_a_day_unless_minutes_say_otherwise(self, env):
        assert Settings().account_valid == timedelta(hours=24)
        env.setenv("PAYMENTS_ACCOUNT_VALID_MINUTES", "0.5")
        assert Settings().account_valid == timedelta(seconds=30)

    def test_a_call_ends_before_its_request_is_taken_for_cut_off(self, env):
        found = Settings()
        assert found.toss.timeout_seconds < found.patience_seconds

    def test_secrets_do_not_show(self, env):
        env.setenv("PAYMENTS_TOSS_SECRET_KEY", "test_sk_1")
        env.setenv("PAYMENTS_SEALING_KEY", "seal_1")
        assert "test_sk_1" not in repr(Settings())
        assert "seal_1" not in repr(Settings())
