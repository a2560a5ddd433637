"""When and how messages are sent: the schedule, the signature, the addresses."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.metrics.alerts.delivery.addresses import check_url
from services.metrics.alerts.delivery.schedule import ATTEMPTS, LONGEST_SECONDS, delay_after
from services.metrics.alerts.delivery.signing import secret_text, signed_headers
from services.runtime.errors import InvalidRequest

DAY = 86_400


def test_attempts_go_on_for_about_a_day() -> None:
    """They become rarer, and then they end."""
    delays = [delay_after(attempts, 0.5) for attempts in range(1, ATTEMPTS)]
    known = [delay for delay in delays if delay is not None]
    assert known == sorted(known)
    assert known[:4] == [5, 20, 80, 320]
    assert len(known) == ATTEMPTS - 1
    assert DAY <= sum(known) <= 1.2 * DAY
    assert delay_after(ATTEMPTS, 0.5) is None


@given(st.integers(1, ATTEMPTS - 1), st.floats(0, 1), st.floats(0, 10 * DAY))
def test_jitter_and_what_the_receiver_asks_are_bounded(attempts: int, chance: float, asked: float) -> None:
    """A fifth more or less; a receiver may ask for more, but not put it off for days."""
    usual, found = delay_after(attempts, 0.5), delay_after(attempts, chance, asked)
    assert usual is not None
    assert found is not None
    assert max(0.8 * usual, min(asked, LONGEST_SECONDS)) <= found + 1e-9
    assert found <= max(1.2 * usual, min(asked, LONGEST_SECONDS)) + 1e-9


def test_the_signature_of_the_specification() -> None:
    """The example of Standard Webhooks: key, id, time and body are bound together."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    headers = signed_headers(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body)
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert secret_text(secret) == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@given(st.binary(min_size=1), st.text("abc", min_size=1), st.integers(0, 2**40), st.binary())
def test_any_signature_is_verified_by_the_formula(secret: bytes, message_id: str, at: int, body: bytes) -> None:
    """HMAC-SHA256 of id, time and body with dots between."""
    found = signed_headers(secret, message_id, at, body)["webhook-signature"]
    digest = hmac.new(secret, b"%s.%d.%s" % (message_id.encode(), at, body), hashlib.sha256).digest()
    assert found == f"v1,{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://user:secret@hooks.example/",
        "https://hooks.example/#part",
        "https://hooks.example:99999/",
        "https://hooks.example:0/",
        "https://hooks.example/a b",
        "https://hooks.example/\r\nX: y",
        "https://hooks.exámple/",
        "https://[::1/",
        "https://hooks.example/" + "x" * 2_000,
    ],
)
def test_urls_that_are_refused(url: str) -> None:
    """The field is named, and what the URL holds is not repeated."""
    with pytest.raises(InvalidRequest) as refused:
        check_url(url)
    assert [violation.field for violation in refused.value.violations] == ["url"]
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["https://hooks.example/x?y=1", "http://127.0.0.1:8080", "https://[2001:db8::1]:8443/a"]
)
def test_urls_that_are_taken(url: str) -> None:
    """Where they lead is judged when something is sent."""
    assert check_url(url).geturl() == url
