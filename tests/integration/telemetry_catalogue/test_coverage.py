"""Coverage as it is read from the database."""

import datetime

from mirante.api.telemetry.v1 import catalogue_service_pb2 as pb2

from tests.support.catalogue_desk import NOW, Desk
from tests.support.telemetry_catalogue import SALES, reason_of
from tests.support.telemetry_database import connected

TODAY = NOW.date()


async def coverage(desk: Desk, days: int = 0) -> pb2.GetCoverageResponse:
    """Return the coverage of production."""
    return await desk.call(desk.servicer.GetCoverage, pb2.GetCoverageRequest(environment="production", days=days))


async def test_shards_are_summed(desk: Desk) -> None:
    """Writers that counted at the same time count together."""
    await desk.import_yaml(SALES + "  logout: {}\n")
    await desk.count("venda_criada", TODAY, 1, "", 5, 7, 11)
    await desk.count("venda_criada", TODAY, 4, "properties.valor: is required", 1, 2)
    await desk.count("inventado", TODAY, 2, "", 4)
    report = await coverage(desk)
    assert [(row.name, row.accepted, row.dead_letters, row.declared) for row in report.rows] == [
        ("inventado", 4, 0, False),
        ("venda_criada", 23, 3, True),
    ]
    assert list(report.rows[1].violations) == ["properties.valor: is required"]
    assert (report.declared, report.seen, list(report.unseen)) == (2, 1, ["logout"])


async def test_days_end_today(desk: Desk) -> None:
    """By UTC; seven unless asked, today included."""
    for back in range(10):
        await desk.count("venda_criada", TODAY - datetime.timedelta(days=back), 1, "", 1)
    assert len((await coverage(desk)).rows) == 7
    [today] = (await coverage(desk, 1)).rows
    assert today.day == TODAY.isoformat() == "2026-11-23"
    assert len((await coverage(desk, 400)).rows) == 10


async def test_too_many_days_are_refused(desk: Desk) -> None:
    """The report is bounded."""
    request = pb2.GetCoverageRequest(environment="production", days=401)
    refusal = await desk.refused(desk.servicer.GetCoverage, request)
    assert (reason_of(refusal), refusal.message) == ("INVALID_REQUEST", "days: may be 400 at most, got 401")


async def test_report_that_no_client_could_take_is_refused(desk: Desk) -> None:
    """Naming what to ask for instead."""
    async with connected(desk.url) as connection:
        await connection.execute(
            "INSERT INTO coverage SELECT 'production', $1, 'n' || number, 2, '', 0, 1 "
            "FROM generate_series(0, 20000) AS number",
            TODAY,
        )
    request = pb2.GetCoverageRequest(environment="production")
    assert "ask for fewer days" in (await desk.refused(desk.servicer.GetCoverage, request)).message


async def test_other_environments_count_for_themselves(desk: Desk) -> None:
    """Nothing of theirs is seen here."""
    await desk.count("venda_criada", TODAY, 1, "", 1)
    staging = await desk.call(desk.servicer.GetCoverage, pb2.GetCoverageRequest(environment="staging"))
    assert list(staging.rows) == []
