"""Who sent a callback, as far as it can be known behind proxies."""

from __future__ import annotations

import pytest

from payments.domain.source import comes_from, networks, sender

OURS = networks(["127.0.0.1/32", "10.0.0.0/8", "::1/128"])


class TestSender:
    @pytest.mark.parametrize(
        ("peer", "forwarded_for", "found"),
        [
            ("203.0.113.7", "", "203.0.113.7"),
            ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
            ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
            ("127.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
            ("127.0.0.1", "198.51.100.1, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
            ("203.0.113.7", "198.51.100.1, 203.0.113.7, 127.0.0.1", "203.0.113.7"),
            ("::ffff:10.1.2.3", "203.0.113.7", "203.0.113.7"),
            ("10.1.2.3", "", "10.1.2.3"),
            ("10.1.2.3", "10.9.9.9, 127.0.0.1", "10.9.9.9"),
            ("127.0.0.1", "198.51.100.1, not an address", ""),
            (None, "203.0.113.7", ""),
            ("testclient", "203.0.113.7", ""),
        ],
    )
    def test_is_the_rightmost_that_is_not_ours(self, peer, forwarded_for, found):
        assert sender(peer, forwarded_for, OURS) == found

    def test_a_forger_cannot_write_himself_to_the_right(self):
        """He writes what he likes; the proxy adds his own address after it."""
        assert sender("10.0.0.1", "203.0.113.7, 10.0.0.2, 198.51.100.66", OURS) == "198.51.100.66"


class TestComesFrom:
    @pytest.mark.parametrize(
        ("address", "sources", "right"),
        [
            ("203.0.113.7", ("203.0.113.0/24",), True),
            ("203.0.114.7", ("203.0.113.0/24",), False),
            ("203.0.113.7", ("198.51.100.1", "203.0.113.7"), True),
            ("", ("203.0.113.0/24",), False),
            ("", (), True),
        ],
    )
    def test_needs_one_of_the_networks(self, address, sources, right):
        assert comes_from(address, sources) is right
