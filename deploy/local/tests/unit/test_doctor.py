"""Every finding says what is missing and what to do."""

import socket

import pytest

from shop import doctor, ports
from shop.supervisor.part import PartError


class TestFindings:
    def test_old_python(self):
        finding = doctor.python_version((3, 10, 4))

        assert (finding.level, finding.what) == ("missing", "Python")
        assert "3.10.4 is too old" in finding.detail
        assert doctor.python_version((3, 11, 0)).level == "ok"

    def test_full_disk(self, tmp_path):
        finding = doctor.disk(tmp_path / "not" / "made" / "yet", free=500_000_000)

        assert finding.level == "missing"
        assert f"0.5 GB free in {tmp_path}" in finding.detail
        assert doctor.disk(tmp_path, free=5_000_000_000).level == "ok"

    def test_little_memory_is_a_note(self):
        assert doctor.memory(available=1_000_000_000).level == "note"
        assert doctor.memory(available=3_000_000_000).level == "ok"

    def test_taken_port_is_named_with_the_way_out(self):
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            number = holder.getsockname()[1]

            (finding,) = doctor.free_ports({"edge": number}, running=False)

        assert finding.level == "missing"
        assert f"port {number} (edge) is taken by" in finding.detail
        assert "SHOP_PORT" in finding.detail

    def test_own_ports_of_a_running_instance_are_fine(self):
        (finding,) = doctor.free_ports(ports.derive(8080), running=True)

        assert finding.level == "ok"

    def test_root_without_user_namespaces(self):
        def refuse():
            raise PartError("PostgreSQL does not run as root")

        assert doctor.database_user(refuse).level == "missing"
        assert doctor.database_user(lambda: ()).detail == "runs as this user"
        assert doctor.database_user(lambda: ("unshare", "--user")).detail == "runs through unshare"

    @pytest.mark.parametrize(("name", "level"), [("UTF-8", "ok"), ("utf8", "ok"), ("ANSI_X3.4-1968", "note")])
    def test_terminal_encoding(self, name, level):
        assert doctor.encoding(name).level == level

    def test_missing_java_is_a_note_that_says_what_would_help(self, an_instance, monkeypatch):
        monkeypatch.setenv("SHOP_BROKER", "embedded")

        finding = doctor.event_broker(an_instance())

        assert finding.level == "note"
        assert "Java 17 or newer and Maven" in finding.detail

    def test_the_wheels_are_here(self):
        assert [finding.level for finding in doctor.wheels()] == ["ok"]
