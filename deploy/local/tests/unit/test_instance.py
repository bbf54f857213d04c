"""Which instance a command acts on."""

from dataclasses import replace

import pytest

from shop import instance, ports


@pytest.fixture(autouse=True)
def _clean(tmp_path, monkeypatch):
    for name in ("SHOP_INSTANCE", "SHOP_PORT", "SHOP_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SHOP_STATE", str(tmp_path))


class TestLoad:
    def test_defaults(self, tmp_path):
        current = instance.load()

        assert (current.name, current.ports["edge"], current.directory) == ("main", 8080, tmp_path / "main")
        assert current.options.fsync

    def test_environment_and_arguments_overrule_each_other_in_this_order(self, monkeypatch):
        monkeypatch.setenv("SHOP_PORT", "9000")
        monkeypatch.setenv("SHOP_INSTANCE", "second")

        assert instance.load().ports["edge"] == 9000
        assert instance.load().name == "second"
        assert instance.load("third", port=9500).ports["edge"] == 9500
        assert instance.load("third").name == "third"

    def test_remembers_port_and_options_of_the_last_start(self):
        told = instance.load(port=9000, fsync=False)
        told.save()

        again = instance.load()

        assert again.ports == told.ports
        assert not again.options.fsync
        assert instance.saved_port(again.directory) == 9000

    def test_keeps_handed_out_ports_of_a_saved_instance(self, monkeypatch):
        numbers = ports.unused()
        current = replace(instance.load(), ports=numbers)
        current.save()

        for name, value in current.environment.items():
            monkeypatch.setenv(name, value)

        assert instance.load().ports == numbers

    def test_a_port_too_high_is_refused(self):
        with pytest.raises(ValueError, match="edge port"):
            instance.load(port=65_530)
