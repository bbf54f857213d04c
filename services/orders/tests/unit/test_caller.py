import pytest

from orders.domain.caller import caller, networks

OURS = networks(["10.0.0.0/8", "127.0.0.1/32"])


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "found"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.7", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.7", "198.51.100.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("::ffff:10.0.0.7", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("10.0.0.7", "10.9.9.9", "10.9.9.9"),
        ("10.0.0.7", "", "10.0.0.7"),
        ("10.0.0.7", "who knows", "10.0.0.7"),
        (None, "203.0.113.9", ""),
    ],
)
def test_is_the_rightmost_that_is_no_proxy_of_ours(peer, forwarded_for, found):
    assert caller(peer, forwarded_for, OURS) == found
