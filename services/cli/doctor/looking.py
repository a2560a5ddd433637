"""Looks at a deployment: asks every process that its names lead to, and changes nothing."""

import datetime
import ipaddress
import json
import socket
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import grpc
import httpx
from cryptography import x509
from grpc_health.v1 import health_pb2, health_pb2_grpc
from mirante.api.common.v1 import diagnostics_service_pb2 as pb2
from mirante.api.common.v1.diagnostics_service_pb2_grpc import DiagnosticsServiceStub
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from mirante.api.flags.v1 import people_service_pb2 as people_pb2

from services.cli.connection import Connection, credentials, host_of
from services.cli.doctor.observations import Access, Certificate, Deployment, Gateway, Replica
from services.cli.refusals import Refusal, from_rpc_error
from services.cli.session import Session
from services.runtime.version import VERSION

_SECONDS: Final = 10.0
_MOST_AT_ONCE: Final = 16
_PASSWORD_FILE: Final = "admin_password"  # noqa: S105 - the name of a file
_KNOWN_SECRET: Final = "mir_admin_for-development-only-000000000000000"  # noqa: S105 - everybody knows it
"""As in the manifests for development."""


def look(session: Session, gateway: str, home: Path) -> Deployment:
    """
    Return what is seen.

    Args:
        session: whose connection names the services.
        gateway: URL of the gateway.
        home: where the first start left the first password, if that was here.
    """
    connection = session.connection
    services = {
        "flags": connection.address,
        "telemetry": connection.telemetry_address,
        "metrics": connection.metrics_address,
    }
    found = [(service, *each) for service, address in services.items() for each in _targets(address)]
    with ThreadPoolExecutor(_MOST_AT_ONCE) as threads:
        replicas = list(threads.map(lambda each: _replica(connection, *each), found))
    return Deployment(
        now=datetime.datetime.now(datetime.UTC),
        version=VERSION,
        replicas=replicas,
        gateway=_gateway(connection, gateway),
        access=_access(session, gateway, home),
    )


def _targets(address: str) -> Sequence[tuple[str, str]]:
    """Return each address that a name leads to, with the name that its certificate has to show."""
    host, _, port = address.rpartition(":")
    name = host_of(address)
    try:
        if name == "localhost" or ipaddress.ip_address(name.strip("[]")):
            return [(address, name)]
    except ValueError:
        pass
    try:
        found = {each[4][0] for each in socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)}
    except (OSError, ValueError):
        return [(address, name)]
    if len(found) == 1:
        return [(address, name)]
    return [(f"[{each}]:{port}" if ":" in str(each) else f"{each}:{port}", name) for each in sorted(map(str, found))]


def _replica(connection: Connection, service: str, address: str, name: str) -> Replica:
    certificate = _certificate(connection, address, name) if connection.tls else None
    with _channel(connection, address, name) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=_SECONDS)
        except grpc.RpcError as error:
            said = from_rpc_error(error, address).message
            return Replica(service, address, error=said, certificate=certificate)
        health = str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))
        metadata = (("authorization", f"Bearer {connection.api_key}"),)
        began = datetime.datetime.now(datetime.UTC)
        try:
            told = DiagnosticsServiceStub(channel).GetDiagnostics(
                pb2.GetDiagnosticsRequest(), metadata=metadata, timeout=_SECONDS
            )
        except grpc.RpcError as error:
            said = from_rpc_error(error, address).message
            return Replica(service, address, health, said, certificate=certificate)
    ended = datetime.datetime.now(datetime.UTC)
    # The answer was written at its end, and travelled no longer than the call took.
    own = told.now.ToDatetime(datetime.UTC)
    at = min(max(own, began), ended)
    return Replica(service, address, health, diagnostics=told, at=at, certificate=certificate)


def _channel(connection: Connection, address: str, name: str) -> grpc.Channel:
    if not connection.tls:
        return grpc.insecure_channel(address)
    options = [("grpc.ssl_target_name_override", name)]
    return grpc.secure_channel(
        address, credentials(connection.tls_ca, connection.tls_cert, connection.tls_key), options
    )


def _certificate(connection: Connection, address: str, name: str) -> Certificate:
    """Return the certificate that is shown, whether or not it is to be trusted: callers find that out."""
    host, _, port = address.rpartition(":")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    try:
        if connection.tls_cert is not None and connection.tls_key is not None:
            context.load_cert_chain(connection.tls_cert, connection.tls_key)
        with (
            socket.create_connection((host.strip("[]"), int(port)), timeout=_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=name.strip("[]")) as secure,
        ):
            shown = secure.getpeercert(binary_form=True) or b""
        return Certificate(x509.load_der_x509_certificate(shown).not_valid_after_utc)
    except (OSError, ValueError) as error:
        return Certificate(None, type(error).__name__)


def _gateway(connection: Connection, url: str) -> Gateway:
    parts = urlsplit(url)
    certificate = None
    if parts.scheme == "https":
        certificate = _certificate(connection, f"{parts.hostname}:{parts.port or 443}", parts.hostname or "")
    try:
        response = httpx.get(f"{url}/readyz", timeout=_SECONDS, verify=_trusted(connection))
    except (httpx.HTTPError, OSError) as error:
        return Gateway(url, error=f"does not answer ({type(error).__name__})", certificate=certificate)
    return Gateway(url, response.status_code, _json(response).get("lacking", []), certificate=certificate)


def _access(session: Session, gateway: str, home: Path) -> Access:
    try:
        keys = session.call(session.access.ListApiKeys, access_pb2.ListApiKeysRequest()).api_keys
        environments = session.call(session.access.ListEnvironments, access_pb2.ListEnvironmentsRequest()).environments
    except Refusal as refusal:
        return Access(error=refusal.message)
    try:
        people = list(session.call(session.people.ListPeople, people_pb2.ListPeopleRequest()).people)
    except Refusal:
        people = None
    return Access(
        keys=list(keys),
        environments=[each.key for each in environments],
        people=people,
        known_secret_opens=_opens(session, _KNOWN_SECRET),
        first_password_opens=_first_password_opens(session.connection, gateway, home / _PASSWORD_FILE),
    )


def _opens(session: Session, secret: str) -> bool:
    metadata = (("authorization", f"Bearer {secret}"),)
    try:
        session.access.ListEnvironments(access_pb2.ListEnvironmentsRequest(), metadata=metadata, timeout=_SECONDS)
    except grpc.RpcError:
        return False
    return True


def _first_password_opens(connection: Connection, gateway: str, file: Path) -> bool | None:
    """Return whether a login with the password in the file succeeds, and log out again; None when nobody can say."""
    headers = {"X-Mirante-Request": "1"}
    try:
        password = file.read_text(encoding="utf-8").strip()
        with httpx.Client(base_url=gateway, timeout=_SECONDS, verify=_trusted(connection), headers=headers) as http:
            answer = http.post("/api/login", json={"login": "admin", "password": password})
            if answer.status_code == httpx.codes.OK:
                http.post("/api/logout", json={})
    except (httpx.HTTPError, OSError):
        return None
    if answer.status_code in (httpx.codes.OK, httpx.codes.UNAUTHORIZED):
        return answer.status_code == httpx.codes.OK
    return None


def _trusted(connection: Connection) -> ssl.SSLContext | bool:
    if connection.tls_ca is None and connection.tls_cert is None:
        return True
    context = ssl.create_default_context(cafile=None if connection.tls_ca is None else str(connection.tls_ca))
    if connection.tls_cert is not None:
        context.load_cert_chain(connection.tls_cert, connection.tls_key)
    return context


def _json(response: httpx.Response) -> Mapping[str, Any]:
    try:
        found = response.json()
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
