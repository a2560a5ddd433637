"""Messages in JSON, both ways."""

import json
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import given
from hypothesis import strategies as st
from mirante.api.flags.v1 import evaluation_service_pb2 as evaluation_pb2
from mirante.api.flags.v1 import flag_admin_service_pb2 as admin_pb2
from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1 import flag_sync_service_pb2 as sync_pb2
from mirante.api.telemetry.v1 import event_log_service_pb2 as log_pb2

from services.gateway.admin.json_messages import json_of, message_of, serialised
from services.gateway.http.problems import Problem
from services.runtime.errors import InvalidRequest


def wrong(document: Any, kind: Any = admin_pb2.CreateFlagRequest) -> dict[str, str]:
    """Return what is said to be wrong, by field."""
    with pytest.raises(InvalidRequest) as caught:
        message_of(document, kind)
    return {each.field: each.description for each in caught.value.violations}


async def test_answers_hold_every_field_that_cannot_be_absent() -> None:
    """Zeros, empty texts and lists are there; 64-bit numbers are texts; what can be absent is left out."""
    answer = sync_pb2.GetDeliveryResponse(
        revision=2**63, lagging=[sync_pb2.LaggingSubscriber(client_name="vendas-api")]
    )
    found = json.loads(await json_of(answer.SerializeToString(), sync_pb2.GetDeliveryResponse))
    assert found == {
        "revision": "9223372036854775808",
        "connected": 0,
        "applied": 0,
        "lagging": [{"clientName": "vendas-api", "clientInstance": "", "revision": "0"}],
        "replicas": 0,
        "partial": False,
    }
    record = json.loads(await json_of(b"", admin_pb2.FlagRecord))
    assert "flag" not in record
    assert "createdAt" not in record
    rollout = flag_pb2.Rollout(coverage=0).SerializeToString()
    assert json.loads(await json_of(rollout, flag_pb2.Rollout))["coverage"] == 0
    assert "coverage" not in json.loads(await json_of(b"", flag_pb2.Rollout))


async def test_what_is_written_can_be_read_again() -> None:
    """Every kind of value survives: enums, times, bytes, maps, oneofs, optional fields, text of any script."""
    document = {
        "environment": "production",
        "flag": {
            "key": "novo",
            "type": "FLAG_TYPE_JSON",
            "variants": [{"name": "on", "value": {"mapValue": {"fields": {"olá": {"intValue": "-9007199254740993"}}}}}],
            "startsAt": "2026-11-25T12:00:00.500Z",
            "fallthrough": {"rollout": {"splits": [{"variant": "on", "weight": 100000}], "coverage": 0}},
        },
    }
    payload = await serialised(json.dumps(document).encode(), admin_pb2.CreateFlagRequest)
    again = json.loads(await json_of(payload, admin_pb2.CreateFlagRequest))
    assert message_of(again, admin_pb2.CreateFlagRequest) == ParseDict(document, admin_pb2.CreateFlagRequest())
    assert again["flag"]["variants"][0]["value"] == document["flag"]["variants"][0]["value"]  # type: ignore[index]
    assert again["flag"]["fallthrough"]["rollout"]["coverage"] == 0


def test_every_wrong_field_is_named() -> None:
    """With its place in the JSON as it was written, all at once, and what it has to be."""
    document = {
        "enviroment": "production",
        "comment": 7,
        "flag": {
            "key": None,
            "type": "BOOL",
            "on": "yes",
            "variants": [{"name": "on"}, 5, {"name": "off", "value": {"boolValue": True, "intValue": "1"}}],
            "tags": "all",
            "startsAt": "tomorrow",
            "version": "1.5",
            "rules": [{"serve": {"rollout": {"splits": [{"weight": -1}]}}}],
            "kill": [],
        },
    }
    found = wrong(document)
    assert found["enviroment"] == "is no field of CreateFlagRequest"
    assert found["comment"] == "must be a text"
    assert "FLAG_TYPE_BOOL" in found["flag.type"]
    assert found["flag.on"] == "must be true or false"
    assert found["flag.variants[1]"] == "must be an object"
    assert found["flag.variants[2].value.intValue"] == "cannot be there beside boolValue"
    assert found["flag.tags"] == "must be a list"
    assert found["flag.startsAt"].startswith("must be a time")
    assert found["flag.version"] == "must be an integer from 0 to 2^64 - 1, as a text"
    assert found["flag.rules[0].serve.rollout.splits[0].weight"] == "must be an integer from 0 to 4294967295"
    assert "flag.key" not in found  # null is the default
    # What was sent is not repeated: it may be anybody's data.
    assert not any(sent in text for text in found.values() for sent in ("tomorrow", "yes", "1.5"))


def test_names_of_the_contract_are_read_too() -> None:
    """As proto3-JSON has it."""
    assert message_of({"flag_key": "a"}, admin_pb2.GetFlagRequest) == admin_pb2.GetFlagRequest(flag_key="a")


@pytest.mark.parametrize("document", [None, [], 1, "text", True, [{}]])
def test_a_body_is_an_object(document: Any) -> None:
    """Whatever else JSON can hold."""
    assert wrong(document) == {"body": "must be an object"}


def test_depth_is_bounded() -> None:
    """Of lists in lists, and of what a message does not have."""
    value: dict[str, Any] = {"boolValue": True}
    for _ in range(90):
        value = {"listValue": {"values": [value]}}
    context = {"context": {"attributes": {"a": value}}}
    assert any("deeply" in text for text in wrong(context, evaluation_pb2.EvaluateFlagRequest).values())


async def test_a_body_is_json() -> None:
    """As everywhere in the gateway: with a place, without what was sent."""
    with pytest.raises(Problem, match="line 1, column 2"):
        await serialised(b"{secret}", log_pb2.TailEventsRequest)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["environment", "flag", "key", "variants", "value", "type", "rules", "intValue", "\ud800"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_JSON)
def test_whatever_is_sent_is_read_or_refused_with_a_field(document: Any) -> None:
    """Nothing else is ever raised."""
    try:
        message_of(document, admin_pb2.CreateFlagRequest)
    except InvalidRequest as error:
        assert error.violations  # noqa: PT017 - either outcome is right
