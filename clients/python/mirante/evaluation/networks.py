"""IP addresses and networks."""

import functools
import ipaddress
from typing import TypeAlias

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_LONGEST = 64
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")


def network(text: str) -> Network | None:
    """
    Return the network "10.0.0.0/8" or "2001:db8::/32" (host bits may be set); None when `text` is none.

    A network of IPv4 addresses mapped into IPv6 counts as IPv4.
    """
    try:
        parsed = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Network) and parsed.subnet_of(_MAPPED):
        low_bits = int(parsed.network_address) & 0xFFFFFFFF
        return ipaddress.IPv4Network((low_bits, parsed.prefixlen - _MAPPED.prefixlen))
    return parsed


def address(text: str) -> Address | None:
    """Return the address; None when `text` is none. An IPv4 address mapped into IPv6 counts as IPv4."""
    return _parsed(text) if len(text) <= _LONGEST else None


@functools.lru_cache(maxsize=4096)
def _parsed(text: str) -> Address | None:
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed
