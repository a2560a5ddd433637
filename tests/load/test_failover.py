"""Datastores of several machines, of which some are lost."""

import pytest

from tests.load.conftest import Report
from tests.load.raw_crowd import RawCrowd
from tests.support.faults.failed_over import failed_over


@pytest.mark.timeout(900)
async def test_a_standby_takes_over_under_load(report: Report) -> None:
    """Nothing that was acknowledged is lost, errors are few and all of one kind, and nobody has to do anything."""
    report(await failed_over(RawCrowd, streams=500, failovers=2, events_per_second=300))
