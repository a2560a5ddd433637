"""Reading, editing and writing back, also when somebody is faster; plans before anything is done."""

import json
from pathlib import Path

import grpc
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2

from tests.integration.cli.conftest import Mirante
from tests.support.scripted_service import Refused, ScriptedService


class OneFlag:
    """A service's one flag, with versions, which somebody else changes before the first `conflicts` writes."""

    def __init__(self, service: ScriptedService, *, conflicts: int = 0) -> None:
        self.flag = flag_pb2.Flag(
            key="dark_mode", version=1, off_variant="off", fallthrough=flag_pb2.Serve(variant="on")
        )
        self._conflicts = conflicts
        service.answers["GetFlag"] = lambda _: flags_pb2.GetFlagResponse(record=self.record())
        service.answers["UpdateFlag"] = self.update

    def record(self) -> flags_pb2.FlagRecord:
        """Return the flag as stored."""
        return flags_pb2.FlagRecord(flag=self.flag, etag=str(self.flag.version))

    def update(self, request: flags_pb2.UpdateFlagRequest) -> flags_pb2.UpdateFlagResponse:
        """Write, unless the etag is stale."""
        if self._conflicts:
            self._conflicts -= 1
            self.flag.version += 1
            self.flag.owner = "bia"
        if request.etag != str(self.flag.version):
            raise Refused(grpc.StatusCode.ABORTED, "ETAG_MISMATCH", "the flag has changed since it was read")
        self.flag = request.flag
        self.flag.version += 1
        return flags_pb2.UpdateFlagResponse(record=self.record())


def test_set_sends_the_etag_it_read(service: ScriptedService, mirante: Mirante) -> None:
    """Only what the options name is another than before."""
    stored = OneFlag(service)
    result = mirante("flags", "set", "dark_mode", "--rollout", "on=25", "--comment", "canário")
    assert result.exit_code == 0, result.output
    [request] = service.requests("UpdateFlag")
    assert (request.etag, request.comment, request.environment) == ("1", "canário", "production")
    assert [split.weight for split in stored.flag.fallthrough.rollout.splits] == [25_000, 75_000]


def test_switch_survives_a_faster_colleague(service: ScriptedService, mirante: Mirante) -> None:
    """The edit is made again on what the other wrote, whose change stays."""
    stored = OneFlag(service, conflicts=2)
    result = mirante("flags", "on", "dark_mode")
    assert (result.exit_code, result.stdout) == (0, "dark_mode: now on\n")
    assert (stored.flag.on, stored.flag.owner) == (True, "bia")


def test_endless_conflict_is_refused_in_the_end(service: ScriptedService, mirante: Mirante) -> None:
    """It gives up instead of trying for ever."""
    stored = OneFlag(service, conflicts=100)
    result = mirante("flags", "on", "dark_mode")
    assert result.exit_code == 1
    assert "ETAG_MISMATCH" in result.stderr
    assert stored.flag.on is False


def test_nothing_to_change_writes_nothing(service: ScriptedService, mirante: Mirante) -> None:
    """A version that differs in nothing would only blur the history."""
    OneFlag(service)
    assert mirante("flags", "off", "dark_mode").stdout == "dark_mode: already off\n"
    assert mirante("flags", "set", "dark_mode", "--fallthrough", "on").exit_code == 0
    assert service.requests("UpdateFlag") == []


def plan(request: flags_pb2.ImportFlagsRequest) -> flags_pb2.ImportFlagsResponse:
    """Answer with one change."""
    change = flags_pb2.FieldChange(path="on", before="false", after="true")
    planned = flags_pb2.PlannedChange(
        kind="flag", key="dark_mode", action=flags_pb2.HISTORY_ACTION_UPDATE, changes=[change]
    )
    return flags_pb2.ImportFlagsResponse(changes=[planned], revision=9 if request.dry_run else 10)


def test_import_applies_the_plan_that_was_shown(service: ScriptedService, mirante: Mirante, tmp_path: Path) -> None:
    """The real run is tied to the revision of the plan."""
    service.answers["ImportFlags"] = plan
    file = tmp_path / "flags.yaml"
    file.write_text("flags: {}\n")
    result = mirante("flags", "import", str(file), "--yes", "--prune", "--comment", "release 4")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "update flag dark_mode",
        "      on: false -> true",
        "1 changes applied, revision 10",
    ]
    sent = [(call.dry_run, call.expected_revision, call.prune) for call in service.requests("ImportFlags")]
    assert sent == [(True, 0, True), (False, 9, True)]


def test_dry_run_only_plans(service: ScriptedService, mirante: Mirante) -> None:
    """Also from stdin, also for programs."""
    service.answers["ImportFlags"] = plan
    result = mirante("flags", "import", "-", "--dry-run", "--json", stdin="flags: {}\n")
    assert json.loads(result.stdout)["applied"] is False
    [request] = service.requests("ImportFlags")
    assert (request.dry_run, request.yaml) == (True, "flags: {}\n")


def test_nobody_to_ask_changes_nothing(service: ScriptedService, mirante: Mirante) -> None:
    """In a script, agreement is an option."""
    service.answers["ImportFlags"] = plan
    result = mirante("flags", "import", "-", stdin="flags: {}\n")
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert [request.dry_run for request in service.requests("ImportFlags")] == [True]


def test_promote_plans_first(service: ScriptedService, mirante: Mirante) -> None:
    """The plan is shown, then the copy is made."""
    change = flags_pb2.FieldChange(path="fallthrough", before="off", after="on")
    service.answers["PromoteFlag"] = lambda request: flags_pb2.PromoteFlagResponse(
        record=None if request.dry_run else flags_pb2.FlagRecord(flag=flag_pb2.Flag(version=3)), changes=[change]
    )
    result = mirante("flags", "promote", "dark_mode", "--from", "staging", "--to", "production", "--yes")
    assert result.stdout.splitlines() == [
        "      fallthrough: off -> on",
        "dark_mode: promoted to production, version 3",
    ]
    assert [request.dry_run for request in service.requests("PromoteFlag")] == [True, False]


def test_list_follows_all_pages(service: ScriptedService, mirante: Mirante) -> None:
    """One table, however many pages."""
    pages = {
        "": flags_pb2.ListFlagsResponse(
            records=[flags_pb2.FlagRecord(flag=flag_pb2.Flag(key="a"))], next_page_token="p2", revision=5
        ),
        "p2": flags_pb2.ListFlagsResponse(records=[flags_pb2.FlagRecord(flag=flag_pb2.Flag(key="b"))], revision=5),
    }
    service.answers["ListFlags"] = lambda request: pages[request.page_token]
    data = json.loads(mirante("flags", "list", "--tag", "ui", "--state", "killed", "--json").stdout)
    assert ([record["flag"]["key"] for record in data["records"]], data["revision"]) == (["a", "b"], 5)
    first = service.requests("ListFlags")[0]
    assert (first.tag, first.state) == ("ui", flags_pb2.FLAG_STATE_KILLED)
