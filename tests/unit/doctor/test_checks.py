"""Each check says what is so, how bad it is, and what to do."""

import datetime
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.common.v1 import diagnostics_service_pb2 as pb2
from mirante.api.flags.v1 import access_admin_service_pb2 as access_pb2
from mirante.api.flags.v1 import people_service_pb2 as people_pb2
from typer.testing import CliRunner

from services.cli.app import app
from services.cli.doctor.examining import examine, worst
from services.cli.doctor.findings import State
from services.cli.doctor.observations import Access, Certificate, Deployment, Gateway, Replica

NOW = datetime.datetime(2026, 11, 25, 12, tzinfo=datetime.UTC)
FIGURES = {
    "flags": {("revision", "production"): 7, ("rules_age_seconds", ""): 0.2},
    "telemetry": {("horizon_age_seconds", ""): 0.0, ("follower_lag_seconds", "production"): 0.1},
    "metrics": {("log_age_seconds", "production"): 0.3, ("leads", ""): 1, ("waiting_delivery_seconds", ""): 0.0},
}


def stamp(moment: datetime.datetime) -> Timestamp:
    """A moment as messages have it."""
    found = Timestamp()
    found.FromDatetime(moment)
    return found


def told(
    service: str, figures: dict[tuple[str, str], float] | None = None, **fields: Any
) -> pb2.GetDiagnosticsResponse:
    """What a healthy process says, with these fields instead."""
    answer = pb2.GetDiagnosticsResponse(
        service=service,
        version="0.1.0",
        now=stamp(NOW),
        postgres=pb2.PostgresDiagnostics(version="18", synchronous_commit="on", fsync="on", now=stamp(NOW)),
        redis=pb2.RedisDiagnostics(),
        folders=[pb2.FolderDiagnostics(purpose="archive", path="/archive")] if service == "telemetry" else [],
        figures=[
            pb2.Figure(name=name, of=of, value=value) for (name, of), value in (figures or FIGURES[service]).items()
        ],
    )
    for name, value in fields.items():
        answer.ClearField(name)  # type: ignore[arg-type] # a name of one of its fields
        answer.MergeFrom(pb2.GetDiagnosticsResponse(**{name: value}))
    return answer


def replica(service: str, address: str = "a", **fields: Any) -> Replica:
    """A healthy replica, of which this is told."""
    return Replica(service, address, "SERVING", diagnostics=told(service, **fields), at=NOW)


SERVER = access_pb2.ApiKey(name="backend", role=access_pb2.ROLE_SERVER, environments=["production"])
INTERNAL = access_pb2.ApiKey(name="services", role=access_pb2.ROLE_INTERNAL, environments=["*"])
ADMIN = people_pb2.Person(login="ana", role=people_pb2.PERSON_ROLE_ADMIN)
WELL = Deployment(
    now=NOW,
    version="0.1.0",
    replicas=[replica("flags"), replica("flags", "b"), replica("telemetry"), replica("metrics")],
    gateway=Gateway("http://mirante", 200),
    access=Access([SERVER, INTERNAL], ["production"], [ADMIN], first_password_opens=False),
)


def with_replica(service: str, **fields: Any) -> Deployment:
    """All is well but for what one more replica says."""
    return replace(WELL, replicas=[*WELL.replicas, replica(service, "outra", **fields)])


def with_access(**fields: Any) -> Deployment:
    """All is well but for keys and people."""
    return replace(WELL, access=replace(WELL.access, **fields))


def shown(certificate_days: float) -> Deployment:
    """All is well but for the gateway's certificate."""
    expires = Certificate(NOW + datetime.timedelta(days=certificate_days))
    return replace(WELL, gateway=replace(WELL.gateway, certificate=expires))


def postgres(**fields: Any) -> dict[str, Any]:
    """What a process says of its database."""
    well: dict[str, Any] = {"version": "18", "synchronous_commit": "on", "fsync": "on", "now": stamp(NOW)}
    return {"postgres": pb2.PostgresDiagnostics(**(well | fields))}


def test_a_deployment_that_is_well() -> None:
    """Every check says so, once at least."""
    findings = examine(WELL)
    assert {each.state for each in findings} == {State.OK}
    assert worst(findings) is State.OK
    assert len({each.check for each in findings}) == 16


