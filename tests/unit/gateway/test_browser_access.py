"""The file of browser access."""

import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from services.gateway.access.browser_access import BrowserAccessFile, normal_origin, parse_browser_access
from services.runtime.settings import SettingsError
from tests.support.gateway_tokens import ORIGIN, access_document, backend, write_access

JWK = backend().jwk()


def document(**environment: Any) -> str:
    """Return a file with one environment."""
    return json.dumps({"environments": {"production": environment}})


def test_environments_have_their_own() -> None:
    """What is not named has nothing."""
    access = parse_browser_access(document(origins=["HTTPS://App.Vendas.Example:443"], keys=[JWK]))
    assert access.origins == {ORIGIN}
    assert set(access.of("production").keys) == {"k1"}
    assert not access.of("staging").origins
    assert not access.of("staging").keys


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[]", "the file"),
        ('{"environment": {}}', "environment is not known"),
        ('{"environments": []}', "environments"),
        (document(origin=[]), "origin is not known"),
        (document(origins="https://a"), "origins"),
        (document(origins=["*"]), "no origin"),
        (document(origins=["https://a/path"]), "no origin"),
        (document(origins=["https://user@a"]), "no origin"),
        (document(origins=["null"]), "no origin"),
        (document(keys={}), "keys"),
        (document(keys=["x"]), r"keys\[0\]"),
        (document(keys=[{"kid": "a", "kty": "RSA"}]), "Ed25519"),
        (document(keys=[{name: value for name, value in JWK.items() if name != "kid"}]), "kid"),
        (document(keys=[JWK, JWK]), "twice"),
        (document(keys=[JWK | {"x": "AA"}]), "no valid key"),
        (document(keys=[JWK | {"d": "AAAA"}]), "private key"),
    ],
)
def test_what_cannot_be_used_is_named(text: str, place: str) -> None:
    """By its place in the file."""
    with pytest.raises(ValueError, match=place):
        parse_browser_access(text)


def test_origins_are_as_browsers_write_them() -> None:
    """In small letters, without the port that the scheme has anyway."""
    assert normal_origin("http://LOCALHOST:5173") == "http://localhost:5173"
    assert normal_origin("http://[::1]:80") == "http://[::1]"


def test_the_file_is_read_again_when_it_changes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A damaged one, or one that is gone, leaves what was there."""
    path = write_access(tmp_path / "access.json", access_document(backend()))
    file = BrowserAccessFile(path, required=True)
    before = file.current
    path.write_text("{")
    os.utime(path, ns=(1, 1))
    with caplog.at_level(logging.WARNING):
        file.refresh()
    assert file.current is before
    assert "cannot be used" in caplog.text
    write_access(path, access_document(backend("k9")))
    os.utime(path, ns=(2, 2))
    file.refresh()
    assert set(file.current.of("production").keys) == {"k9"}
    path.unlink()
    file.refresh()
    assert set(file.current.of("production").keys) == {"k9"}


def test_a_start_with_a_damaged_file_fails(tmp_path: Path) -> None:
    """Nobody wonders for days why no page may ask; without any file there is just no browser access."""
    path = tmp_path / "access.json"
    with pytest.raises(SettingsError, match="MIRANTE_BROWSER_ACCESS"):
        BrowserAccessFile(path, required=True)
    assert not BrowserAccessFile(path, required=False).current.origins
    path.write_text('{"environments": 7}')
    with pytest.raises(SettingsError, match="MIRANTE_BROWSER_ACCESS: environments"):
        BrowserAccessFile(path, required=False)
