"""`AnalyticsService` of a running metrics service: from events that are sent to answers, files, and what is saved."""

import contextlib
import csv
import datetime
import io
import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import grpc.aio
import pytest
from google.protobuf import json_format
from mirante.api.metrics.v1 import analytics_service_pb2 as pb2
from mirante.api.metrics.v1 import cohort_pb2, report_pb2, saved_report_pb2
from mirante.api.metrics.v1.analytics_service_pb2_grpc import AnalyticsServiceStub
from mirante.api.telemetry.v1 import event_pb2

from tests.support.metrics_serving import MetricsServing, metrics_serving
from tests.support.serving import Datastores, eventually, refused
from tests.support.telemetry_events import event_id, sale

if TYPE_CHECKING:
    from mirante.api.metrics.v1.analytics_service_pb2_grpc import AnalyticsServiceAsyncStub

_REPORTS: Final[dict[str, Any]] = {"analytics": True, "analytics_seconds": 0.05, "report_processes": 1}


def _visit(user: str) -> event_pb2.Event:
    return event_pb2.Event(id=event_id(), name="pagina_vista", tenant="acme", user_id=user)


def _question(**report: Any) -> report_pb2.Question:
    document = {"scope": {"tenant": "acme", "last": {"count": 7}}} | report
    return json_format.ParseDict(document, report_pb2.Question())


_FUNNEL: Final = _question(funnel={"steps": [{"event": "pagina_vista"}, {"event": "venda_criada"}]})


def _named(name: str) -> saved_report_pb2.SavedInfo:
    return saved_report_pb2.SavedInfo(name=name)


def _reader(serving: MetricsServing) -> "AnalyticsServiceAsyncStub":
    return AnalyticsServiceStub(serving.channel)


async def _levels(serving: MetricsServing, question: report_pb2.Question) -> list[int]:
    request = pb2.RunReportRequest(question=question)
    response = await _reader(serving).RunReport(request, metadata=serving.key("reader"))
    return [step.actors for step in response.answer.result.funnel.steps]


async def _until_sold(serving: MetricsServing) -> None:
    """Send events of three visitors, one of whom buys, and wait until the store has them."""
    visits = [_visit(user) for user in ("ana", "bia", "caio")]
    await serving.telemetry.send(*visits, sale(user_id="ana", valor="10.10"))

    async def sold() -> bool:
        # Until something has come in, there is no store, and no such event.
        with contextlib.suppress(grpc.aio.AioRpcError):
            return await _levels(serving, _FUNNEL) == [3, 1]
        return False

    await eventually(sold)


async def test_questions_are_answered_and_exported(stores: Datastores) -> None:
    """The file says what the answer says; what is wrong names its field; a backend's key may not ask."""
    async with metrics_serving(stores, **_REPORTS) as serving:
        await _until_sold(serving)
        stub, reader = _reader(serving), serving.key("reader")
        series = _question(series={"selection": {"event": "venda_criada"}, "measure": 3, "property": {"name": "valor"}})
        answer = (await stub.RunReport(pb2.RunReportRequest(question=series), metadata=reader)).answer
        assert answer.result.series.total == "10.1"
        assert len(answer.result.series.points) == 7
        assert answer.watermark.at_end
        assert answer.HasField("limits")
        request = pb2.ExportReportRequest(question=series)
        request.fresh_within.FromSeconds(3_600)
        exported = await stub.ExportReport(request, metadata=reader)
        rows = list(csv.DictReader(io.StringIO(exported.content.decode(), newline="")))
        assert [(row["bucket"], row["value"]) for row in rows] == [
            *((point.label, point.value) for point in answer.result.series.points),
            ("", answer.result.series.total),
        ]
        assert exported.media_type.startswith("text/csv")
        zone = ZoneInfo(answer.time_zone)
        first = answer.start.ToDatetime(datetime.UTC).astimezone(zone)
        last = first + datetime.timedelta(days=6)
        assert exported.file_name == f"series-{first:%Y%m%d}-{last:%Y%m%d}.csv"
        request.format = pb2.EXPORT_FORMAT_JSON
        document = json.loads((await stub.ExportReport(request, metadata=reader)).content)
        assert document["result"]["series"]["total"] == "10.1"
        names = await stub.ListReportNames(pb2.ListReportNamesRequest(), metadata=reader)
        assert {each.name for each in names.events if each.seen} >= {"pagina_vista", "venda_criada"}
        assert "valor" in names.properties
        wrong = _question(funnel={"steps": [{"event": "pagina_vista"}, {"event": "venda_criadas"}]})
        error = await refused(stub.RunReport(pb2.RunReportRequest(question=wrong), metadata=reader))
        assert (error.code, error.fields) == ("INVALID_ARGUMENT", ["question.funnel.steps[1].event"])
        denied = await refused(stub.RunReport(pb2.RunReportRequest(question=series), metadata=serving.key("server")))
        assert denied.reason == "ROLE_DENIED"


