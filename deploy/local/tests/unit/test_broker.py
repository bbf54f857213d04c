"""Which broker a machine gets, and what Kafka's files say."""

import shutil
import stat

import pytest

from shop import instance
from shop.platform import broker, kafka_libs
from shop.supervisor.part import PartError

PORTS = {"kafka": 28192, "kafka_controller": 28193}


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


def choose(tmp_path, **environ):
    pom = instance.home() / "deploy" / "local" / "kafka" / "pom.xml"
    return broker.choose(
        PORTS, directory=tmp_path / "kafka", cache=tmp_path, pom=pom, log=tmp_path / "kafka.log", environ=environ
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
        assert chosen.part() is None

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

        part = chosen.part()

        assert "-Xmx256m" in part.argv
        assert f"{tmp_path}/kafka-libs/{kafka_libs.cache_key(chosen.pom)}/*" in part.argv


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
