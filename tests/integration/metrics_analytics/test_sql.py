"""The SQL door of a running service: over gRPC, and by the command line."""

import asyncio
import csv
import io
import json
from pathlib import Path
from typing import Any

from mirante.api.metrics.v1 import sql_service_pb2 as pb2
from mirante.api.metrics.v1.sql_service_pb2_grpc import SqlServiceStub
from typer.testing import CliRunner, Result

from services.cli.app import app
from tests.support.metrics_serving import MetricsServing, metrics_serving
from tests.support.serving import Datastores, eventually, refused
from tests.support.sql_door import rows_of
from tests.support.telemetry_events import sale

_QUICK: dict[str, Any] = {"analytics": True, "analytics_seconds": 0.05}
_COUNTS = "SELECT user_id, count(*) AS vendas FROM events GROUP BY 1 ORDER BY 1"


async def test_analysts_ask_and_others_do_not(stores: Datastores, tmp_path: Path) -> None:
    """Readers see the tenant that they name; backends' and browsers' keys nothing; wrong requests name their field."""
    async with metrics_serving(stores, **_QUICK) as serving:
        stub: Any = SqlServiceStub(serving.channel)

        async def ask(role: str = "reader", **fields: Any) -> pb2.RunSqlResponse:
            request = pb2.RunSqlRequest(**({"tenant": "acme", "statement": _COUNTS} | fields))
            answer: pb2.RunSqlResponse = await stub.RunSql(request, metadata=serving.key(role))
            return answer

        await serving.telemetry.send(sale(user_id="ana"), sale(user_id="ana"), sale(user_id="bia"))
        await serving.telemetry.send(sale(user_id="eva", tenant="globex"))

        async def arrived() -> bool:
            status = await _told(serving, tmp_path, "analytics", "status", "--json")
            return bool(json.loads(status).get("answering", {}).get("events") == 4)

        await eventually(arrived)
        answer = await ask()
        assert (rows_of(answer), answer.truncated) == ([("ana", 2), ("bia", 1)], False)
        assert answer.watermark.log_entries == 4
        assert rows_of(await ask(tenant="globex")) == [("eva", 1)]
        assert rows_of(await ask(tenant=None, all_tenants=True)) == [("ana", 2), ("bia", 1), ("eva", 1)]
        for role in ("server", "browser"):
            assert (await refused(ask(role))).reason == "ROLE_DENIED"
        for fields, field in (
            ({"tenant": None}, "tenant"),
            ({"statement": "DROP VIEW events"}, "statement"),
            ({"statement": ""}, "statement"),
            ({"most_rows": 10_001}, "most_rows"),
        ):
            assert (await refused(ask(**fields))).fields == [field]
        table = await _told(serving, tmp_path, "sql", _COUNTS, "--tenant", "acme")
        assert [line.split() for line in table.splitlines()] == [["user_id", "vendas"], ["ana", "2"], ["bia", "1"]]
        printed = await _told(serving, tmp_path, "sql", _COUNTS, "--tenant", "acme", "--format", "csv")
        assert list(csv.reader(io.StringIO(printed))) == [["user_id", "vendas"], ["ana", "2"], ["bia", "1"]]
        odd = """SELECT '=1+1' AS "@x", '-3.50' AS menos, 'nan'::DOUBLE AS nada"""
        printed = await _told(serving, tmp_path, "sql", odd, "--tenant", "acme", "--format", "csv")
        assert list(csv.reader(io.StringIO(printed))) == [["'@x", "menos", "nada"], ["'=1+1", "-3.50", "nan"]]
        printed = await _told(serving, tmp_path, "sql", odd, "--tenant", "acme", "--format", "json")
        assert json.loads(printed, parse_constant=lambda _: "no JSON")["rows"] == [["=1+1", "-3.50", "nan"]]
        document = json.loads(await _told(serving, tmp_path, "sql", _COUNTS, "--all-tenants", "--json"))
        assert document["rows"] == [["ana", 2], ["bia", 1], ["eva", 1]]
        assert "user_id" in await _told(serving, tmp_path, "sql", "--tenant", "acme")
        for odd in ("nan", "inf", "-1"):
            wrong = await _run(serving, tmp_path, "sql", _COUNTS, "--tenant", "acme", "--time-limit", odd)
            assert (wrong.exit_code, "--time-limit must be" in wrong.output) == (2, True)


async def _run(serving: MetricsServing, home: Path, *arguments: str) -> Result:
    environment = {
        "MIRANTE_METRICS_ADDRESS": f"127.0.0.1:{serving.port}",
        "MIRANTE_API_KEY": "secret of reader",
        "MIRANTE_HOME": str(home),
    }
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments), env=environment)


async def _told(serving: MetricsServing, home: Path, *arguments: str) -> str:
    """Return what the command line prints to stdout."""
    result = await _run(serving, home, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout
