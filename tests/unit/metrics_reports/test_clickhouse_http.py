"""The log in ClickHouse, written and asked over HTTP: it says what the log says, whatever fails on the way."""

# ruff: noqa: S608 - queries of the tests themselves

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.metrics.analytics.clickhouse.intake import ClickHouseIntake
from services.metrics.analytics.clickhouse.reading import events_of
from services.metrics.analytics.clickhouse.server import ClickHouseServer, ClickHouseUnavailable, parameters_of
from services.metrics.analytics.clickhouse.tables import BUILDS, builds_of
from services.metrics.analytics.reports.asking import Breakdown, Property, Scope, Selection
from services.metrics.analytics.reports.features.asking import FeatureUse
from services.metrics.analytics.reports.funnels.asking import Funnel
from services.metrics.analytics.reports.local_time import moment_of
from services.metrics.analytics.reports.retention.asking import Retention
from services.metrics.analytics.reports.running import Question, run, run_on_clickhouse
from services.metrics.analytics.reports.series.asking import Series
from services.metrics.analytics.store import StoreUnavailable
from services.metrics.analytics.store.engine import Limits
from services.metrics.analytics.store.people import SplitUnclear
from services.runtime.errors import Unavailable
from services.runtime.settings import SettingsError
from tests.support.analytics_store import NOW, BuiltStore
from tests.support.clickhouse_http import ClickHouseHttp
from tests.support.log_model import LogWorld, event_of
from tests.support.report_answers import difference

_BOUNDS: dict[str, Any] = {"seconds": 60.0, "memory_bytes": 2**30}


class ClickHouseWorld(LogWorld):
    """The table of an environment, whose server fails now and then, before and after it did what it was asked."""

    def __init__(self, http: ClickHouseHttp, environment: str, seed: int, *, fails: bool = True) -> None:
        super().__init__(seed)
        self.http = http
        self.server = ClickHouseServer(http.url)
        self.environment = environment
        self.fails = fails
        self.taken = 0
        self.failures = 0
        self.intake = self._opened()

    def take(self, entries: Sequence[log_pb2.LogEntry]) -> None:
        """As often as it takes; when nobody but the log knows whose rows are, anew."""
        entries = list(entries)
        self.taken += 1
        if self.fails and self.chance.random() < 0.3:
            # Any of the next requests: the insert, what is said about people, or the cursor.
            after = self.chance.randrange(3)
            setattr(self.http, self.chance.choice(["refuses_after", "loses_after"]), after)
        try:
            self._try(entries)
        except ClickHouseUnavailable:
            self.failures += 1
            self.http.refuses_after = self.http.loses_after = None
            self.intake = self._opened()
            # The cursor may have been saved, and only that not been heard of.
            if int(self.intake.build.manifest.cursor or b"0") < self.taken:
                self._erase_in_the_log(entries)
                self._try(entries)
        finally:
            self.http.refuses_after = self.http.loses_after = None

    def _try(self, entries: list[log_pb2.LogEntry]) -> None:
        try:
            self.intake.take([_response(entries, self.taken)])
        except SplitUnclear:
            self.http.refuses_after = self.http.loses_after = None
            self.intake.make_anew()
            whole = [log_pb2.LogEntry(event=event_of(self.model, row)) for row in self.model.rows]
            self.intake.take([_response(whole, self.taken)])

    def _erase_in_the_log(self, entries: list[log_pb2.LogEntry]) -> None:
        """What was erased meanwhile is not streamed again: what follows it has other positions then."""
        events = [entry for entry in entries if entry.HasField("event")]
        if events and self.chance.random() < 0.5:
            entries.remove(events[0])
            cents = events[0].event.event.properties["cents"].int_value
            self.model.rows = [row for row in self.model.rows if row.cents != cents]

    def _opened(self) -> ClickHouseIntake:
        return ClickHouseIntake(self.server, self.environment, lambda: NOW)

    def held(self) -> list[tuple[Any, ...]]:
        """Its rows, as the model has them."""
        engine, _ = events_of(self.server, self.environment, **_BOUNDS)
        columns = "tenant, actor, toUnixTimestamp64Micro(time), name, integers['cents']"
        return sorted(tuple(row) for row in engine.query(f"SELECT {columns} FROM {engine.events}"))


def _response(entries: Sequence[log_pb2.LogEntry], number: int) -> bytes:
    response = log_pb2.FollowEventsResponse(entries=entries, cursor=b"%d" % number, at_end=True)
    response.read_at.FromSeconds(int(NOW))
    return response.SerializeToString()


@pytest.mark.parametrize("seed", [4, 15])
def test_it_holds_what_the_log_says(http: ClickHouseHttp, seed: int) -> None:
    """Events, merges, splits and erasures; each event once, although requests fail and are made again."""
    world = ClickHouseWorld(http, f"produção '{seed}", seed)
    for _ in range(2):
        world.happen(60)
        assert world.held() == world.model.expected(None)
    # What is not seen any more is not there any more either.
    table = world.intake.build.table
    kept = {row.cents for row in world.model.rows}
    assert {cents for [cents] in world.server.rows(f"SELECT integers['cents'] FROM {table}")} == kept
    world.intake.make_anew()
    assert world.held() == world.model.expected(None)
    world.intake.drop_all()
    with pytest.raises(StoreUnavailable):
        world.held()


def test_reports_have_the_store_s_answers(http: ClickHouseHttp, tmp_path: Path) -> None:
    """Of the same log, over HTTP."""
    world = ClickHouseWorld(http, "production", 11, fails=False)
    world.happen(150)
    store = BuiltStore(tmp_path)
    store.take(*[log_pb2.LogEntry(event=event_of(world.model, row)) for row in world.model.rows])
    snapshot = store.snapshot()
    engine, watermark = events_of(world.server, "production", **_BOUNDS)
    assert watermark.complete_us == snapshot.watermark.complete_us
    scope = Scope(start=moment_of((int(NOW) - 75 * 86_400) * 1_000_000), end=moment_of(int(NOW) * 1_000_000))
    steps = tuple(Selection(name) for name in ("login_sucesso", "venda_criada", "pagina_vista"))
    questions: list[Question] = [
        Series(scope=scope),
        Series(scope=replace(scope, tenant="loja"), breakdown=Breakdown(Property("cents"))),
        Funnel(scope=scope, steps=steps, window=timedelta(days=30)),
        Retention(scope=scope),
        FeatureUse(scope=scope),
    ]
    for question in questions:
        ours = run(question, snapshot, Limits()).result
        assert difference(ours, run_on_clickhouse(question, engine, watermark).result) == ""
    assert {query.split()[0] for query in http.queries[-4:]} == {"SELECT"}


def test_properties_are_what_they_were(http: ClickHouseHttp) -> None:
    """Of every kind, with any name; what is absent is."""
    world = ClickHouseWorld(http, "production", 1, fails=False)
    event = log_pb2.LogEntry()
    event.event.actor_id = b"a" * 16
    event.event.event.name = "venda_criada"
    event.event.event.user_id = "José 'o' \\ Silva\n"
    properties = event.event.event.properties
    properties["Valor"].string_value = "10.50"
    properties["itens"].int_value = -(2**62)
    properties["peso"].double_value = 0.1
    properties["novo"].bool_value = False
    properties["vazio"].string_value = ""
    properties["lista"].list_value.values.add().int_value = 1
    world.take([event, log_pb2.LogEntry(event=event.event)])
    engine, _ = events_of(world.server, "production", **_BOUNDS)
    row = engine.query(f"SELECT texts, integers, numbers, booleans, json, user_id, session FROM {engine.events}")[0]
    assert row == [
        {"Valor": "10.50", "vazio": ""}, {"itens": -(2**62)}, {"peso": 0.1}, {"novo": False}, {"lista": "[1]"},
        "José 'o' \\ Silva\n", None,
    ]  # fmt: skip


def test_the_one_that_answers_loses_who_is_erased_while_another_is_made(http: ClickHouseHttp) -> None:
    """It does not follow the log any more; an erasure finds it all the same."""
    world = ClickHouseWorld(http, "production", 3, fails=False)
    world.happen(60)
    assert world.held()
    world.intake.make_anew()
    rows = [log_pb2.LogEntry(event=event_of(world.model, row)) for row in world.model.rows]
    catching_up = log_pb2.FollowEventsResponse(entries=rows, cursor=b"1", at_end=False)
    world.intake.take([catching_up.SerializeToString()])
    assert len(builds_of(world.server, "production")) == 2
    everybody = log_pb2.LogEntry(tenant_erasure=log_pb2.TenantErasure(tenant="loja"))
    some = log_pb2.FollowEventsResponse(entries=[everybody], cursor=b"2", at_end=False)
    world.intake.take([some.SerializeToString()])
    assert {row[0] for row in world.held()} <= {"mercado"}
    world.take([])
    assert len(world.server.rows(f"SELECT build FROM {BUILDS} FINAL")) == 1
    assert {row[0] for row in world.held()} <= {"mercado"}


def test_a_split_that_nobody_can_settle_is_looked_at_once(http: ClickHouseHttp) -> None:
    """Of a device without events, while another one of the same user has some: the log has said what there is."""
    world = ClickHouseWorld(http, "production", 1, fails=False)
    joined = log_pb2.LogEntry()
    joined.event.event.name, joined.event.event.anonymous_id = "pagina_vista", "d-2"
    joined.event.actor_id = b"ana".ljust(16, b"-")
    split = log_pb2.ActorSplit(actor_id=b"d-1".ljust(16, b"-"), from_actor_id=b"ana".ljust(16, b"-"))
    erasure = log_pb2.ActorErasure(actor_ids=[b"ana".ljust(16, b"-")])
    whole = _response([joined, log_pb2.LogEntry(split=split)], 1)
    with pytest.raises(SplitUnclear):
        world.intake.take([whole])
    world.intake.make_anew()
    again = ClickHouseIntake(world.server, "production", lambda: NOW, world.intake.settled)
    again.take([whole])
    assert len(world.held()) == 1
    with pytest.raises(SplitUnclear):
        again.take([_response([log_pb2.LogEntry(split=split), log_pb2.LogEntry(erasure=erasure)], 2)])
    again.make_anew()
    last = ClickHouseIntake(world.server, "production", lambda: NOW, again.settled)
    last.take([_response([joined, log_pb2.LogEntry(split=split), log_pb2.LogEntry(erasure=erasure)], 2)])
    assert world.held() == []


def test_who_does_not_lead_any_more_writes_nothing(http: ClickHouseHttp) -> None:
    """Another one has gone on with the table since."""
    world = ClickHouseWorld(http, "production", 5, fails=False)
    world.happen(20)
    late = ClickHouseIntake(world.server, "production", lambda: NOW)
    world.happen(20)
    before = world.held()
    with pytest.raises(Unavailable):
        late.take([_response([log_pb2.LogEntry(event=event_of(world.model, world.model.rows[0]))], 99)])
    assert world.held() == before


def test_what_nobody_waits_for_is_ended_there(http: ClickHouseHttp) -> None:
    """The server sees to that, for queries alone that are said to be read-only; what writes is not."""
    server = ClickHouseServer(http.url)
    assert server.rows("SELECT 1") == [[1]]
    assert (http.settings["cancel_http_readonly_queries_on_client_close"], http.settings["readonly"]) == ("1", "2")
    server.run("DROP TABLE IF EXISTS none")
    assert "readonly" not in http.settings


def test_an_address_is_read_and_never_shown() -> None:
    """It holds a password."""
    read = parameters_of("https://eu:s%40@ch.example/analytics")
    assert [read[name] for name in ("host", "port", "secure", "username", "password", "database")] == [
        "ch.example", 8443, True, "eu", "s@", "analytics",
    ]  # fmt: skip
    for wrong in ("ch.example:8123", "tcp://eu:segredo@ch.example", "http://eu:segredo@:1", "http://eu:segredo@x:y"):
        with pytest.raises(SettingsError) as refused:
            parameters_of(wrong)
        assert "segredo" not in str(refused.value)
    server = ClickHouseServer("http://eu:segredo@127.0.0.1:1/x")
    with pytest.raises(ClickHouseUnavailable) as gone:
        server.rows("SELECT 'segredo'")
    assert "segredo" not in str(gone.value)
