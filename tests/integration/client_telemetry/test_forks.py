"""Processes that fork: each delivers exactly what it tracked itself."""

import os
from collections import Counter

import pytest

from tests.integration.client_telemetry.programs import run
from tests.support.fake_telemetry import FakeTelemetry

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")


@pytest.mark.parametrize("spool", [False, True])
def test_parents_and_children_deliver_their_own(telemetry: FakeTelemetry, spool: bool, tmp_path: object) -> None:
    """Events wait while the process forks: nothing is lost, and nothing counts twice. Children may fork as well."""
    arguments = (tmp_path,) if spool else ()
    run("forks", telemetry, *arguments, LINGER=5)
    assert Counter(telemetry.names) == {
        "of_parent": 60,
        "of_parent_afterwards": 3,
        "of_child": 30,
        "of_grandchild": 1,
    }
    # Nothing was under way while the process forked, so that whatever is seen twice was sent for another.
    assert set(telemetry.seen.values()) == {1}


@pytest.mark.parametrize("spool", [False, True])
def test_workers_of_a_preloading_server(telemetry: FakeTelemetry, spool: bool, tmp_path: object) -> None:
    """Workers that live side by side, each with counters of its own, while the master goes on."""
    arguments = (tmp_path,) if spool else ()
    run("preloading", telemetry, *arguments)
    assert Counter(telemetry.names) == {"of_master": 2, "of_worker": 200}
