"""Which requests are let in as coming from our own pages."""

import pytest
from starlette.requests import Request

from services.gateway.admin.own_requests import OwnRequests
from services.gateway.http.problems import Problem

GOOD = {"host": "mirante.example", "content-type": "application/json", "x-mirante-request": "1"}


def request(scheme: str = "https", **headers: str) -> Request:
    """Return a request with these headers beside the good ones; an empty one is left out."""
    found = GOOD | {name.replace("_", "-"): value for name, value in headers.items()}
    raw = [(name.encode(), value.encode()) for name, value in found.items() if value]
    return Request({"type": "http", "method": "POST", "path": "/", "scheme": scheme, "headers": raw})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://mirante.example", "sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"content_type": "application/json; charset=utf-8"},
    ],
)
def test_own_pages_and_programs_may_ask(headers: dict[str, str]) -> None:
    """Programs name no origin."""
    OwnRequests(None).check(request(**headers))


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"origin": "https://evil.example"}, "ORIGIN_DENIED"),
        ({"origin": "null"}, "ORIGIN_DENIED"),
        ({"origin": "http://mirante.example"}, "ORIGIN_DENIED"),
        ({"origin": "https://mirante.example:8443"}, "ORIGIN_DENIED"),
        ({"origin": "https://mirante.example.evil.example"}, "ORIGIN_DENIED"),
        ({"sec_fetch_site": "cross-site"}, "ORIGIN_DENIED"),
        ({"sec_fetch_site": "same-site"}, "ORIGIN_DENIED"),
        ({"content_type": "text/plain"}, "UNSUPPORTED_TYPE"),
        ({"content_type": ""}, "UNSUPPORTED_TYPE"),
        ({"x_mirante_request": ""}, "REQUEST_MARK_REQUIRED"),
        ({"x_mirante_request": "true"}, "REQUEST_MARK_REQUIRED"),
    ],
)
def test_pages_of_other_sites_may_not(headers: dict[str, str], reason: str) -> None:
    """Each protection refuses by itself."""
    with pytest.raises(Problem) as caught:
        OwnRequests(None).check(request(**headers))
    assert caught.value.reason == reason


def test_behind_a_proxy_the_public_origin_counts() -> None:
    """The host that the gateway is asked by may be another one there."""
    own = OwnRequests("https://public.example")
    own.check(request(scheme="http", origin="https://public.example"))
    with pytest.raises(Problem):
        own.check(request(scheme="http", origin="https://mirante.example"))
