"""Moments as messages have them."""

import datetime

from google.protobuf.timestamp_pb2 import Timestamp


def timestamp(moment: datetime.datetime | None) -> Timestamp | None:
    """Return the message of a moment; None for None."""
    if moment is None:
        return None
    message = Timestamp()
    message.FromDatetime(moment)
    return message
