"""`mirante privacy`: exports are whole or not there, erasing asks first, and the proof is shown."""

import json
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.telemetry.v1 import privacy_service_pb2 as pb2

from tests.integration.cli.conftest import Mirante
from tests.support.scripted_service import Refused, ScriptedService

AT = Timestamp(seconds=1_795_600_000)
DONE = pb2.PrivacyRequest(
    id="0197", kind=pb2.PRIVACY_REQUEST_KIND_ERASE_SUBJECT, tenant="acme", subject_hash="ab" * 32, requested_by="carla",
    reason="pedido 77", requested_at=AT, completed_at=AT, counts={"events": 3, "aliases": 1}, left={"events": 0},
)  # fmt: skip


def documents(_: object) -> Iterator[pb2.ExportSubjectResponse]:
    """Answer with two documents."""
    yield pb2.ExportSubjectResponse(kind="identity", json='{"user_id": "ana", "nome": "Conceição"}')
    yield pb2.ExportSubjectResponse(kind="event", json='{"event": {"name": "logout"}}')


EXPORTED = [
    {"kind": "identity", "document": {"user_id": "ana", "nome": "Conceição"}},
    {"kind": "event", "document": {"event": {"name": "logout"}}},
]


def test_export_prints_a_document_a_line(service: ScriptedService, mirante: Mirante) -> None:
    """Also for programs: it is JSON anyway."""
    asked: list[pb2.ExportSubjectRequest] = []

    def answer(requests: Iterator[pb2.ExportSubjectRequest]) -> Iterator[pb2.ExportSubjectResponse]:
        asked.extend(requests)
        return documents(None)

    service.answers["ExportSubject"] = answer
    for options in ([], ["--json"]):
        result = mirante("privacy", "export", "--tenant", "acme", "--anonymous", "nav-1", *options)
        assert [json.loads(line) for line in result.stdout.splitlines()] == EXPORTED
    person = pb2.Subject(tenant="acme", anonymous_id="nav-1")
    assert asked == [pb2.ExportSubjectRequest(environment="production", subject=person)] * 2


def test_export_into_a_file(service: ScriptedService, mirante: Mirante, tmp_path: Path) -> None:
    """Nobody else can read it."""
    service.answers["ExportSubject"] = documents
    out = tmp_path / "ana.jsonl"
    result = mirante("privacy", "export", "--tenant", "acme", "--user", "ana", "--out", str(out))
    assert result.stdout == f"2 documents written to {out}\n"
    assert [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()] == EXPORTED
    assert out.stat().st_mode & 0o077 == 0


def test_export_that_breaks_off_leaves_no_file(service: ScriptedService, mirante: Mirante, tmp_path: Path) -> None:
    """A part of an export must not be taken for the whole."""

    def broken(_: object) -> Iterator[pb2.ExportSubjectResponse]:
        yield from documents(None)
        raise Refused(grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE", "the database does not answer")

    service.answers["ExportSubject"] = broken
    out = tmp_path / "ana.jsonl"
    result = mirante("privacy", "export", "--tenant", "acme", "--user", "ana", "--out", str(out))
    assert (result.exit_code, list(tmp_path.iterdir())) == (1, [])
    assert "STORE_UNAVAILABLE" in result.stderr


def test_erase_shows_the_proof(service: ScriptedService, mirante: Mirante) -> None:
    """What went, and that nothing is left."""
    service.answers["EraseSubject"] = lambda _: pb2.EraseSubjectResponse(request=DONE)
    arguments = ("privacy", "erase", "--tenant", "acme", "--user", "ana", "--reason", "pedido 77", "--yes")
    result = mirante(*arguments)
    assert result.exit_code == 0, result.output
    assert "aliases 1, events 3" in result.stdout
    assert "events 0" in result.stdout
    data = json.loads(mirante(*arguments, "--json").stdout)["request"]
    assert (data["counts"], data["left"], data["kind"]) == ({"aliases": 1, "events": 3}, {"events": 0}, "erase_subject")
    request = service.requests("EraseSubject")[0]
    assert (request.subject, request.reason) == (pb2.Subject(tenant="acme", user_id="ana"), "pedido 77")


def test_erase_that_is_not_complete_fails(service: ScriptedService, mirante: Mirante) -> None:
    """A script must not go on as if it were done."""
    unfinished = pb2.PrivacyRequest(id="0197", left={"archives": 2})
    service.answers["EraseTenant"] = lambda _: pb2.EraseTenantResponse(request=unfinished)
    result = mirante("privacy", "erase", "-t", "acme", "--whole-tenant", "-r", "saiu", "-y")
    assert result.exit_code == 1
    assert "archives 2" in result.stdout
    assert "mirante privacy requests" in result.stderr
    [request] = service.requests("EraseTenant")
    assert (request.tenant, request.reason) == ("acme", "saiu")


def test_service_that_goes_away_may_have_begun(service: ScriptedService, mirante: Mirante) -> None:
    """Then the person is told where to look."""

    def away(_: object) -> pb2.EraseSubjectResponse:
        raise Refused(grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE", "Redis does not answer")

    service.answers["EraseSubject"] = away
    result = mirante("privacy", "erase", "-t", "acme", "-u", "ana", "-r", "pedido", "-y")
    assert result.exit_code == 1
    assert "mirante privacy requests" in result.stderr


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--user", "ana", "--reason", "x"], "--yes"),
        (["--user", "ana", "--anonymous", "nav", "--reason", "x", "--yes"], "--anonymous"),
        (["--reason", "x", "--yes"], "--user"),
        (["--user", "ana", "--whole-tenant", "--reason", "x", "--yes"], "--whole-tenant"),
        (["--user", "ana", "--yes"], "--reason"),
    ],
)
def test_unclear_wishes_erase_nothing(
    service: ScriptedService, mirante: Mirante, options: list[str], word: str
) -> None:
    """Wrong usage, and what is missing."""
    result = mirante("privacy", "erase", "--tenant", "acme", *options)
    assert result.exit_code == 2
    assert word in result.stderr
    assert service.calls == []


def test_requests_are_listed(service: ScriptedService, mirante: Mirante) -> None:
    """For people in their own time zone, for programs whole."""
    unfinished = pb2.PrivacyRequest(kind=pb2.PRIVACY_REQUEST_KIND_ERASE_TENANT, tenant="outra", requested_at=AT)
    service.answers["ListPrivacyRequests"] = lambda _: pb2.ListPrivacyRequestsResponse(requests=[unfinished, DONE])
    lines = mirante("privacy", "requests", "--limit", "2").stdout.splitlines()
    assert "not complete" in lines[1]
    assert "erase_subject" in lines[2]
    assert "aliases 1, events 3" in lines[2]
    data = json.loads(mirante("privacy", "requests", "--json").stdout)["requests"]
    assert data[1]["subject_hash"] == "ab" * 32
    assert [request.page_size for request in service.requests("ListPrivacyRequests")] == [2, 100]
