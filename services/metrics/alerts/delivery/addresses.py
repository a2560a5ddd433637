"""Where messages may be sent to. Pure."""

import ipaddress
from typing import Final
from urllib.parse import SplitResult, urlsplit

from services.runtime.errors import InvalidRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MOST_URL_CHARACTERS: Final = 2_000

_METADATA: Final = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200", "168.63.129.16")))
"""Of clouds, beside those that are link-local."""
_TRANSLATED: Final = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_LOWEST_32: Final = 0xFFFF_FFFF
_PORTS: Final = {"http": 80, "https": 443}


def check_url(url: str) -> SplitResult:
    """
    Return the parts of the URL of a webhook.

    Raises:
        InvalidRequest: it is too long, not http or https, has no host, or holds a password or a fragment.
    """
    if len(url) > MOST_URL_CHARACTERS:
        raise InvalidRequest.of("url", f"may have {MOST_URL_CHARACTERS} characters at most")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidRequest.of("url", "must have printable ASCII characters only, others percent-encoded")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidRequest.of("url", "is no URL") from None
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise InvalidRequest.of("url", "must be an http or https URL with a host")
    if parts.username is not None or parts.password is not None:
        raise InvalidRequest.of("url", "must not hold a name or password")
    if parts.fragment:
        raise InvalidRequest.of("url", "must not have a fragment")
    return parts


def port_of(parts: SplitResult) -> int:
    """Return the port of a URL."""
    return parts.port or _PORTS[parts.scheme]


def refusal_of(address: Address, *, private_allowed: bool) -> str:
    """Return why nothing may be sent to an address; empty when it may."""
    real = _real(address)
    if real.is_link_local or real in _METADATA:
        return "the address is link-local or a metadata service"
    if real.is_unspecified or real.is_multicast or (real.is_reserved and not real.is_loopback):
        return "the address is none of a host"
    if not real.is_global and not private_allowed:
        return "the address is private; MIRANTE_ALERTS_PRIVATE_ADDRESSES allows those"
    return ""


def _real(address: Address) -> Address:
    """Return the address of the other version that an IPv6 address stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if any(address in network for network in _TRANSLATED):
        return ipaddress.IPv4Address(int(address) & _LOWEST_32)
    return address
