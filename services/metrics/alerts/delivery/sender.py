"""One attempt to deliver one message."""

import asyncio
import datetime
import ipaddress
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from urllib.parse import SplitResult

import httpx

from services.metrics.alerts.delivery.addresses import Address, check_url, port_of, refusal_of
from services.metrics.alerts.delivery.outbox import Attempt, Due
from services.metrics.alerts.delivery.signing import signed_headers
from services.runtime.errors import InvalidRequest

ATTEMPT_SECONDS: Final = 10.0

_CONNECT_SECONDS: Final = 5.0
_LONGEST_WAIT: Final = 86_400.0

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]
"""Returns the addresses of a host; raises OSError."""


class _Refused(Exception):
    """Nothing may be sent there."""


async def resolve(host: str, port: int) -> Sequence[Address]:
    """Return the addresses of a host, as the system knows them; raise OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]


class Sender:
    """
    Sends messages. Follows no redirect, uses no proxy, and reads nothing of an answer but its status.

    The address is looked up once, judged, and then connected to, so that no second look-up can lead elsewhere.

    Args:
        clock: seconds since 1970.
        private_allowed: whether private addresses and the loopback may be sent to.
        resolving: looks addresses up.
    """

    def __init__(self, clock: Callable[[], float], *, private_allowed: bool, resolving: Resolve = resolve) -> None:
        self._clock = clock
        self._private_allowed = private_allowed
        self._resolving = resolving
        self._tls = ssl.create_default_context()

    async def attempt(self, due: Due) -> Attempt:
        """Send a message once; return what came of it. Never raises for what a receiver does."""
        now = self._clock()
        at = datetime.datetime.fromtimestamp(now, datetime.UTC)
        begun = time.monotonic()
        status, error, asked = 0, "", 0.0
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                response = await self._post(due, int(now))
            status = response.status_code
            if not response.is_success:
                error = _status_error(status)
                asked = _asked(response)
        except TimeoutError:
            error = f"no answer within {ATTEMPT_SECONDS:g} seconds"
        except (_Refused, InvalidRequest) as refused:
            error = str(refused)
        except httpx.TransportError as failure:
            error = f"no connection: {type(failure).__name__}"
        except OSError:
            error = "the host is not known"
        return Attempt(at, time.monotonic() - begun, status, error, asked)

    async def _post(self, due: Due, now: int) -> httpx.Response:
        parts = check_url(due.url)
        address = await self._address(parts)
        host = parts.hostname or ""
        bare = f"[{address}]" if address.version == 6 else str(address)
        url = parts._replace(netloc=f"{bare}:{port_of(parts)}").geturl()
        headers = {
            "host": parts.netloc,
            "content-type": "application/json",
            "user-agent": "Mirante-Alerts/1",
            "accept-encoding": "identity",
            **signed_headers(due.secret, due.id, now, due.body),
        }
        timeouts = httpx.Timeout(ATTEMPT_SECONDS, connect=_CONNECT_SECONDS)
        async with (
            httpx.AsyncClient(verify=self._tls, trust_env=False, follow_redirects=False, timeout=timeouts) as client,
            client.stream(
                "POST", url, content=due.body, headers=headers, extensions={"sni_hostname": host}
            ) as response,
        ):
            return response

    async def _address(self, parts: SplitResult) -> Address:
        host = parts.hostname or ""
        try:
            addresses: Sequence[Address] = [ipaddress.ip_address(host)]
        except ValueError:
            addresses = await self._resolving(host, port_of(parts))
        refusals = [refusal_of(each, private_allowed=self._private_allowed) for each in addresses]
        if not addresses:
            raise _Refused("the host has no address")
        if any(refusals):
            raise _Refused(next(filter(None, refusals)))
        return addresses[0]


def _status_error(status: int) -> str:
    if 300 <= status < 400:
        return f"answered {status}: redirects are not followed"
    return f"answered {status}"


def _asked(response: httpx.Response) -> float:
    """Return the seconds of Retry-After; 0 when there are none."""
    text = response.headers.get("retry-after", "")
    return min(float(text), _LONGEST_WAIT) if text.isascii() and text.isdigit() else 0.0
