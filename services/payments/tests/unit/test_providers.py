"""What docs/providers.md says of adding a provider, held against the code."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from services.payments.tests.toy import ToyGateway, ToySettings

from payments.clients.gateway import PaymentGateway
from payments.domain.patience import Waits
from payments.main import gateways
from payments.settings import Settings
from payments.settings.provider import ProviderSettings

DOC = Path(__file__).parents[4] / "docs" / "providers.md"


@pytest.fixture
def env(monkeypatch):
    monkeypatch.setenv("PAYMENTS_DATABASE_URL", "postgresql://payments:pw@127.0.0.1/shop")
    return monkeypatch


class ToyMall(Settings):
    toy: ToySettings = ToySettings()


def port() -> set[str]:
    return {name for name in vars(PaymentGateway) if not name.startswith("_")} | set(PaymentGateway.__annotations__)


class TestTheDocument:
    def test_names_all_that_the_port_asks_for(self):
        table = re.findall(r"^\| (`.*?) \|", DOC.read_text(), re.MULTILINE)
        assert {name for cell in table for name in re.findall(r"`(\w+)`", cell)} == port()

    def test_names_files_that_there_are(self):
        root = DOC.parents[1]
        for path in re.findall(r"`((?:services|sandbox|deploy|tests)/[\w/.]+)`", DOC.read_text()):
            assert (root / path).exists() or (root / "services/payments" / path).exists(), path


class TestAField:
    def test_is_all_that_makes_a_provider_known(self, env):
        env.setenv("PAYMENTS_TOY_MALLS", '{"kids": {"shop": "kids-shop", "key": "k-1"}}')
        told = ToyMall(toy=ToySettings())
        assert set(told.providers()) - set(Settings().providers()) == {"toy"}
        every = gateways(told, httpx.AsyncClient())
        kids = every.for_("toy", "kids")
        assert (type(kids), kids.merchant) == (ToyGateway, "kids-shop")
        assert every.waits()["toy"] == Waits.seconds(paying=3, giving_back=3)
        assert "k-1" not in repr(told)

    def test_is_named_as_its_adapter_is(self, env):
        """Payments of `Settings.x` say `provider: x`, and callbacks come to that name."""
        keys = {
            "KAKAOPAY_SECRET_KEY": "k", "INICIS_MERCHANT_ID": "m", "INICIS_SIGN_KEY": "s", "INICIS_API_KEY": "a",
            "PORTONE_SECRET": "s", "PORTONE_STORE_ID": "st", "PORTONE_CHANNELS": '{"card": "c"}', "TOY_KEY": "t",
            "PORTONE_V1_IMP_KEY": "k", "PORTONE_V1_IMP_CODE": "i", "PORTONE_V1_IMP_SECRET": "s",
            "PORTONE_V1_CHANNELS": '{"card": "c"}',
        }  # fmt: skip
        for name, value in keys.items():
            env.setenv(f"PAYMENTS_{name}", value)
        told = ToyMall(toy=ToySettings())
        every = gateways(told, httpx.AsyncClient())
        assert {name: every.for_(name, "any").name for name in told.providers()} == {
            name: name for name in ("toss", "kakaopay", "inicis", "portone", "portone_v1", "toy")
        }

    def test_without_accounts_it_is_not_offered(self):
        class Nobody(ProviderSettings):
            def merchants(self, http):
                return {}

        class Lonely(Settings):
            nobody: Nobody = Nobody()

        told = Lonely(database_url="postgresql://payments:pw@127.0.0.1/shop")
        assert "nobody" not in gateways(told, httpx.AsyncClient()).waits()
