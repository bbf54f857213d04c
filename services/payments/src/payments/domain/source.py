"""Where a callback came from, seen from behind proxies of our own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def networks(listed: Iterable[str]) -> tuple[Network, ...]:
    """Raises `ValueError` for what is no network or address."""
    return tuple(ip_network(text.strip()) for text in listed if text.strip())


def sender(peer: str | None, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """The rightmost address that is no proxy of ours; "" when the chain cannot be read.

    Whatever stands left of that address was written by whoever sent it, and proves nothing.
    """
    chain = [part.strip() for part in forwarded_for.split(",") if part.strip()]
    for text in (peer or "", *reversed(chain)):
        address = _address(text)
        if address is None:
            return ""
        if not any(address in network for network in trusted):
            return str(address)
    return str(_address((chain or [peer or ""])[0]) or "")


def comes_from(address: str, sources: Sequence[str]) -> bool:
    """Whether the address is in one of the networks; no networks are all."""
    found = _address(address)
    return not sources or (found is not None and any(found in network for network in networks(sources)))


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
