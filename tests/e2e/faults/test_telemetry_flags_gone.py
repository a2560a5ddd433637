"""The flag service is away."""

import pytest

from tests.support.datastores import RunningDatastores
from tests.support.faults.telemetry_flags_gone import telemetry_without_flags


@pytest.mark.usefixtures("redis_url")
async def test_keys_are_known_without_the_flag_service(datastores: RunningDatastores, database_url: str) -> None:
    """Keys open what they opened, revoked ones do not, also after a restart; new ones do once it is back."""
    assert await telemetry_without_flags(datastores, database_url)
