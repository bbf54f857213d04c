"""Which broker a machine gets, and what Kafka's files say."""

import shutil
import stat

import pytest

from shop import instance, ports
from shop.platform import broker, kafka_libs
from shop.platform.kafka import format_order
from shop.supervisor.part import PartError

PORTS = ports.derive(28080)


@pytest.fixture(autouse=True)
def _forget_java():
    kafka_libs.java_version.cache_clear()
    yield
    kafka_libs.java_version.cache_clear()


@pytest.fixture(name="tools")
def _tools(tmp_path, monkeypatch):
    """A path with only the tools that the test puts there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def add(name, says=""):
        script = folder / name
        script.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
        script.chmod(script.stat().st_mode | stat.S_IEXEC)

    return add


def choose(tmp_path, *, brokers=1, fault_proxy=False, **environ):
    pom = instance.home() / "deploy" / "local" / "kafka" / "pom.xml"
    return broker.choose(
        PORTS,
        directory=tmp_path / "kafka",
        cache=tmp_path,
        pom=pom,
        log=tmp_path / "kafka.log",
        brokers=brokers,
        fault_proxy=fault_proxy,
        environ=environ,
    )


class TestChoose:
    def test_java_and_maven_bring_apache_kafka(self, tools, tmp_path):
        tools("java", 'openjdk version "17.0.15" 2025-04-15')
        tools("mvn")

        chosen = choose(tmp_path)

        assert (chosen.kind, chosen.bootstrap, chosen.notice) == ("kafka", "127.0.0.1:28192", "")
        assert chosen.label == "apache-kafka-4.3.1"

    @pytest.mark.parametrize(
        ("present", "reason"),
        [
            ({}, "no java on the path"),
            ({"mvn": ""}, "no java on the path"),
            ({"java": 'openjdk version "21.0.1"'}, "no mvn on the path"),
            ({"java": 'java version "1.8.0_392"', "mvn": ""}, "java 8 is too old"),
            ({"java": 'openjdk version "11.0.20"', "mvn": ""}, "java 11 is too old"),
            ({"java": "Unable to locate a Java Runtime.", "mvn": ""}, "no java on the path"),
        ],
    )
    def test_without_them_the_embedded_one_and_a_plain_word_about_it(self, tools, tmp_path, present, reason):
        for name, says in present.items():
            tools(name, says)

        chosen = choose(tmp_path)

        assert chosen.kind == "embedded"
        assert chosen.label.startswith("noida-db-")
        assert reason in chosen.notice
        assert "for trying out only" in chosen.notice

    def test_a_named_cluster_is_used_and_nothing_is_started(self, tmp_path):
        chosen = choose(tmp_path, KAFKA_BOOTSTRAP_SERVERS="b1:9092,b2:9092")

        assert (chosen.kind, chosen.bootstrap) == ("external", "b1:9092,b2:9092")
        assert chosen.parts() == []

    def test_says_that_events_of_an_earlier_kafka_are_out_of_sight(self, tools, tmp_path):
        data = tmp_path / "kafka" / "data"
        data.mkdir(parents=True)
        (data / "meta.properties").touch()

        assert "not visible" in choose(tmp_path).notice

    def test_a_wish_that_cannot_be_met_is_an_error(self, tools, tmp_path):
        with pytest.raises(PartError, match="SHOP_BROKER=kafka, but no java"):
            choose(tmp_path, SHOP_BROKER="kafka")

    def test_an_unknown_wish_is_an_error(self, tmp_path):
        with pytest.raises(PartError, match="may be auto, kafka or embedded"):
            choose(tmp_path, SHOP_BROKER="rabbit")


class TestKafkaPart:
    def test_heap_is_bounded_and_jars_come_from_the_shared_folder(self, tools, tmp_path):
        tools("java", 'openjdk version "17.0.15"')
        tools("mvn")
        chosen = choose(tmp_path)

        (part,) = chosen.parts()

        assert "-Xmx256m" in part.argv
        assert f"{tmp_path}/kafka-libs/{kafka_libs.cache_key(chosen.cluster.pom)}/*" in part.argv


class TestFormat:
    def test_an_id_that_begins_with_a_dash_is_not_taken_for_an_option(self, tmp_path):
        words = format_order("-kRqgkoXTxu9Pq6EDKFg_A", tmp_path / "server.properties")

        assert "--cluster-id=-kRqgkoXTxu9Pq6EDKFg_A" in words
        assert not any(word.startswith("-k") for word in words)


class TestThreeBrokers:
    @pytest.fixture(name="chosen")
    def _chosen(self, tools, tmp_path):
        tools("java", 'openjdk version "17.0.15"')
        tools("mvn")
        return choose(tmp_path, brokers=3)

    def test_each_is_a_part_with_ports_data_and_log_of_its_own(self, chosen, tmp_path):
        parts = chosen.parts()

        assert [part.name for part in parts] == ["kafka", "kafka-2", "kafka-3"]
        assert len({part.argv[-1] for part in parts}) == 3
        assert [part.log.name for part in parts] == ["kafka.log", "kafka-2.log", "kafka-3.log"]
        assert chosen.bootstrap == chosen.proxied == "127.0.0.1:28192,127.0.0.1:28194,127.0.0.1:28196"
        assert chosen.label == "apache-kafka-4.3.1, 3 brokers"

    def test_they_are_one_quorum_and_keep_every_record_twice_before_they_say_so(self, chosen):
        told = [properties(chosen, number) for number in (1, 2, 3)]

        assert [one["node.id"] for one in told] == ["1", "2", "3"]
        assert {one["controller.quorum.voters"] for one in told} == {
            "1@127.0.0.1:28193,2@127.0.0.1:28195,3@127.0.0.1:28197"
        }
        assert len({one["log.dirs"] for one in told}) == 3
        for one in told:
            assert one["min.insync.replicas"] == "2"
            assert one["offsets.topic.replication.factor"] == one["default.replication.factor"] == "3"
            assert one["unclean.leader.election.enable"] == "false"

    def test_one_broker_is_told_what_it_always_was(self, tools, tmp_path):
        tools("java", 'openjdk version "17.0.15"')
        tools("mvn")

        told = properties(choose(tmp_path), 1)

        assert "FAULTY" not in str(told)
        assert told["listeners"] == "CLIENT://127.0.0.1:28192,CONTROLLER://127.0.0.1:28193"
        assert told["default.replication.factor"] == told["min.insync.replicas"] == "1"

    def test_the_embedded_one_cannot_be_three(self, tools, tmp_path):
        with pytest.raises(PartError, match="need an Apache Kafka of our own; this one is noida-db"):
            choose(tmp_path, brokers=3)


class TestFaultProxy:
    def test_clients_that_came_through_the_proxy_are_sent_back_to_it(self, tools, tmp_path):
        tools("java", 'openjdk version "17.0.15"')
        tools("mvn")

        chosen = choose(tmp_path, brokers=3, fault_proxy=True)
        told = properties(chosen, 2)

        assert chosen.proxied == "127.0.0.1:28161,127.0.0.1:28162,127.0.0.1:28163"
        assert told["listeners"].split(",") == [
            "CLIENT://127.0.0.1:28194",
            "CONTROLLER://127.0.0.1:28195",
            "FAULTY://127.0.0.1:28165",
        ]
        assert told["advertised.listeners"] == "CLIENT://127.0.0.1:28194,FAULTY://127.0.0.1:28162"
        assert told["inter.broker.listener.name"] == "CLIENT"

    def test_a_foreign_cluster_cannot_be_put_behind_it(self, tmp_path):
        with pytest.raises(PartError, match="this one is external"):
            choose(tmp_path, fault_proxy=True, KAFKA_BOOTSTRAP_SERVERS="b1:9092")


def properties(chosen, number):
    text = chosen.cluster.properties(chosen.cluster.nodes[number - 1])
    return dict(line.split("=", 1) for line in text.splitlines())


class TestCacheKey:
    def test_follows_the_content_of_the_pom_and_nothing_else(self, tmp_path):
        pom = instance.home() / "deploy" / "local" / "kafka" / "pom.xml"
        copy = tmp_path / "elsewhere.xml"
        shutil.copy(pom, copy)

        assert kafka_libs.cache_key(copy) == kafka_libs.cache_key(pom)

        copy.write_text(copy.read_text().replace("4.3.1", "4.3.2"))
        assert kafka_libs.cache_key(copy) != kafka_libs.cache_key(pom)
        assert kafka_libs.kafka_version(copy) == "4.3.2"


class TestResolve:
    async def test_jars_resolved_before_are_not_resolved_again(self, tools, tmp_path):
        pom = instance.home() / "deploy" / "local" / "kafka" / "pom.xml"
        target = tmp_path / "kafka-libs" / kafka_libs.cache_key(pom)
        target.mkdir(parents=True)

        # No mvn on this path: it would fail if it were called.
        assert await kafka_libs.resolve(pom, tmp_path, print, tmp_path / "log") == target

    async def test_a_failing_maven_is_reported_with_its_words_and_leaves_nothing(self, tools, tmp_path, monkeypatch):
        pom = instance.home() / "deploy" / "local" / "kafka" / "pom.xml"
        tools("mvn")
        script = tmp_path / "bin" / "mvn"
        script.write_text("#!/bin/sh\necho 'Could not transfer artifact'\nexit 1\n")

        with pytest.raises(PartError, match=r"SHOP_BROKER=embedded(?s:.*)Could not transfer artifact"):
            await kafka_libs.resolve(pom, tmp_path, print, tmp_path / "log")

        assert not (tmp_path / "kafka-libs" / kafka_libs.cache_key(pom)).exists()
