"""Moments of messages. Pure."""

import datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from services.runtime.errors import InvalidRequest

_LAST_SECOND: Final = 253_402_300_799


def moment_of(timestamp: Timestamp, field: str) -> datetime.datetime:
    """Return a moment, cut to microseconds; raise InvalidRequest when it is absurd."""
    if not 0 <= timestamp.seconds <= _LAST_SECOND or not 0 <= timestamp.nanos < 10**9:
        raise InvalidRequest.of(field, "must be a time between 1970 and 9999")
    return timestamp.ToDatetime(datetime.UTC)
