"""`mirante analytics` against a running service: what people read is what the service answers."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest
from mirante.api.telemetry.v1 import event_pb2
from typer.testing import CliRunner, Result

from services.cli.app import app
from tests.support.metrics_serving import MetricsServing, metrics_serving
from tests.support.serving import Datastores, eventually
from tests.support.telemetry_events import event_id, sale

Mirante = Callable[..., Awaitable[Result]]


@pytest.fixture
async def mirante(stores: Datastores, tmp_path: Path) -> AsyncIterator[Mirante]:
    """Run the command line against a service whose store has three visitors, one of whom has bought."""
    settings = {"analytics": True, "analytics_seconds": 0.05, "report_processes": 1}
    async with metrics_serving(stores, **settings) as serving:
        run = _command_line(serving, tmp_path)
        visits = [
            event_pb2.Event(id=event_id(), name="pagina_vista", tenant="acme", user_id=user)
            for user in ("ana", "bia", "caio")
        ]
        await serving.telemetry.send(*visits, sale(user_id="ana", valor="10.10"))

        async def sold() -> bool:
            result = await run("series", "venda_criada", "--format", "json")
            return result.exit_code == 0 and json.loads(result.stdout)["result"]["series"]["total"] == "1"

        await eventually(sold)
        yield run


def _command_line(serving: MetricsServing, home: Path) -> Mirante:
    environment = {
        "MIRANTE_METRICS_ADDRESS": f"127.0.0.1:{serving.port}",
        "MIRANTE_API_KEY": "secret of reader",
        "MIRANTE_HOME": str(home),
    }

    async def run(*arguments: str, given: str | None = None) -> Result:
        call = ["analytics", *arguments]
        return await asyncio.to_thread(CliRunner().invoke, app, call, env=environment, input=given)

    return run


async def _told(mirante: Mirante, *arguments: str, given: str | None = None) -> str:
    result = await mirante(*arguments, given=given)
    assert result.exit_code == 0, result.output
    return result.stdout


async def test_reports_by_a_few_words(mirante: Mirante) -> None:
    """As a table with percentages, as CSV, and as JSON; narrowed by property, and split."""
    shown = await _told(mirante, "funnel", "pagina_vista", "venda_criada", "--tenant", "acme")
    assert [line.split() for line in shown.splitlines()[1:3]] == [
        ["1", "pagina_vista", "3", "100.0", "%", "100.0", "%"],
        ["2", "venda_criada", "1", "33.3", "%", "33.3", "%"],
    ]
    arguments = ("series", "venda_criada", "--measure", "sum", "--property", "valor", "--by", "moeda", "--last", "2d")
    rows = list(csv.DictReader(io.StringIO(await _told(mirante, *arguments, "--format", "csv"))))
    assert {(row["group"], row["value"]) for row in rows if not row["bucket"]} == {("", "10.1"), ("BRL", "10.1")}
    narrow = await _told(mirante, *arguments, "--where", "valor>100", "--json")
    assert json.loads(narrow)["result"]["series"]["total"] == "0"
    retention = await _told(mirante, "retention", "pagina_vista", "--last", "2d", "--offsets", "3")
    assert retention.splitlines()[0].split() == ["COHORT", "ACTORS", "+0"]
    paths = await _told(mirante, "paths", "venda_criada", "--before", "--gap", "7d", "--depth", "1", "--last", "2d")
    assert paths.splitlines()[1].split() == ["node", "1", "pagina_vista", "1", "100.0", "%"]
    by_user = await _told(mirante, "features", "--by", "context.browser", "--last", "2d", "--json")
    [group] = json.loads(by_user)["result"]["feature_use"]["groups"]
    assert (group["group"], group["users"]) == ({"others": False}, 3)
    assert "pagina_vista" in await _told(mirante, "names")
    for form in ("table", "csv"):
        typo = await mirante("series", "venda_criada", "--tenant", "acmee", "--last", "2d", "--format", form)
        assert "is the tenant's name right?" in typo.output
        compared = await mirante("series", "venda_criada", "--compare", "--last", "2d", "--format", form)
        assert "events begin on" in compared.output


async def test_questions_of_files_and_boards(mirante: Mirante, tmp_path: Path) -> None:
    """YAML as the contracts name things; a board goes on where one of its questions cannot be asked here."""
    question = "funnel: {steps: [{event: pagina_vista}, {event: venda_criada}], window: 3600s}"
    answer = json.loads(await _told(mirante, "run", "-", "--json", given=question))
    assert [step["actors"] for step in answer["result"]["funnel"]["steps"]] == [3, 1]
    day = "scope: {start: 2026-03-01T00:00:00Z, end: 2026-03-02T00:00:00-03:00}\nseries: {}"
    assert json.loads(await _told(mirante, "run", "-", "--json", given=day))["end"] == "2026-03-02T03:00:00Z"
    for odd, said in (
        ("question: 3", "holds no question"),
        ("scope: {end: 2026-03-02T00:00:00Z}\nseries: {}", "scope.start"),
    ):
        refused = await mirante("run", "-", given=odd)
        assert (refused.exit_code != 0, said in refused.output) == (True, True)
    file = tmp_path / "question.yaml"
    file.write_text("funnel: {stages: []}", encoding="utf-8")
    wrong = await mirante("run", str(file))
    assert (wrong.exit_code, "stages" in wrong.output) == (2, True)
    assert "Negócio" in await _told(mirante, "boards")
    board = json.loads(await _told(mirante, "board", "Negócio", "--tenant", "acme", "--json"))
    by_title = {item["title"]: item for item in board["items"]}
    assert by_title["Vendas por dia"]["answer"]["result"]["series"]["total"] == "1"
    assert "nps_respondido" in by_title["NPS por semana"]["error"]["message"]
    shown = await mirante("board", "negocio")
    assert "Vendas por dia" in shown.output
    assert "there is no event 'nps_respondido'" in shown.output
    without = await mirante("board", "negocio", "--cohort", "apagada")
    assert without.output.count("there is no cohort 'apagada'") == len(board["items"]), "each is asked"


_REFUSED: Final = [
    (("funnel", "pagina_vista", "venda_criadas"), "there is no event 'venda_criadas'; did you mean 'venda_criada'?"),
    (("funnel", "pagina_vista"), "question.funnel.steps: must be 2 to 32"),
    (("series", "--last", "soon"), "--last must be such as"),
    (("series", "--from", "2026-03-01"), "--from and --to go together"),
    (("series", "--from", "2026-03-02", "--to", "2026-03-01"), "scope.end: must be after scope.start"),
    (("series", "--where", "valor"), "--where must be such as"),
    (("board", "nenhum"), "there is no board"),
]


async def test_what_cannot_be_is_said(mirante: Mirante) -> None:
    """With the name of the option or of the field."""
    for arguments, said in _REFUSED:
        result = await mirante(*arguments)
        assert result.exit_code != 0
        assert said in result.output
