"""TLS between client and service, with real certificates."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from mirante import EvaluationError, Mirante, Tls

from tests.integration.client.conftest import QUICK
from tests.support.certificates import Certificates, make_certificates
from tests.support.eventually import eventually
from tests.support.fake_flag_service import KEY, FakeFlagService
from tests.support.flag_messages import bool_flag

pytestmark = [
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates"),
    pytest.mark.parametrize("mode", ["in_process", "remote"]),
]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """One set for all tests."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def mutual(certificates: Certificates) -> Iterator[FakeFlagService]:
    """A service that asks for the client's certificate."""
    pair = (certificates.server.key.read_bytes(), certificates.server.certificate.read_bytes())
    credentials = grpc.ssl_server_credentials([pair], certificates.ca.read_bytes(), require_client_auth=True)
    with FakeFlagService(bool_flag("a"), credentials=credentials) as running:
        yield running


def client(service: FakeFlagService, mode: str, tls: Tls | bool) -> Mirante:
    """A client with these settings."""
    return Mirante(service.address, api_key=KEY, mode=mode, tls=tls, timing=QUICK)  # type: ignore[arg-type]


def test_mutual_tls(mutual: FakeFlagService, certificates: Certificates, mode: str) -> None:
    """With the authority and a certificate of its own the client is served."""
    pair = certificates.client
    tls = Tls(ca=certificates.ca, certificate=pair.certificate, private_key=pair.key)
    with client(mutual, mode, tls) as mirante:
        assert mirante.wait_until_ready(30)
        assert mirante.is_enabled("a") is True


@pytest.mark.parametrize("what", ["plain text", "no certificate", "an unknown authority"])
def test_what_does_not_fit_is_refused(
    mutual: FakeFlagService, certificates: Certificates, mode: str, what: str
) -> None:
    """The default answers, the status says that there is a problem, and the key goes nowhere."""
    choices: dict[str, Tls | bool] = {"plain text": False, "no certificate": Tls(ca=certificates.ca)}
    tls = choices.get(what, Tls())
    with client(mutual, mode, tls) as mirante:
        assert mirante.is_enabled("a", default=True) is True
        assert mirante.details("a").error is EvaluationError.NOT_READY
        assert eventually(lambda: mirante.status.problem)
    assert (mutual.subscribes, mutual.calls) == ([], 0)


def test_a_missing_file_is_named_at_once(tmp_path: Path, mode: str) -> None:
    """Not on the first connection."""
    with pytest.raises(ValueError, match=r"tls\.ca: .*nowhere\.pem: No such file"):
        Mirante("localhost:1", api_key=KEY, mode=mode, tls=Tls(ca=tmp_path / "nowhere.pem"))  # type: ignore[arg-type]
