"""The record of who has changed what is saved, as the service and the command line tell it."""

import asyncio
import json
from pathlib import Path
from typing import Any, Final

import grpc.aio
from mirante.api.metrics.v1 import analytics_service_pb2 as pb2
from mirante.api.metrics.v1.analytics_service_pb2_grpc import AnalyticsServiceStub
from typer.testing import CliRunner

from services.cli.app import app
from services.metrics.analytics.saved.kinds import BOARD, COHORT, REPORT, SavedKind
from services.runtime.calls.authentication import ACTOR, ACTOR_ROLE
from tests.support.metrics_serving import MetricsServing, metrics_serving
from tests.support.saved_contents import CONTENTS
from tests.support.serving import Datastores, eventually, refused
from tests.support.telemetry_events import sale

_METHODS: Final = {COHORT: "Cohort", REPORT: "SavedReport", BOARD: "Board"}


async def _create(stub: Any, kind: SavedKind, metadata: Any) -> Any:
    """Save something as soon as there is a store, by which names are checked."""
    wish: Any = type(CONTENTS[kind])()
    wish.CopyFrom(CONTENTS[kind])
    wish.info.name = "Um"
    method = _METHODS[kind]
    request = getattr(pb2, f"Create{method}Request")(**{kind.field: wish})
    found: list[Any] = []

    async def created() -> bool:
        try:
            found.append(getattr(await getattr(stub, f"Create{method}")(request, metadata=metadata), kind.field))
        except grpc.aio.AioRpcError as error:
            # Before there is one, this is no wrong question.
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
        return bool(found)

    await eventually(created)
    return found[0]


def _for_maria(serving: MetricsServing) -> Any:
    return (*serving.key("internal"), (ACTOR, "maria"), (ACTOR_ROLE, "editor"))


async def test_people_are_told_by_the_service_and_the_command_line(stores: Datastores, tmp_path: Path) -> None:
    """A key by its name, a person by their login; readers may ask, keys of servers not."""
    async with metrics_serving(stores, analytics=True, analytics_seconds=0.05, report_processes=1) as serving:
        await serving.telemetry.send(sale(user_id="ana"))
        stub, reader, maria = AnalyticsServiceStub(serving.channel), serving.key("reader"), _for_maria(serving)
        ids: dict[SavedKind, str] = {}
        for kind, method in _METHODS.items():
            thing = await _create(stub, kind, serving.key("admin"))
            thing.info.name, ids[kind] = "Dois", thing.info.id
            update = getattr(pb2, f"Update{method}Request")(**{kind.field: thing})
            await getattr(stub, f"Update{method}")(update, metadata=maria)
            delete = getattr(pb2, f"Delete{method}Request")(**{kind.id_field: thing.info.id}, revision=2)
            await getattr(stub, f"Delete{method}")(delete, metadata=maria)
        found = await stub.ListSavedChanges(pb2.ListSavedChangesRequest(page_size=4), metadata=reader)
        told = [(each.WhichOneof("saved"), each.action, each.actor) for each in found.changes]
        lived = [("delete", "maria"), ("update", "maria"), ("create", "name of admin")]
        assert told == [*(("board", *each) for each in lived), ("report", "delete", "maria")]
        rest = pb2.ListSavedChangesRequest(page_token=found.next_page_token)
        assert len((await stub.ListSavedChanges(rest, metadata=reader)).changes) == 5
        server = stub.ListSavedChanges(pb2.ListSavedChangesRequest(), metadata=serving.key("server"))
        assert (await refused(server)).reason == "ROLE_DENIED"
        await _on_the_command_line(serving, tmp_path, ids[COHORT])


async def _on_the_command_line(serving: MetricsServing, home: Path, cohort_id: str) -> None:
    environment = {
        "MIRANTE_METRICS_ADDRESS": f"127.0.0.1:{serving.port}",
        "MIRANTE_API_KEY": "secret of reader",
        "MIRANTE_HOME": str(home),
    }

    async def run(*arguments: str) -> Any:
        call = ["analytics", "history", *arguments]
        return await asyncio.to_thread(CliRunner().invoke, app, call, env=environment)

    shown = (await run("--limit", "5")).stdout.splitlines()
    assert [("board" in line, "maria" in line, "Dois" in line) for line in shown[1:4]] == [
        (True, True, True),
        (True, True, True),
        (True, False, False),
    ]
    assert len(shown) == 6
    changes = json.loads((await run("--cohort", cohort_id, "--json")).stdout)["changes"]
    assert [each["action"] for each in changes] == ["delete", "update", "create"]
    assert [each["cohort"]["info"]["name"] for each in changes] == ["Dois", "Dois", "Um"]
    assert changes[0]["cohort"]["definition"]["conditions"][0]["did"]["at_least"] == 1
    assert "no changes" in (await run("--report", cohort_id)).output
    assert (await run("--report", cohort_id, "--board", cohort_id)).exit_code == 2
