"""People and browser access on the command line."""

import json
from pathlib import Path

import grpc
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from mirante.api.flags.v1 import people_service_pb2 as pb2

from tests.integration.cli.conftest import Mirante
from tests.support.gateway_tokens import backend
from tests.support.scripted_service import Refused, ScriptedService

ANA = pb2.Person(id="p1", login="ana@x", name="Ana", role=pb2.PERSON_ROLE_EDITOR, source=pb2.PERSON_SOURCE_LOCAL)
PASSWORD = "correct horse"


def scripted(service: ScriptedService) -> None:
    """Let the service have one person."""
    service.answers["ListPeople"] = lambda _: pb2.ListPeopleResponse(people=[ANA])
    service.answers["CreatePerson"] = lambda _: pb2.CreatePersonResponse(person=ANA)
    service.answers["UpdatePerson"] = lambda _: pb2.UpdatePersonResponse(person=ANA)
    service.answers["SetPassword"] = lambda _: pb2.SetPasswordResponse(person=ANA)


def test_people_are_listed(service: ScriptedService, mirante: Mirante) -> None:
    """For people and for programs."""
    scripted(service)
    shown = mirante("people", "list").stdout
    assert [word for word in ("ana@x", "Ana", "editor", "local") if word not in shown] == []
    (found,) = json.loads(mirante("people", "list", "--json").stdout)["people"]
    assert (found["login"], found["role"], found["source"]) == ("ana@x", "editor", "local")


def test_a_password_comes_from_a_file_or_stdin(service: ScriptedService, mirante: Mirante, tmp_path: Path) -> None:
    """Its first line, and nothing is printed of it; where nobody can be asked it has to."""
    scripted(service)
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\r\nnot this\n")
    result = mirante("people", "create", "ana@x", "--role", "editor", "--password-file", str(file))
    assert (result.exit_code, result.stdout) == (0, "ana@x (editor): created\n")
    [created] = service.requests("CreatePerson")
    assert created == pb2.CreatePersonRequest(login="ana@x", role=pb2.PERSON_ROLE_EDITOR, password=PASSWORD)
    assert mirante("people", "set-password", "Ana@X", "--password-file", "-", stdin=PASSWORD).exit_code == 0
    assert service.requests("SetPassword") == [pb2.SetPasswordRequest(person_id="p1", password=PASSWORD)]
    refused = mirante("people", "set-password", "ana@x")
    assert (refused.exit_code, "--password-file" in refused.stderr) == (2, True)


def test_an_update_says_what_it_changes(service: ScriptedService, mirante: Mirante) -> None:
    """And nothing about the rest."""
    scripted(service)
    assert mirante("people", "update", "ana@x", "--disable").exit_code == 0
    assert mirante("people", "update", "ana@x", "--enable", "--role", "admin", "--name", "").exit_code == 0
    first, second = service.requests("UpdatePerson")
    assert first == pb2.UpdatePersonRequest(person_id="p1", disabled=True)
    assert second == pb2.UpdatePersonRequest(person_id="p1", name="", role=pb2.PERSON_ROLE_ADMIN, disabled=False)
    nobody = mirante("people", "update", "bia", "--disable")
    assert (nobody.exit_code, "there is no person 'bia'" in nobody.stderr) == (1, True)


def test_browser_access_is_set_and_shown(service: ScriptedService, mirante: Mirante, tmp_path: Path) -> None:
    """Keys come from files as the client prints them; a version only when it was said."""
    jwk = backend("2026-11").jwk()
    key = access_pb2.TokenKey(**jwk)
    access = access_pb2.BrowserAccess(
        environment="production", origins=["https://a.example"], token_keys=[key], version=3, updated_by="ana"
    )
    service.answers["SetBrowserAccess"] = lambda _: access_pb2.SetBrowserAccessResponse(browser_access=access)
    service.answers["GetBrowserAccess"] = lambda _: access_pb2.GetBrowserAccessResponse(browser_access=access)
    file = tmp_path / "key.json"
    file.write_text(json.dumps([jwk]))
    options = ("--origin", "https://a.example", "--token-key", str(file))
    for more in ((), ("--version", "2")):
        assert mirante("browser-access", "set", *options, *more).exit_code == 0
    whatever, exactly = service.requests("SetBrowserAccess")
    assert (list(whatever.origins), list(whatever.token_keys)) == (["https://a.example"], [key])
    assert (whatever.HasField("expected_version"), exactly.expected_version) == (False, 2)
    shown = mirante("browser-access", "show").stdout
    assert shown == "origin  https://a.example\nkey     2026-11  Ed25519\n"
    found = json.loads(mirante("browser-access", "show", "--json").stdout)["browser_access"]
    assert (found["version"], found["token_keys"][0]["x"]) == (3, jwk["x"])


def test_files_that_hold_no_public_key_are_refused(service: ScriptedService, mirante: Mirante, tmp_path: Path) -> None:
    """Before anything is sent; a private key is never sent, and not printed."""
    jwk = backend().jwk()
    file = tmp_path / "key.json"
    for text, word in (
        ("{", "not JSON"),
        ("3", "no JSON Web Key"),
        ('{"kid": 3}', "no JSON Web Key"),
        ('{"n": "AQAB"}', "no JSON Web Key"),
        (json.dumps({**jwk, "d": "segredo"}), "private key"),
    ):
        file.write_text(text)
        refused = mirante("browser-access", "set", "--token-key", str(file))
        assert (refused.exit_code, word in refused.stderr) == (2, True), text
        assert "segredo" not in refused.output
    assert service.requests("SetBrowserAccess") == []


def test_a_stale_version_is_refused(service: ScriptedService, mirante: Mirante) -> None:
    """With the service's own words."""

    def refuse(_: object) -> access_pb2.SetBrowserAccessResponse:
        raise Refused(grpc.StatusCode.ABORTED, "ETAG_MISMATCH", "was changed since it was read")

    service.answers["SetBrowserAccess"] = refuse
    refused = mirante("browser-access", "set", "--version", "1")
    assert (refused.exit_code, "was changed since it was read" in refused.stderr) == (1, True)
