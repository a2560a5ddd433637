"""Large YAML is read in a process of its own, and answers as small YAML does."""

import asyncio
import os
from pathlib import Path

import psutil
import pytest

from services.flags.flags_yaml import read_definitions
from services.flags.flags_yaml.aside import Reader
from services.runtime.errors import InvalidRequest
from tests.support.flag_desk import fields, reason

DEMO = (Path(__file__).parents[3] / "services/flags/demo/vendas.yaml").read_text()


def children() -> set[int]:
    """Return the processes that we started and that still run."""
    return {child.pid for child in psutil.Process(os.getpid()).children(recursive=True)}


async def test_both_ways_of_reading_agree() -> None:
    """To the last field."""
    expected = read_definitions(DEMO)
    assert await Reader(large=0).read(DEMO) == expected
    assert await Reader().read(DEMO) == expected


@pytest.mark.parametrize("yaml", ["flags: [", "flags: {a: {on: x, b: c}}", "flags: {a: {onn: true}}"])
async def test_both_ways_of_refusing_agree(yaml: str) -> None:
    """Reason, fields and words."""
    refusals = []
    for reader in (Reader(large=0), Reader()):
        with pytest.raises(InvalidRequest) as caught:
            await reader.read(yaml)
        refusals.append((reason(caught.value), fields(caught.value), caught.value.message))
    assert refusals[0] == refusals[1]


async def test_reading_has_an_end() -> None:
    """A document that takes too long is refused, and its process is gone."""
    before = children()
    with pytest.raises(InvalidRequest) as caught:
        await Reader(large=0, seconds=0.01).read(DEMO)
    assert (reason(caught.value), fields(caught.value)) == ("INVALID_REQUEST", ["yaml"])
    assert children() == before


async def test_a_caller_that_goes_away_takes_the_process_along() -> None:
    """And the next document is read."""
    before = children()
    reader = Reader(large=0)
    reading = asyncio.create_task(reader.read(DEMO))
    while children() == before:
        await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert children() == before
    assert len((await reader.read(DEMO)).flags) == 13
