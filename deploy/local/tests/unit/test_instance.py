"""Which instance a command acts on."""

from dataclasses import replace

import pytest

from shop import instance, ports
from shop.instance import Options


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

    def test_remembers_what_tests_that_break_things_have_set(self):
        options = Options(brokers=3, fault_proxy=True, launcher="a.launcher", service_settings={"ORDERS_X": "1"})
        replace(instance.load(), options=options).save()

        assert instance.load().options == options

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


class TestUsedPorts:
    def test_brokers_and_proxies_that_are_not_wanted_may_have_their_ports_taken(self, an_instance):
        everyday = set(an_instance().used_ports)

        assert {"edge", "postgres", "kafka", "kafka_controller", "orders"} <= everyday
        assert not any("proxy" in name or "faulty" in name or "_2" in name for name in everyday)
        assert set(an_instance(brokers=3).used_ports) - everyday == {
            "kafka_2",
            "kafka_2_controller",
            "kafka_3",
            "kafka_3_controller",
        }
        assert set(an_instance(fault_proxy=True).used_ports) - everyday == {
            "proxy_postgres",
            "proxy_kafka",
            "kafka_faulty",
        }
        assert an_instance(fault_proxy=True, brokers=3).used_ports == an_instance().ports
