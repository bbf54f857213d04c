"""Accounts of PortOne per mall, from the environment."""

from __future__ import annotations

import json

import pytest

from payments.settings.portone import PortOneSettings, PortOneV1Settings

KIDS = {"store_id": "store-kids", "secret": "kids-secret", "channels": {"card": "ch-kids"}}


@pytest.fixture
def env(monkeypatch):
    def put(**values):
        for name, value in values.items():
            monkeypatch.setenv(f"PAYMENTS_PORTONE_{name}", value if isinstance(value, str) else json.dumps(value))

    return put


def test_without_a_secret_nobody_has_it():
    assert PortOneSettings().accesses() == {}
    assert PortOneV1Settings().accesses() == {}


def test_one_account_for_every_mall(env):
    env(STORE_ID="store-1", SECRET="s3cret", CHANNELS={"card": "ch"}, WEBHOOK_SECRETS=["whsec_YQ==", "whsec_Yg=="])
    access = PortOneSettings().accesses()["*"]
    assert (access.store_id, access.secret, access.channels) == ("store-1", "s3cret", {"card": "ch"})
    assert access.webhook_secrets == ("whsec_YQ==", "whsec_Yg==")
    assert access.sources == ("52.78.5.241/32",)
    assert access.timeout_seconds >= 60


def test_and_of_single_malls(env):
    env(MALLS={"kids": KIDS})
    accesses = PortOneSettings().accesses()
    assert list(accesses) == ["kids"]
    assert accesses["kids"].webhook_secrets == ()


def test_secrets_are_shown_nowhere(env):
    env(
        STORE_ID="store-1",
        SECRET="s3cret",
        CHANNELS={"card": "ch"},
        WEBHOOK_SECRETS=["whsec_YQ=="],
        MALLS={"kids": KIDS},
    )
    env(V1_IMP_CODE="imp1", V1_IMP_KEY="k3y", V1_IMP_SECRET="v1-s3cret", V1_CHANNELS={"card": "ch"})
    shown = f"{PortOneSettings()!r} {PortOneSettings().accesses()!r} {PortOneV1Settings()!r}"
    shown += repr(PortOneV1Settings().accesses())
    for secret in ("s3cret", "kids-secret", "whsec_YQ==", "k3y"):
        assert secret not in shown


@pytest.mark.parametrize("broken", [{"store_id": ""}, {"secret": ""}, {"channels": {}}])
def test_an_account_that_is_none_stops_the_start(env, broken):
    env(MALLS={"kids": KIDS | broken})
    with pytest.raises(ValueError, match="malls"):
        PortOneSettings()


@pytest.mark.parametrize("settings", [PortOneSettings, PortOneV1Settings])
def test_a_minute_is_the_least_to_wait(env, settings):
    env(TIMEOUT_SECONDS="59", V1_TIMEOUT_SECONDS="59")
    with pytest.raises(ValueError, match="timeout_seconds is at least 60 at api"):
        settings()


@pytest.mark.parametrize("settings", [PortOneSettings, PortOneV1Settings])
def test_but_not_of_a_sandbox(env, settings):
    env(TIMEOUT_SECONDS="2", V1_TIMEOUT_SECONDS="2", URL="http://127.0.0.1:1/portone", V1_URL="http://127.0.0.1:1/v1")
    assert settings().timeout_seconds == 2


def test_v1_for_every_mall_and_for_one(env):
    one = {
        "imp_code": "imp2",
        "imp_key": "k",
        "imp_secret": "s",
        "channels": {"card": "c"},
        "refund_banks": {"88": "26"},
    }
    env(V1_IMP_CODE="imp1", V1_IMP_KEY="k", V1_IMP_SECRET="s", V1_CHANNELS={"card": "ch"}, V1_MALLS={"kids": one})
    accesses = PortOneV1Settings().accesses()
    assert {mall: access.imp_code for mall, access in accesses.items()} == {"*": "imp1", "kids": "imp2"}
    assert accesses["kids"].refund_banks == {"88": "26"}
    assert accesses["*"].sources == ()