LATER = NOW + datetime.timedelta(seconds=5)
CASES: list[tuple[str, Deployment, State, str]] = [
    ("reachable", replace(WELL, replicas=WELL.replicas[:3]), State.FAIL, "its name leads nowhere"),
    (
        "reachable",
        replace(WELL, replicas=[*WELL.replicas, Replica("flags", "c", "NOT_SERVING")]),
        State.FAIL,
        "not_serving",
    ),
    (
        "reachable",
        replace(WELL, replicas=[*WELL.replicas[:3], Replica("metrics", "x", error="recusa")]),
        State.FAIL,
        "recusa",
    ),
    ("gateway", replace(WELL, gateway=Gateway("u", error="does not answer")), State.FAIL, "does not answer"),
    ("gateway", replace(WELL, gateway=Gateway("u", 503, ["API keys"])), State.FAIL, "it lacks API keys"),
    (
        "diagnostics",
        replace(WELL, replicas=[*WELL.replicas, Replica("flags", "c", "SERVING", "no right")]),
        State.WARN,
        "no right",
    ),
    ("versions", replace(WELL, version="0.2.0"), State.WARN, "this command line 0.2.0, flags a 0.1.0"),
    ("clocks", with_replica("flags", now=stamp(LATER)), State.WARN, "5.0 s apart"),
    (
        "clocks",
        with_replica("flags", **postgres(now=stamp(NOW + datetime.timedelta(minutes=1)))),
        State.FAIL,
        "its database",
    ),
    (
        "postgres",
        with_replica("flags", **postgres(error="ConnectionRefusedError")),
        State.FAIL,
        "ConnectionRefusedError",
    ),
    ("postgres", with_replica("flags", **postgres(in_recovery=True)), State.FAIL, "standby"),
    ("postgres", with_replica("flags", **postgres(fsync="off")), State.FAIL, "fsync is off"),
    ("postgres", with_replica("flags", **postgres(synchronous_commit="off")), State.FAIL, "synchronous_commit is off"),
    ("postgres", with_replica("flags", **postgres(synchronous_commit="local")), State.WARN, "local"),
    ("migrations", with_replica("flags", **postgres(missing_migrations=["0003_x"])), State.FAIL, "lack 0003_x"),
    ("migrations", with_replica("flags", **postgres(unknown_migrations=["0004_y"])), State.WARN, "have 0004_y"),
    ("redis", with_replica("flags", redis=pb2.RedisDiagnostics(error="TimeoutError")), State.WARN, "TimeoutError"),
    (
        "folders",
        with_replica("telemetry", folders=[pb2.FolderDiagnostics(purpose="archive", path="/a", error="Read-only")]),
        State.FAIL,
        "/a: Read-only",
    ),
    ("revisions", with_replica("flags", figures={("revision", "production"): 5}), State.WARN, "flags outra lacks 2"),
    ("revisions", with_replica("flags", figures={("rules_age_seconds", ""): 9}), State.WARN, "for 9 s"),
    ("revisions", with_replica("flags", figures={("rules_age_seconds", ""): 90}), State.FAIL, "for 90 s"),
    ("cursors", with_replica("metrics", figures={("log_age_seconds", "production"): 20}), State.WARN, "20 s ago"),
    ("cursors", with_replica("metrics", figures={("log_age_seconds", "production"): 301}), State.FAIL, "301 s ago"),
    ("log horizon", with_replica("telemetry", figures={("horizon_age_seconds", ""): 700}), State.FAIL, "for 700 s"),
    ("leader", with_replica("metrics", figures={("leads", ""): 1}), State.WARN, "metrics a, metrics outra lead"),
    (
        "leader",
        replace(WELL, replicas=[*WELL.replicas[:3], replica("metrics", figures={("leads", ""): 0})]),
        State.WARN,
        "none of those",
    ),
    ("webhooks", with_replica("metrics", figures={("waiting_delivery_seconds", ""): 400}), State.WARN, "400 s"),
    ("certificates", shown(10), State.WARN, "in 10 days"),
    ("certificates", shown(1), State.FAIL, "in 1 days"),
    ("certificates", shown(-2), State.FAIL, "in -2 days"),
    ("keys", with_access(known_secret_opens=True), State.FAIL, "for development"),
    ("keys", with_access(keys=None, error="no right"), State.WARN, "no right"),
    ("keys", with_access(keys=[SERVER]), State.FAIL, "there is none"),
    ("keys", with_access(environments=["production", "staging"]), State.WARN, "no backend can evaluate"),
    (
        "keys",
        with_access(
            keys=[INTERNAL, access_pb2.ApiKey(name="x", role=access_pb2.ROLE_SERVER, environments=["*"])],
            environments=["production", "staging"],
        ),
        State.WARN,
        "several environments",
    ),
    ("people", with_access(first_password_opens=True), State.FAIL, "the first start"),
    ("people", with_access(people=[people_pb2.Person(login="b")]), State.WARN, "nobody may administer"),
    ("demo", with_replica("flags", demo=True), State.WARN, "demo's flags"),
]


@pytest.mark.parametrize(("check", "seen", "state", "said"), CASES, ids=[f"{case[0]}: {case[3]}" for case in CASES])
def test_what_is_wrong_is_found_and_nothing_else(check: str, seen: Deployment, state: State, said: str) -> None:
    """One thing is wrong: its check says so, with advice, and all others are content."""
    wrong = [each for each in examine(seen) if each.state is not State.OK]
    assert {each.check for each in wrong} == {check}
    assert worst(wrong) is state
    assert any(said in each.reason for each in wrong)
    assert all(each.advice for each in wrong)


def test_the_checks_that_can_fail_are_all_tried() -> None:
    """A new check comes with a case of its own."""
    assert {each.check for each in examine(WELL)} <= {case[0] for case in CASES}


@pytest.mark.parametrize(
    ("seen", "arguments", "code"),
    [
        (WELL, (), 0),
        (shown(10), (), 0),
        (shown(10), ("--strict",), 1),
        (shown(1), (), 1),
    ],
    ids=["well", "a warning", "a warning, strictly", "a failure"],
)
def test_how_the_command_ends(
    monkeypatch: pytest.MonkeyPatch, seen: Deployment, arguments: Sequence[str], code: int
) -> None:
    """Scripts go by the exit code; people read the advice."""
    monkeypatch.setattr("services.cli.doctor.command.look", lambda *_: seen)
    result = CliRunner().invoke(app, ["doctor", "--api-key", "segredo", *arguments])
    assert result.exit_code == code
    assert ("renew it" in result.stdout) is (seen is not WELL)
