"""The JSON that `--json` prints."""

import uuid

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.flags.v1 import flag_admin_service_pb2 as flags_pb2
from mirante.api.flags.v1 import flag_pb2
from mirante.api.telemetry.v1 import event_pb2
from mirante.wire import value_to_proto

from services.cli.events.event_data import event_data
from services.cli.plain import enum_name, plain


def test_record_is_plain_json() -> None:
    """Numbers are numbers, values are values, enums are words, and moments RFC 3339."""
    variant = flag_pb2.Variant(name="on", value=value_to_proto({"limite": [9007199254740993, 0.5, None]}))
    record = flags_pb2.FlagRecord(
        flag=flag_pb2.Flag(key="a", type=flag_pb2.FLAG_TYPE_JSON, variants=[variant]),
        revision=2**63,
        updated_at=Timestamp(seconds=1_800_000_000),
    )
    data = plain(record)
    assert data["revision"] == 2**63
    assert data["updated_at"] == "2027-01-15T08:00:00Z"
    assert data["flag"]["type"] == "json"
    assert data["flag"]["variants"] == [
        {"name": "on", "value": {"limite": [9007199254740993, 0.5, None]}, "description": ""}
    ]


def test_fields_without_presence_are_always_there() -> None:
    """Programs need not ask whether `on` is missing or false; what is unset stays away."""
    data = plain(flag_pb2.Flag(key="a"))
    assert data["on"] is False
    assert data["tags"] == []
    assert "kill" not in data


def test_number_of_a_newer_service_stays_a_number() -> None:
    """An unknown state is no reason to fail."""
    assert enum_name(flag_pb2.FlagType.DESCRIPTOR, 99) == "99"


def test_map_is_an_object() -> None:
    """Properties of an event by their name, each as the value that it is."""
    event = event_pb2.Event(name="venda_criada")
    event.properties["valor"].string_value = "1234.50"
    event.properties["itens_count"].int_value = 3
    event.properties["cupom"].SetInParent()
    assert plain(event)["properties"] == {"cupom": None, "itens_count": 3, "valor": "1234.50"}


def test_id_of_an_event_is_written_as_uuids_are() -> None:
    """It can be searched for as other tools print it."""
    made = uuid.UUID("0192f0c1-5a3e-7c41-9f6e-2b1d3c4e5f60")
    assert event_data(event_pb2.Event(id=made.bytes))["id"] == str(made)
    assert event_data(event_pb2.Event(id=b"\x01"))["id"] == "01"
