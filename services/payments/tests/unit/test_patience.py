"""How long a request is left alone: each provider's own timeouts, and nobody else's."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from services.payments.tests.builders import a_payment

from payments.clients.registry import Gateways
from payments.domain.patience import Patience, Waits
from payments.main import gateways
from payments.settings import Settings

_KEYS = {
    "KAKAOPAY_SECRET_KEY": "k", "INICIS_MERCHANT_ID": "m", "INICIS_SIGN_KEY": "s", "INICIS_API_KEY": "a",
    "PORTONE_SECRET": "s", "PORTONE_STORE_ID": "store", "PORTONE_CHANNELS": '{"card": "ch"}',
    "PORTONE_V1_IMP_KEY": "k", "PORTONE_V1_IMP_CODE": "imp", "PORTONE_V1_IMP_SECRET": "s",
    "PORTONE_V1_CHANNELS": '{"card": "ch"}',
}  # fmt: skip


@pytest.fixture
def every_provider(monkeypatch) -> Gateways:
    """As a mall has them that has an account at each, with nothing else said."""
    monkeypatch.setenv("PAYMENTS_DATABASE_URL", "postgresql://payments:pw@127.0.0.1/shop")
    for name, value in _KEYS.items():
        monkeypatch.setenv(f"PAYMENTS_{name}", value)
    return gateways(Settings(), httpx.AsyncClient())


class TestPatience:
    def test_a_slow_provider_makes_no_other_wait(self, every_provider):
        waits = every_provider.waits()
        assert {name: wait.paying.total_seconds() for name, wait in waits.items()} == {
            "toss": 20, "kakaopay": 23, "inicis": 24, "portone": 20, "portone_v1": 50,
        }  # fmt: skip
        assert {name: wait.giving_back.total_seconds() for name, wait in waits.items()} == {
            "toss": 20, "kakaopay": 23, "inicis": 40, "portone": 80, "portone_v1": 160,
        }  # fmt: skip

    def test_the_margin_comes_on_top(self):
        patience = Patience(timedelta(seconds=5), {"toss": Waits.seconds(paying=20, giving_back=30)})
        toss, other = a_payment(), a_payment(provider="other")
        assert (patience.paying(toss).seconds, patience.giving_back(toss).seconds) == (25, 35)
        assert (patience.paying(other).seconds, patience.giving_back(other).seconds) == (5, 5)

    def test_of_two_accounts_of_a_provider_the_slower_counts(self):
        one, two = Waits.seconds(paying=20, giving_back=30), Waits.seconds(paying=25, giving_back=10)
        assert one.longer(two) == Waits.seconds(paying=25, giving_back=30)
