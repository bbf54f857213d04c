from __future__ import annotations

import json
from datetime import timedelta

import pytest

from payments.settings import Settings, files


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

    def test_secrets_do_not_show(self, env):
        env.setenv("PAYMENTS_TOSS_SECRET_KEY", "test_sk_1")
        env.setenv("PAYMENTS_SEALING_KEY", "seal_1")
        assert "test_sk_1" not in repr(Settings())
        assert "seal_1" not in repr(Settings())


class TestFiles:
    @pytest.fixture
    def folder(self, env, tmp_path):
        """As a cluster mounts secrets: links to files of a folder that is replaced as a whole."""
        (tmp_path / "..data").mkdir()
        env.setenv("PAYMENTS_SECRETS_DIR", str(tmp_path))

        def put(**secrets):
            for name, secret in secrets.items():
                (tmp_path / "..data" / name).write_text(secret)
                (tmp_path / name).symlink_to(tmp_path / "..data" / name)

        return put

    def test_each_provider_has_files_of_its_own_and_they_count_before_the_environment(self, env, folder):
        env.setenv("PAYMENTS_TOSS_SECRET_KEY", "test_sk_old")
        env.setenv("PAYMENTS_TOSS_CLIENT_KEY", "test_ck_env")
        folder(
            PAYMENTS_TOSS_SECRET_KEY="test_sk_file\n",
            PAYMENTS_KAKAOPAY_SECRET_KEY="kakao_file",
            PAYMENTS_INICIS_SIGN_KEY="sign_file",
            PAYMENTS_PORTONE_SECRET="portone_file",
            PAYMENTS_PORTONE_V1_IMP_SECRET="v1_file",
            PAYMENTS_SEALING_KEY="seal_file",
            PAYMENTS_DATABASE_URL="postgresql://payments:file@127.0.0.1/shop",
        )
        found = Settings()
        assert found.toss.secret_key.get_secret_value() == "test_sk_file"
        assert found.toss.client_key == "test_ck_env"
        assert found.kakaopay.secret_key.get_secret_value() == "kakao_file"
        assert found.inicis.sign_key.get_secret_value() == "sign_file"
        assert found.portone.secret.get_secret_value() == "portone_file"
        assert found.portone_v1.imp_secret.get_secret_value() == "v1_file"
        assert found.sealing_key.get_secret_value() == "seal_file"
        assert "file" in found.database_url.get_secret_value()
        assert not any(secret in repr(found) for secret in ("test_sk_file", "kakao_file", "seal_file", "portone_file"))

    def test_two_webhook_secrets_live_while_one_is_replaced(self, folder):
        malls = {"kids": {"secret_key": "live_sk_kids", "client_key": "live_ck_kids", "merchant_id": "kidsmall"}}
        folder(
            PAYMENTS_PORTONE_SECRET="api",
            PAYMENTS_PORTONE_STORE_ID="store",
            PAYMENTS_PORTONE_CHANNELS='{"card": "channel"}',
            PAYMENTS_PORTONE_WEBHOOK_SECRETS='["whsec_new", "whsec_old"]',
            PAYMENTS_TOSS_MALLS=json.dumps(malls),
        )
        found = Settings()
        assert found.portone.accesses()["*"].webhook_secrets == ("whsec_new", "whsec_old")
        assert found.toss.accesses()["kids"].secret_key == "live_sk_kids"

    def test_a_folder_that_is_not_there_stops_the_start(self, env, tmp_path):
        env.setenv("PAYMENTS_SECRETS_DIR", str(tmp_path / "gone"))
        with pytest.raises(ValueError, match="PAYMENTS_SECRETS_DIR names no folder"):
            files.check(Settings().secrets_dir)
        files.check("")
        files.check(str(tmp_path))
