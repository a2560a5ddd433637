"""Lives of flags, their archive check, references in code and the health of the programme, on the command line."""

import datetime
import json
from pathlib import Path

import pytest
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2
from mirante.api.metrics.v1 import programme_service_pb2 as pb2

from tests.integration.cli.conftest import Mirante
from tests.support.scripted_service import ScriptedService


def life(key: str, stage: pb2.FlagStage.ValueType, *, evaluated_days_ago: float | None = None) -> pb2.FlagLifecycle:
    """A flag's life; of one that was evaluated with its shares."""
    made = pb2.FlagLifecycle(flag_key=key, stage=stage, served_to_all="on", owner="time-vendas")
    made.updated_at.seconds = 1_790_000_000
    if evaluated_days_ago is not None:
        at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=evaluated_days_ago)
        made.last_evaluated_at.FromDatetime(at)
        made.variants.add(variant="on", exposures=1_204, people=900, share=0.9)
        made.variants.add(variant="off", exposures=133, people=100, share=0.1)
    return made


def scripted(service: ScriptedService, *lives: pb2.FlagLifecycle, unknown: str = "") -> None:
    """Let flags have these lives; each may be archived."""

    def answer(request: pb2.ListFlagLifecyclesRequest) -> pb2.ListFlagLifecyclesResponse:
        some = [each for each in lives if not request.flag_keys or each.flag_key in request.flag_keys]
        return pb2.ListFlagLifecyclesResponse(flags=some, exposures_unknown=unknown)

    records = [flags_pb2.FlagRecord(flag=flag_pb2.Flag(key=each.flag_key)) for each in lives]
    service.answers["ListFlagLifecycles"] = answer
    service.answers["ArchiveFlag"] = lambda _: flags_pb2.ArchiveFlagResponse(record=flags_pb2.FlagRecord(archived=True))
    service.answers["ListFlags"] = lambda _: flags_pb2.ListFlagsResponse(records=records)


def test_usage_and_stale_flags(service: ScriptedService, mirante: Mirante) -> None:
    """With shares, and a word about what is not known."""
    scripted(
        service,
        life("velha", pb2.FLAG_STAGE_STALE, evaluated_days_ago=1),
        life("nova", pb2.FLAG_STAGE_FULLY_ON),
    )
    shown = mirante("flags", "usage").stdout
    for word in ("velha", "stale", "on 90% (1,204), off 10% (133)", "nova", "fully on", "never"):
        assert word in shown
    one = mirante("flags", "usage", "nova", "outra", "--days", "7")
    assert ("velha" in one.stdout, "outra: there is no such flag" in one.stderr) == (False, True)
    assert service.requests("ListFlagLifecycles")[-1].days == 7
    stale = mirante("flags", "stale", "--untouched", "60")
    assert ("velha" in stale.stdout, "nova" in stale.stdout) == (True, False)
    assert service.requests("ListFlagLifecycles")[-1].stale_days == 60
    (found,) = json.loads(mirante("flags", "stale", "--json").stdout)["flags"]
    assert (found["flag_key"], found["stage"]) == ("velha", "stale")
    scripted(service, life("nova", pb2.FLAG_STAGE_FULLY_ON), unknown="não há loja")
    unknown = mirante("flags", "usage")
    assert ("?" in unknown.stdout, "não há loja" in unknown.stderr) == (True, True)


@pytest.mark.parametrize(
    ("days_ago", "options", "archived"),
    [(1, (), False), (1, ("--yes",), True), (30, (), True), (None, (), True)],
)
def test_a_flag_in_use_is_not_archived_unasked(
    service: ScriptedService, mirante: Mirante, days_ago: float | None, options: tuple[str, ...], archived: bool
) -> None:
    """What was evaluated in the last week needs a yes; the rest does not."""
    scripted(service, life("f", pb2.FLAG_STAGE_FULLY_ON, evaluated_days_ago=days_ago))
    result = mirante("flags", "archive", "f", *options)
    assert (result.exit_code == 0) == archived
    assert bool(service.requests("ArchiveFlag")) == archived
    assert ("was last evaluated" in result.stderr) == (days_ago is not None)


def test_a_flag_is_archived_while_metrics_is_down(service: ScriptedService, mirante: Mirante) -> None:
    """And it is said that nothing is known."""
    scripted(service, life("f", pb2.FLAG_STAGE_FULLY_ON))
    del service.answers["ListFlagLifecycles"]
    result = mirante("flags", "archive", "f")
    assert (result.exit_code, "is not known" in result.stderr) == (0, True)


def test_references(service: ScriptedService, mirante: Mirante, tmp_path: Path) -> None:
    """As file:line, by flag; or the flags that stand nowhere."""
    scripted(service, life("f", pb2.FLAG_STAGE_STALE), life("g", pb2.FLAG_STAGE_STALE))
    code = tmp_path / "codigo"
    code.mkdir()
    (code / "a.py").write_text('x = 1\nif flags.is_enabled("f"):\n')
    found = mirante("flags", "references", str(code))
    assert "a.py:2" in found.stdout
    assert "stand nowhere: g" in found.stderr
    assert mirante("flags", "references", str(code), "--unused").stdout.split() == ["g"]
    data = json.loads(mirante("flags", "references", str(code), "--json").stdout)
    assert (data["references"][0]["line"], data["unused"], data["files"]) == (2, ["g"], 1)
    for arguments in ((str(code / "b.py"),), (str(code), "--flag", "h")):
        assert mirante("flags", "references", *arguments).exit_code == 2


def test_health(service: ScriptedService, mirante: Mirante) -> None:
    """Each figure in words, what is not known with its reason."""
    health = pb2.ProgrammeHealth(days=90)
    health.recovery.count, health.recovery.kills_without_alert = 2, 1
    health.recovery.mean.seconds, health.recovery.median.seconds, health.recovery.slowest.seconds = 200, 2, 3_900
    health.recovery.recoveries.add(flag_key="f", sign=pb2.RECOVERY_SIGN_ALERT, by="ana", text="erros demais")
    health.coverage.declared, health.coverage.seen = 40, 30
    health.coverage.unseen.extend(f"evento_{number}" for number in range(10))
    health.stages.stale = 3
    health.experiments.months.add(month="2026-11", started=2, shipped=1)
    health.unknown.add(figure="live", reason="o log não foi lido")
    service.answers["GetProgrammeHealth"] = lambda _: pb2.GetProgrammeHealthResponse(health=health)
    shown = mirante("health", "--days", "90").stdout
    for word in (
        "3 min 20 s on average of 2 (median 2.0 s, slowest 1 h 5 min)",
        "left out, without an open alert: 1",
        "75% (30 of 40)",
        "and 2 more",
        "not known: o log não foi lido",
        "3 stale",
        "2026-11",
        "erros demais",
    ):
        assert word in shown
    assert json.loads(mirante("health", "--json").stdout)["coverage"]["seen"] == 30
