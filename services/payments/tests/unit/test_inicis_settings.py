"""Accounts per mall, and secrets that do not show."""

from __future__ import annotations

import ipaddress

import pytest
from pydantic import ValidationError

from payments.clients.registry import EVERY_MALL
from payments.settings.inicis import InicisSettings

KEYS = {"sign_key": "s-key", "api_key": "a-key", "api_iv": "a-iv"}


class TestAccesses:
    def test_nobody_has_an_account_by_default(self):
        assert InicisSettings().accesses() == {}

    def test_one_for_every_mall_and_one_of_a_mall(self, monkeypatch):
        monkeypatch.setenv("PAYMENTS_INICIS_MERCHANT_ID", "common0000")
        for name, value in KEYS.items():
            monkeypatch.setenv(f"PAYMENTS_INICIS_{name.upper()}", value)
        monkeypatch.setenv(
            "PAYMENTS_INICIS_MALLS",
            '{"kids": {"merchant_id": "kids000000", "sign_key": "k", "api_key": "k2", "tax_contract": true}}',
        )
        found = InicisSettings().accesses()
        assert set(found) == {EVERY_MALL, "kids"}
        assert (found[EVERY_MALL].merchant, found["kids"].merchant) == ("common0000", "kids000000")
        assert (found[EVERY_MALL].sign_key, found["kids"].api_key) == ("s-key", "k2")
        assert (found[EVERY_MALL].tax_contract, found["kids"].tax_contract) == (False, True)

    def test_an_account_without_its_keys_is_refused(self):
        with pytest.raises(ValidationError):
            InicisSettings(merchant_id="common0000").accesses()

    def test_secrets_do_not_show(self):
        settings = InicisSettings(merchant_id="common0000", **KEYS)
        for shown in (repr(settings), repr(settings.accesses()), settings.model_dump_json()):
            for value in KEYS.values():
                assert value not in shown

    def test_centres_can_be_replaced(self, monkeypatch):
        monkeypatch.setenv("PAYMENTS_INICIS_IDC_URLS", '{"stg": "http://127.0.0.1:8080/sandbox/inicis"}')
        found = InicisSettings(merchant_id="m", **KEYS).accesses()[EVERY_MALL]
        assert found.idc_urls == {"stg": "http://127.0.0.1:8080/sandbox/inicis"}

    def test_the_known_centres_and_senders(self):
        found = InicisSettings(merchant_id="m", **KEYS).accesses()[EVERY_MALL]
        assert found.idc_urls == {name: f"https://{name}stdpay.inicis.com" for name in ("fc", "ks", "stg")}
        assert {str(ipaddress.ip_network(source).network_address) for source in found.sources} == {
            "203.238.37.3", "203.238.37.15", "203.238.37.16", "203.238.37.25", "203.238.37.32", "183.109.71.153",
            "118.129.210.25", "39.115.212.9",
        }  # fmt: skip

    def test_any_sender(self):
        assert InicisSettings(merchant_id="m", sources="", **KEYS).accesses()[EVERY_MALL].sources == ()
