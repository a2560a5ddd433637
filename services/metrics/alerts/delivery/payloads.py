"""What webhooks are told. Pure."""

import datetime
import json
import uuid
from typing import Any, Final, TypeAlias

from google.protobuf.json_format import MessageToDict
from mirante.api.metrics.v1 import alert_pb2 as pb2

Event: TypeAlias = pb2.AlertEvent.ValueType

TYPES: Final = {
    pb2.ALERT_EVENT_OPENED: "alert.opened",
    pb2.ALERT_EVENT_ACKNOWLEDGED: "alert.acknowledged",
    pb2.ALERT_EVENT_RESOLVED: "alert.resolved",
    pb2.ALERT_EVENT_TEST: "alert.test",
}


def new_message_id() -> str:
    """Return the id of a message."""
    return f"msg_{uuid.uuid4().hex}"


def alert_body(event: Event, alert: pb2.Alert, at: datetime.datetime) -> bytes:
    """Return the body of a message about an alert: `data` is the alert as the JSON interface shows it."""
    return _body(event, at, {"alert": MessageToDict(alert, preserving_proto_field_name=True)})


def test_body(environment: str, webhook_id: str, at: datetime.datetime) -> bytes:
    """Return the body of a test."""
    return _body(pb2.ALERT_EVENT_TEST, at, {"environment": environment, "webhook_id": webhook_id})


def _body(event: Event, at: datetime.datetime, data: dict[str, Any]) -> bytes:
    message = {"type": TYPES[event], "timestamp": at.isoformat(), "data": data}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
