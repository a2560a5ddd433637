"""A rollout plan while all replicas are killed in turn."""

import pytest

from tests.load.conftest import Report
from tests.support.datastores import RunningDatastores
from tests.support.faults.rollout_killed import rollout_through_kills


@pytest.mark.timeout(400)
async def test_no_stage_is_skipped_or_repeated(
    datastores: RunningDatastores, database_url: str, report: Report
) -> None:
    """Through twenty stages, with three replicas that die every second or two and a clock that jumps by days."""
    report(
        await rollout_through_kills(
            database_url, datastores.valkey.url, replicas=3, stages=20, soak_seconds=1.5, pause_seconds=1.0
        )
    )