async def test_what_the_caller_does_not_wait_for_is_stopped(stores: Datastores) -> None:
    """A deadline that passes ends the process of the report; the next one is answered by another."""
    async with metrics_serving(stores, **_REPORTS) as serving:
        await _until_sold(serving)
        [pid] = _report_processes()
        os.kill(pid, signal.SIGSTOP)
        question = _question(series={"selection": {"event": "venda_criada"}})
        call = _reader(serving).RunReport(
            pb2.RunReportRequest(question=question), metadata=serving.key("reader"), timeout=3.0
        )
        assert (await refused(call)).code == "DEADLINE_EXCEEDED"

        async def gone() -> bool:
            return pid not in _report_processes()

        await eventually(gone)
        await eventually(lambda: _answered(serving))
    assert _report_processes() == set()


async def _answered(serving: MetricsServing) -> bool:
    return await _levels(serving, _question(funnel={"steps": [{"event": "venda_criada"}] * 2})) == [1, 0]


def _report_processes() -> set[int]:
    """Return the children of this process that run reports."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if b"answering.child" in command and int(parent) == os.getpid():
            found.add(int(folder.name))
    return found


async def test_what_is_saved_is_kept_and_nobodys_work_is_overwritten(stores: Datastores) -> None:
    """Reports and boards: created, read, replaced in the revision that was read, deleted; names are unique."""
    async with metrics_serving(stores, **_REPORTS) as serving:
        await _until_sold(serving)
        stub, editor, reader = _reader(serving), serving.key("admin"), serving.key("reader")
        wish = saved_report_pb2.SavedReport(info=_named("Funil"), question=_FUNNEL)
        saved = (await stub.CreateSavedReport(pb2.CreateSavedReportRequest(report=wish), metadata=editor)).report
        assert (saved.info.revision, saved.info.created_by, saved.question) == (1, "name of admin", _FUNNEL)
        request = pb2.CreateSavedReportRequest(report=wish)
        assert (await refused(stub.CreateSavedReport(request, metadata=editor))).reason == "ALREADY_EXISTS"
        assert (await refused(stub.CreateSavedReport(request, metadata=reader))).reason == "ROLE_DENIED"
        saved.info.name = "Funil de vendas"
        update = pb2.UpdateSavedReportRequest(report=saved)
        changed = (await stub.UpdateSavedReport(update, metadata=editor)).report
        assert (changed.info.revision, changed.info.name) == (2, "Funil de vendas")
        assert (await refused(stub.UpdateSavedReport(update, metadata=editor))).reason == "ETAG_MISMATCH"
        listed = await stub.ListSavedReports(pb2.ListSavedReportsRequest(), metadata=reader)
        assert list(listed.reports) == [changed]
        wrong = saved_report_pb2.SavedReport(info=_named(" "), question=_FUNNEL)
        error = await refused(stub.CreateSavedReport(pb2.CreateSavedReportRequest(report=wrong), metadata=editor))
        assert error.fields == ["report.info.name"]
        delete = pb2.DeleteSavedReportRequest(report_id=changed.info.id, revision=1)
        assert (await refused(stub.DeleteSavedReport(delete, metadata=editor))).reason == "ETAG_MISMATCH"
        delete.revision = 2
        await stub.DeleteSavedReport(delete, metadata=editor)
        get = pb2.GetSavedReportRequest(report_id=changed.info.id)
        assert (await refused(stub.GetSavedReport(get, metadata=reader))).reason == "SAVED_REPORT_NOT_FOUND"
        await _boards(stub, editor)


async def _boards(stub: "AnalyticsServiceAsyncStub", editor: Any) -> None:
    boards = (await stub.ListBoards(pb2.ListBoardsRequest(), metadata=editor)).boards
    assert [board.ready_made for board in boards] == [True] * 4
    copy = saved_report_pb2.Board(
        info=_named("Meu"), items=[saved_report_pb2.BoardItem(title="Funil", question=_FUNNEL)]
    )
    mine = (await stub.CreateBoard(pb2.CreateBoardRequest(board=copy), metadata=editor)).board
    assert (await stub.GetBoard(pb2.GetBoardRequest(board_id=mine.info.id), metadata=editor)).board == mine
    assert len((await stub.ListBoards(pb2.ListBoardsRequest(), metadata=editor)).boards) == 5
    update = pb2.UpdateBoardRequest(board=boards[0])
    assert (await refused(stub.UpdateBoard(update, metadata=editor))).reason == "STATE_CONFLICT"
    copy.info.name = "Outro"
    copy.items[0].question.funnel.steps[0].event = "nunca_vista"
    error = await refused(stub.CreateBoard(pb2.CreateBoardRequest(board=copy), metadata=editor))
    assert error.fields == ["board.items[0].question.funnel.steps[0].event"]


async def test_a_saved_cohort_narrows_reports(stores: Datastores) -> None:
    """By its id, as it is now; one that is gone is named."""
    async with metrics_serving(stores, **_REPORTS) as serving:
        await _until_sold(serving)
        stub, editor = _reader(serving), serving.key("admin")
        wish = saved_report_pb2.Cohort(info=_named("Quem comprou"))
        did = wish.definition.conditions.add().did
        did.selection.event, did.at_least = "venda_criada", 1
        cohort = (await stub.CreateCohort(pb2.CreateCohortRequest(cohort=wish), metadata=editor)).cohort
        asked = report_pb2.Question()
        asked.CopyFrom(_FUNNEL)
        asked.scope.cohorts.add(cohort_id=cohort.info.id)
        assert await _levels(serving, asked) == [1, 1]
        members = pb2.RunReportRequest(question=_question(cohort_members={"cohort_id": cohort.info.id}))
        found = (await stub.RunReport(members, metadata=editor)).answer.result.cohort_members
        assert ([member.user_id for member in found.members], found.count) == (["ana"], 1)
        size = pb2.RunReportRequest(question=_question(cohort_size={"cohort_id": cohort.info.id}))
        counted = (await stub.RunReport(size, metadata=editor)).answer.result.cohort_size
        assert (counted.members, counted.active, counted.all_active) == (1, 1, 3)
        many = _question(cohort_size={"cohort_id": cohort.info.id})
        many.scope.cohorts.extend([cohort_pb2.CohortFilter(cohort_id=cohort.info.id.replace("-", "0"))] * 6)
        error = await refused(stub.RunReport(pb2.RunReportRequest(question=many), metadata=editor))
        assert error.fields == ["question.scope.cohorts"], "none of them is looked up"
        nothing = pb2.RunReportRequest(question=_question(cohort_size={}))
        assert (await refused(stub.RunReport(nothing, metadata=editor))).fields == ["question.cohort_size"]
        cohort.definition.conditions[0].did.at_most = 0
        cohort.definition.conditions[0].did.ClearField("at_least")
        await stub.UpdateCohort(pb2.UpdateCohortRequest(cohort=cohort), metadata=editor)
        assert await _levels(serving, asked) == [2, 0]
        await stub.DeleteCohort(pb2.DeleteCohortRequest(cohort_id=cohort.info.id, revision=2), metadata=editor)
        error = await refused(stub.RunReport(pb2.RunReportRequest(question=asked), metadata=editor))
        assert (error.reason, error.metadata) == ("COHORT_NOT_FOUND", {"cohort_id": cohort.info.id})
        empty = saved_report_pb2.Cohort(info=_named("Vazio"))
        error = await refused(stub.CreateCohort(pb2.CreateCohortRequest(cohort=empty), metadata=editor))
        assert error.fields == ["cohort.definition.conditions"]


async def test_a_service_without_a_store_says_so(stores: Datastores) -> None:
    """Reports are refused with the setting's name; what is saved can still be read."""
    async with metrics_serving(stores) as serving:
        stub, reader = _reader(serving), serving.key("reader")
        error = await refused(stub.RunReport(pb2.RunReportRequest(question=_FUNNEL), metadata=reader))
        assert "MIRANTE_ANALYTICS" in error.message
        assert len((await stub.ListBoards(pb2.ListBoardsRequest(), metadata=reader)).boards) == 4


@pytest.mark.parametrize("environment", ["staging"])
async def test_a_key_asks_only_its_own_environment(stores: Datastores, environment: str) -> None:
    """Whatever is asked for."""
    async with metrics_serving(stores) as serving:
        stub = _reader(serving)
        request = pb2.ListBoardsRequest(environment=environment)
        assert (await refused(stub.ListBoards(request, metadata=serving.key("reader")))).code == "PERMISSION_DENIED"
