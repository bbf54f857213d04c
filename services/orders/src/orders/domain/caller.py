"""From where somebody calls, seen from behind proxies of our own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def networks(listed: Iterable[str]) -> tuple[Network, ...]:
    """Raises `ValueError` for what is no network or address."""
    return tuple(ip_network(text.strip()) for text in listed if text.strip())


def caller(peer: str | None, forwarded_for: str, ours: Sequence[Network]) -> str:
    """The rightmost address of the chain that is no proxy of ours; all of a caller's /64 in IPv6 is one.

    Whatever stands left of it was written by the caller and proves nothing. "" where no address can be read.
    """
    found = ""
    for text in (peer or "", *reversed(forwarded_for.split(","))):
        address = _address(text.strip())
        if address is None:
            break
        found = str(address) if isinstance(address, IPv4Address) else str(ip_network((address, 64), strict=False))
        if not any(address in network for network in ours):
            break
    return found


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
