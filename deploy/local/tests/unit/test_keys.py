"""Secrets are made once and stay."""

import json
import stat

from shop import keys


class TestLoad:
    def test_makes_every_secret_and_keeps_it(self, tmp_path):
        path = tmp_path / "secrets.json"

        first = keys.load(path)

        assert set(first) == set(keys.FORMATS)
        assert all(len(value) >= 16 for value in first.values())
        assert keys.load(path) == first

    def test_only_the_owner_may_read_the_file(self, tmp_path):
        keys.load(tmp_path / "secrets.json")

        assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600

    def test_an_old_instance_gets_new_secrets_and_keeps_its_old_ones(self, tmp_path):
        path = tmp_path / "secrets.json"
        path.write_text(json.dumps({"staff_token_key": "from before"}))

        known = keys.load(path)

        assert known["staff_token_key"] == "from before"
        assert set(known) == set(keys.FORMATS)

    def test_two_instances_share_nothing(self, tmp_path):
        one, other = keys.load(tmp_path / "a.json"), keys.load(tmp_path / "b.json")

        assert not set(one.values()) & set(other.values())
