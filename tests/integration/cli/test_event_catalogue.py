"""`mirante events catalog` and `dead-letters`: what is asked of the service, and what people and programs read."""

import json
import uuid
from pathlib import Path

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2
from mirante.api.telemetry.v1 import event_pb2
from mirante.wire import value_to_proto

from services.cli.output import local_time
from tests.integration.cli.conftest import Mirante
from tests.support.scripted_service import Refused, ScriptedService

MADE = Timestamp(seconds=1_800_000_000)
EVENT_ID = uuid.UUID("0192f0c1-5a3e-7c41-9f6e-2b1d3c4e5f60")
SALE = pb2.EventDefinition(
    name="venda_criada",
    version=2,
    description="Uma venda foi registrada.",
    owner="time-vendas",
    policy=pb2.POLICY_STRICT,
    sources=["backend"],
    stamps_trait="last_sale_at",
    properties=[
        pb2.PropertyDefinition(name="valor", type=pb2.PROPERTY_TYPE_DECIMAL, required=True),
        pb2.PropertyDefinition(
            name="moeda",
            type=pb2.PROPERTY_TYPE_STRING,
            allowed=[value_to_proto("BRL"), value_to_proto("USD")],
            personal_data=pb2.PERSONAL_DATA_KEEP,
        ),
    ],
)
CATALOGUE = pb2.Catalogue(
    version=3,
    policy=pb2.POLICY_OPEN,
    events=[SALE, pb2.EventDefinition(name="logout", version=1)],
    updated_by="ana",
    updated_at=MADE,
)
CHANGES = [
    pb2.CatalogueChange(event="venda_criada", change="version: 1 -> 2"),
    pb2.CatalogueChange(event="venda_criada", change="properties.valor: now required", breaking=True),
]


@pytest.fixture
def catalogue(service: ScriptedService) -> ScriptedService:
    """A service with a catalogue."""
    service.answers["GetCatalogue"] = lambda _: pb2.GetCatalogueResponse(catalogue=CATALOGUE)
    return service


