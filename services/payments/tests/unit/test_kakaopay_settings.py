from __future__ import annotations

import json

import pytest

from payments.clients.kakaopay import KakaoPayAccess
from payments.settings.kakaopay import KakaoPaySettings


@pytest.fixture
def env(monkeypatch):
    def told(**values):
        for name, value in values.items():
            monkeypatch.setenv(f"PAYMENTS_KAKAOPAY_{name.upper()}", value)
        return KakaoPaySettings()

    return told


class TestSettings:
    def test_without_a_key_it_is_not_offered(self, env):
        assert env().accesses() == {}

    def test_one_account_serves_every_mall(self, env):
        found = env(secret_key="dev-1", url="http://sandbox.example/kakaopay", scheme="DEV_SECRET_KEY")
        assert found.accesses() == {
            "*": KakaoPayAccess("http://sandbox.example/kakaopay", "dev-1", "TC0ONETIME", scheme="DEV_SECRET_KEY")
        }

    def test_a_mall_has_its_own(self, env):
        malls = {"kids": {"secret_key": "k-1", "cid": "CKIDS00001", "cid_secret": "s-1", "scheme": "SECRET_KEY"}}
        found = env(secret_key="dev-1", scheme="DEV_SECRET_KEY", malls=json.dumps(malls)).accesses()
        assert (found["*"].cid, found["*"].scheme) == ("TC0ONETIME", "DEV_SECRET_KEY")
        kids = found["kids"]
        assert (kids.secret_key, kids.cid, kids.cid_secret, kids.scheme) == ("k-1", "CKIDS00001", "s-1", "SECRET_KEY")

    def test_only_some_malls_may_have_one(self, env):
        malls = {"kids": {"secret_key": "k-1", "cid": "CKIDS00001"}}
        assert set(env(malls=json.dumps(malls)).accesses()) == {"kids"}

    def test_a_call_outlasts_kakaopay_itself(self, env):
        """It gives up after 11 s."""
        assert env(secret_key="dev-1").accesses()["*"].timeout_seconds > 11
        for name, value in (("timeout_seconds", "19"), ("look_up_seconds", "11")):
            with pytest.raises(ValueError, match=name):
                KakaoPaySettings(**{name: value})

    def test_secrets_do_not_show(self, env):
        malls = {"kids": {"secret_key": "hidden-2", "cid": "CKIDS00001", "cid_secret": "hidden-3"}}
        found = env(secret_key="hidden-1", cid_secret="hidden-4", malls=json.dumps(malls))
        assert "hidden" not in repr(found)
        assert "hidden" not in repr(found.accesses())
