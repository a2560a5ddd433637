"""Contexts in, answers out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.common.v1 import value_pb2
from mirante.api.flags.v1 import evaluation_service_pb2 as evaluation_pb2
from mirante.evaluation import compile as compile_rules
from mirante.evaluation import evaluate
from mirante.evaluation.model import Stamp
from mirante.wire import context_from_proto, context_to_proto, evaluation_to_proto, flag_from_proto

from services.flags.answers import evaluation_field, refused_item, status_of, stream_response
from services.flags.contexts import MOST_BYTES, MOST_LEVELS, read_context
from services.flags.environment_rules import Snapshot
from services.flags.store import EnvironmentHead
from services.runtime.errors import InvalidRequest, NotFound
from services.runtime.wire_fields import bytes_field, varint
from tests.support.flag_messages import bool_flag, percentage_flag
from tests.support.memory_rules import NOW

ATTRIBUTES = st.dictionaries(
    st.text(max_size=10),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**63 - 1)
        | st.floats(allow_nan=False)
        | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=10,
    ),
    max_size=6,
)


def snapshot() -> Snapshot:
    """An environment with a plain flag and a percentage."""
    flags = [flag_from_proto(bool_flag("plain")), flag_from_proto(percentage_flag("half", 50_000))]
    head = EnvironmentHead("production", "l", 7, NOW)
    return Snapshot(head, compile_rules(flags, [], Stamp(7, "l")), 0)


@given(ATTRIBUTES)
def test_a_context_is_read_as_the_clients_write_it(attributes: dict[str, object]) -> None:
    """The same values as the common conversion gives, empty texts and zeros included."""
    message = context_to_proto(attributes)  # type: ignore[arg-type] # plain values of the strategy
    assert read_context(message) == context_from_proto(message)


def nested(levels: int) -> evaluation_pb2.EvaluationContext:
    """A context of that many levels."""
    value = value_pb2.Value(int_value=1)
    for level in range(levels - 1):
        outer = value_pb2.Value()
        if level % 2:
            outer.list_value.values.append(value)
        else:
            outer.map_value.fields["x"].CopyFrom(value)
        value = outer
    return evaluation_pb2.EvaluationContext(attributes={"deep": value})


def test_a_context_may_be_so_deep_and_no_deeper() -> None:
    """The refusal names the attribute."""
    read_context(nested(MOST_LEVELS))
    with pytest.raises(InvalidRequest) as refused:
        read_context(nested(MOST_LEVELS + 1))
    assert refused.value.reason == reasons.ERROR_REASON_INVALID_CONTEXT
    assert refused.value.violations[0].field == "context.deep"


def test_a_context_may_be_so_large_and_no_larger() -> None:
    """The size is that of the message."""
    read_context(evaluation_pb2.EvaluationContext(targeting_key="x" * (MOST_BYTES - 4)))
    with pytest.raises(InvalidRequest) as refused:
        read_context(evaluation_pb2.EvaluationContext(targeting_key="x" * (MOST_BYTES - 3)))
    assert refused.value.reason == reasons.ERROR_REASON_INVALID_CONTEXT
    assert refused.value.violations[0].field == "context"


def test_answers_are_the_messages_that_they_stand_for() -> None:
    """What is joined from bytes parses as what would have been built."""
    now = snapshot()
    evaluations = [evaluate(now.ruleset, key, {"targeting_key": "ana"}, 0.0) for key in ("plain", "half", "missing")]
    messages = [evaluation_to_proto(each) for each in evaluations]
    for _ in range(2):  # made, then remembered
        fields = [evaluation_field(now, each) for each in evaluations]
        one = evaluation_pb2.EvaluateFlagResponse.FromString(fields[0])
        many = evaluation_pb2.EvaluateFlagsResponse.FromString(b"".join(fields))
        streamed = evaluation_pb2.EvaluateStreamResponse.FromString(stream_response(2**64 - 1, fields[1]))
        assert one == evaluation_pb2.EvaluateFlagResponse(evaluation=messages[0])
        assert many == evaluation_pb2.EvaluateFlagsResponse(evaluations=messages)
        assert streamed == evaluation_pb2.EvaluateStreamResponse(request_id=2**64 - 1, evaluation=messages[1])
    assert len(now.answers) == 2


def test_only_answers_are_remembered() -> None:
    """Errors differ from call to call, and would fill the memory."""
    now = snapshot()
    for number in range(10):
        evaluation_field(now, evaluate(now.ruleset, f"missing-{number}", {}, 0.0))
    assert now.answers == {}


@given(st.integers(0, 2**64 - 1), st.binary(max_size=400))
def test_fields_are_written_as_protobuf_writes_them(number: int, payload: bytes) -> None:
    """Lengths of one byte and of several."""
    value = value_pb2.Value(string_value="")
    assert (
        varint(number) == evaluation_pb2.EvaluateStreamRequest(request_id=number).SerializeToString()[1:] or not number
    )
    assert len(bytes_field(2, payload)) == len(payload) + 1 + len(varint(len(payload)))
    value.MergeFromString(bytes_field(2, b"text"))
    assert value.string_value == "text"


def test_a_missing_flag_is_not_found() -> None:
    """Its key is in the metadata."""
    now = snapshot()
    error = status_of(evaluate(now.ruleset, "missing", {}, 0.0), now)
    assert isinstance(error, NotFound)
    assert error.metadata["flag_key"] == "missing"


def test_an_item_that_is_refused_carries_its_error() -> None:
    """Beside the id that the caller chose."""
    error = InvalidRequest.of("environment", "no")
    response = evaluation_pb2.EvaluateStreamResponse.FromString(refused_item(5, "plain", error))
    assert (response.request_id, response.evaluation.flag_key) == (5, "plain")
    assert response.evaluation.reason == evaluation_pb2.REASON_ERROR
    assert response.evaluation.error == reasons.ERROR_REASON_INVALID_REQUEST
    assert response.evaluation.error_message == "environment: no"