class Imports:
    """Takes imports; the catalogue is at version 3."""

    def __init__(self, service: ScriptedService) -> None:
        self.service = service
        service.answers["ImportCatalogue"] = self.answer

    def answer(self, _: pb2.ImportCatalogueRequest) -> pb2.ImportCatalogueResponse:
        """Answer with the changes."""
        return pb2.ImportCatalogueResponse(catalogue=pb2.Catalogue(version=4), changes=CHANGES)

    @property
    def requests(self) -> list[tuple[bool, int | None]]:
        """What was asked for: `dry_run` and `expected_version`."""
        return [
            (each.dry_run, each.expected_version if each.HasField("expected_version") else None)
            for each in self.service.requests("ImportCatalogue")
        ]


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A document."""
    path = tmp_path / "catalogo.yaml"
    path.write_text("events: {}\n", encoding="utf-8")
    return str(path)


@pytest.mark.usefixtures("catalogue")
def test_list_shows_every_event(mirante: Mirante) -> None:
    """With the policy that it has, and which properties are optional."""
    result = mirante("events", "catalog", "list")
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[1][:6] == ["venda_criada", "v2", "strict", "valor,", "moeda?", "time-vendas"]
    assert lines[2] == ["logout", "v1", "open"]
    assert result.stdout.endswith(f"catalogue version 3, open, changed {local_time(MADE)} by ana\n")


def test_list_of_nothing(service: ScriptedService, mirante: Mirante) -> None:
    """Says so, and not on stdout."""
    service.answers["GetCatalogue"] = lambda _: pb2.GetCatalogueResponse(catalogue=pb2.Catalogue())
    result = mirante("events", "catalog", "list")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "no event is declared\n")


@pytest.mark.usefixtures("catalogue")
def test_get_shows_a_definition(mirante: Mirante) -> None:
    """Everything that it says."""
    text = mirante("events", "catalog", "get", "venda_criada").stdout
    for part in ("strict, version 2", "Uma venda foi registrada.", "time-vendas", "last_sale_at", "BRL, USD", "keep"):
        assert part in text
    data = json.loads(mirante("events", "catalog", "get", "venda_criada", "--json").stdout)
    assert data["event"]["properties"][1] == {
        "name": "moeda",
        "type": "string",
        "required": False,
        "allowed": ["BRL", "USD"],
        "description": "",
        "personal_data": "keep",
    }
    assert mirante("events", "catalog", "get", "logout").stdout == "logout  open, version 1\nno properties\n"


@pytest.mark.usefixtures("catalogue")
def test_mistyped_event_brings_a_suggestion(mirante: Mirante) -> None:
    """The one that was meant."""
    result = mirante("events", "catalog", "get", "venda_criad")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: the catalogue does not declare venda_criad\nhint: did you mean venda_criada?\n"


def test_export_is_the_document(service: ScriptedService, mirante: Mirante, tmp_path: Path) -> None:
    """On stdout as it is, or in a file."""
    service.answers["ExportCatalogue"] = lambda _: pb2.ExportCatalogueResponse(yaml="policy: open\n")
    assert mirante("events", "catalog", "export").stdout == "policy: open\n"
    target = tmp_path / "fora.yaml"
    assert mirante("events", "catalog", "export", "-o", str(target)).exit_code == 0
    assert target.read_text(encoding="utf-8") == "policy: open\n"


def test_dry_run_only_shows(service: ScriptedService, mirante: Mirante, file: str) -> None:
    """What would change, and what of it may break."""
    imports = Imports(service)
    result = mirante("events", "catalog", "import", file, "--dry-run")
    assert result.exit_code == 0, result.output
    assert result.stdout == ("venda_criada  version: 1 -> 2\nvenda_criada  properties.valor: now required  breaking\n")
    assert imports.requests == [(True, None)]


def test_import_makes_what_was_shown(service: ScriptedService, mirante: Mirante, file: str) -> None:
    """And nothing else: it expects the version that the plan was made on."""
    imports = Imports(service)
    result = mirante("events", "catalog", "import", file, "--yes")
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith("2 changes applied, catalogue version 4\n")
    assert imports.requests == [(True, None), (False, 3)]
    assert service.requests("ImportCatalogue")[1].yaml == "events: {}\n"
    data = json.loads(mirante("events", "catalog", "import", "-", "--yes", "--json", stdin="events: {}").stdout)
    assert (data["applied"], data["catalogue"]["version"], data["changes"][1]["breaking"]) == (True, 4, True)


def test_import_asks_first(service: ScriptedService, mirante: Mirante, file: str) -> None:
    """Where nobody can be asked, it wants to be told."""
    imports = Imports(service)
    result = mirante("events", "catalog", "import", file)
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert imports.requests == [(True, None)]


def test_import_of_the_same_changes_nothing(service: ScriptedService, mirante: Mirante, file: str) -> None:
    """It says so and asks nobody."""
    service.answers["ImportCatalogue"] = lambda _: pb2.ImportCatalogueResponse(catalogue=CATALOGUE)
    assert mirante("events", "catalog", "import", file).stdout == "nothing would change\n"
    assert len(service.requests("ImportCatalogue")) == 1


def test_incompatible_import_names_the_changes(service: ScriptedService, mirante: Mirante, file: str) -> None:
    """As the service says it."""

    def refuse(_: object) -> None:
        message = "venda_criada: properties.valor: now required (raise its version above 1)"
        raise Refused(grpc.StatusCode.FAILED_PRECONDITION, "INCOMPATIBLE_CATALOGUE", message)

    service.answers["ImportCatalogue"] = refuse
    result = mirante("events", "catalog", "import", file, "--yes")
    assert result.exit_code == 1
    assert result.stderr == (
        "error: venda_criada: properties.valor: now required (raise its version above 1) (INCOMPATIBLE_CATALOGUE)\n"
    )


def test_coverage(service: ScriptedService, mirante: Mirante) -> None:
    """What was seen, what violates, and what is missing."""
    row = pb2.Coverage(
        name="venda_criada",
        day="2026-11-23",
        declared=True,
        accepted=10,
        violating=3,
        dead_letters=2,
        violations=["properties.valor: is required"],
    )
    answer = pb2.GetCoverageResponse(
        rows=[row, pb2.Coverage(name="inventado", day="2026-11-23", accepted=1)],
        unseen=["logout", "login_falha"],
        declared=3,
        seen=1,
    )
    service.answers["GetCoverage"] = lambda _: answer
    lines = mirante("events", "catalog", "coverage", "--days", "30").stdout.splitlines()
    assert lines[1].split()[:6] == ["2026-11-23", "venda_criada", "declared", "10", "3", "2"]
    assert lines[1].rstrip().endswith("properties.valor: is required")
    assert lines[2].split() == ["2026-11-23", "inventado", "undeclared", "1", "0", "0"]
    assert lines[3:] == ["1 of 3 declared events were seen (33 %)", "not seen: logout, login_falha"]
    assert service.requests("GetCoverage")[0].days == 30
    assert json.loads(mirante("events", "catalog", "coverage", "--json").stdout)["rows"][0]["dead_letters"] == 2


def letter(number: int) -> pb2.DeadLetter:
    """Return a dead letter."""
    event = event_pb2.Event(id=EVENT_ID.bytes, name="venda_criada", tenant="acme")
    event.properties["moeda"].string_value = "BRL"
    return pb2.DeadLetter(
        id=f"letter-{number}",
        event=event,
        reason=reasons.ERROR_REASON_CATALOGUE_VIOLATION,
        field="properties.valor",
        message="is required",
        definition_version=2,
        received_at=MADE,
    )


def test_dead_letters_are_read_page_by_page(service: ScriptedService, mirante: Mirante) -> None:
    """Until there are as many as were asked for."""

    def answer(request: pb2.ListDeadLettersRequest) -> pb2.ListDeadLettersResponse:
        first = int(request.page_token or 0)
        return pb2.ListDeadLettersResponse(
            dead_letters=[letter(first), letter(first + 1)], next_page_token=str(first + 2)
        )

    service.answers["ListDeadLetters"] = answer
    result = mirante("events", "dead-letters", "list", "--limit", "3", "--name", "venda_criada", "--replayed")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["letter-0", "letter-1", "letter-2"]
    assert lines[1].split()[1:6] == [*local_time(MADE).split(), "venda_criada", "acme", str(EVENT_ID)]
    assert "properties.valor: is required" in lines[1]
    first = service.requests("ListDeadLetters")[0]
    assert (first.name, first.page_size, first.include_replayed, first.environment) == (
        *("venda_criada", 3, True),
        "production",
    )
    [data, *_] = json.loads(mirante("events", "dead-letters", "list", "--limit", "1", "--json").stdout)["dead_letters"]
    assert (data["event"]["id"], data["event"]["properties"]) == (str(EVENT_ID), {"moeda": "BRL"})
    assert (data["reason"], data["definition_version"]) == ("catalogue_violation", 2)


def test_no_dead_letters(service: ScriptedService, mirante: Mirante) -> None:
    """Is good news, and not on stdout."""
    service.answers["ListDeadLetters"] = lambda _: pb2.ListDeadLettersResponse()
    result = mirante("events", "dead-letters", "list")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "no dead letters\n")


def test_replay(service: ScriptedService, mirante: Mirante) -> None:
    """All, those of an event, or single ones, of which it says how many do not wait."""
    service.answers["ReplayDeadLetters"] = lambda _: pb2.ReplayDeadLettersResponse(stored=1, duplicates=0, left=1)
    result = mirante("events", "dead-letters", "replay", "a", "b", "c", "--name", "venda_criada")
    assert result.stdout == "1 stored, 0 were in the log already, 1 left\n"
    assert result.stderr.startswith("1 of the ids do not wait")
    [request] = service.requests("ReplayDeadLetters")
    assert (list(request.ids), request.name) == (["a", "b", "c"], "venda_criada")
    everything = mirante("events", "dead-letters", "replay", "--json")
    assert json.loads(everything.stdout) == {"stored": 1, "duplicates": 0, "left": 1}
    assert everything.stderr == ""


@pytest.mark.parametrize(
    "arguments",
    [["events", "catalog", "list"], ["events", "catalog", "coverage"], ["events", "dead-letters", "replay"]],
)
def test_no_service_names_the_telemetry_address(mirante: Mirante, arguments: list[str]) -> None:
    """Not that of the flag service, which may be well."""
    result = mirante(*arguments, "--telemetry-address", "localhost:1")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "error: no service answers at localhost:1\n"
        "hint: start one with `mirante up`, or name another with --telemetry-address\n"
    )


def test_the_key_goes_along(catalogue: ScriptedService, mirante: Mirante) -> None:
    """The same one as to the flag service."""
    mirante("events", "catalog", "list")
    assert catalogue.authorizations == ["Bearer segredo"]
