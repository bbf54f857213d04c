"""One edge port decides all the others."""

import socket

import pytest

from shop import ports


class TestDerive:
    def test_default_instance_has_the_documented_ports(self):
        derived = ports.derive(8080)

        assert {name: derived[name] for name in ("edge", "catalog", "stats", "sandbox", "console", "smtp")} == {
            "edge": 8080,
            "catalog": 8101,
            "stats": 8107,
            "sandbox": 8120,
            "console": 8121,
            "smtp": 8125,
        }
        assert (derived["postgres"], derived["s3"], derived["kafka"], derived["kafka_controller"]) == (
            8132,
            8133,
            8192,
            8193,
        )

    def test_no_two_parts_share_a_port_nor_do_the_usual_instances(self):
        derived = [number for edge in (8080, 18080, 28080) for number in ports.derive(edge).values()]

        assert len(set(derived)) == len(derived)

    @pytest.mark.parametrize("edge", [0, -1, 65535, 65_500])
    def test_refuses_an_edge_port_whose_family_does_not_fit(self, edge):
        with pytest.raises(ValueError, match="edge port must be between"):
            ports.derive(edge)


class TestTaken:
    def test_names_the_port_its_use_and_its_holder(self):
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            number = holder.getsockname()[1]

            held = ports.taken({"postgres": number})

        assert [(one.port, one.use) for one in held] == [(number, "postgres")]
        assert str(held[0]).startswith(f"port {number} (postgres) is taken by ")
        assert "pid" in str(held[0])

    def test_free_ports_are_not_reported(self):
        assert ports.taken(ports.unused()) == []


class TestUnused:
    def test_gives_every_part_a_port_of_its_own(self):
        numbers = ports.unused()

        assert set(numbers) == set(ports.NAMES)
        assert len(set(numbers.values())) == len(numbers)


class TestFreeEdgeNear:
    def test_finds_a_whole_free_family_above(self):
        found = ports.free_edge_near(30_000)

        assert found is not None
        assert found > 30_000
        assert ports.taken(ports.derive(found)) == []

    def test_gives_up_at_the_end_of_the_range(self):
        assert ports.free_edge_near(65_300) is None
