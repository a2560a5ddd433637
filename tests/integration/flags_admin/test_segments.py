"""What can be done to a segment, and what is refused."""

import pytest
from google.protobuf.message import Message
from mirante.api.common.v1.value_pb2 import Value
from mirante.api.flags.v1 import flag_pb2
from mirante.api.flags.v1 import segment_admin_service_pb2 as pb2

from services.runtime.errors import AlreadyExists, EtagMismatch, StateConflict
from tests.support.flag_desk import Desk, fields, reason
from tests.support.flag_store import bool_flag, segment

P = "production"


async def _create(desk: Desk, wanted: flag_pb2.Segment) -> pb2.SegmentRecord:
    return (
        await desk.call(desk.segments.CreateSegment, pb2.CreateSegmentRequest(environment=P, segment=wanted))
    ).record


async def _get(desk: Desk, key: str) -> pb2.SegmentRecord:
    return (await desk.call(desk.segments.GetSegment, pb2.GetSegmentRequest(environment=P, segment_key=key))).record


def _inside(*keys: str) -> flag_pb2.Condition:
    return flag_pb2.Condition(operator=flag_pb2.OPERATOR_IN_SEGMENT, values=[Value(string_value=key) for key in keys])


def _nested(key: str, *inner: str) -> flag_pb2.Segment:
    return flag_pb2.Segment(key=key, rules=[flag_pb2.SegmentRule(conditions=[_inside(*inner)])])


async def test_a_segment_from_its_creation_to_its_end(desk: Desk) -> None:
    """Created, changed, archived, and its key taken again: versions go on counting."""
    created = await _create(desk, segment("s", "ana"))
    request = pb2.UpdateSegmentRequest(environment=P, segment=segment("s", "ana", "bia"), etag=created.etag)
    updated = (await desk.call(desk.segments.UpdateSegment, request)).record
    request.etag = updated.etag
    assert (await desk.call(desk.segments.UpdateSegment, request)).record == updated
    archive = pb2.ArchiveSegmentRequest(environment=P, segment_key="s", comment="fim")
    archived = (await desk.call(desk.segments.ArchiveSegment, archive)).record
    assert [record.segment.version for record in (created, updated, archived)] == [1, 2, 3]
    assert [record.revision for record in (created, updated, archived)] == [1, 2, 3]
    assert (archived.archived, await _get(desk, "s")) == (True, archived)
    listed = await desk.call(desk.segments.ListSegments, pb2.ListSegmentsRequest(environment=P))
    assert list(listed.records) == []
    again = await _create(desk, segment("s", "caio"))
    assert (again.segment.version, again.archived) == (4, False)
    history = pb2.GetSegmentHistoryRequest(environment=P, segment_key="s", page_size=2)
    page = await desk.call(desk.segments.GetSegmentHistory, history)
    assert [entry.version for entry in page.entries] == [4, 3]
    history.page_token = page.next_page_token
    rest = await desk.call(desk.segments.GetSegmentHistory, history)
    assert [entry.version for entry in rest.entries] == [2, 1]
    assert [(each.path, each.after) for each in rest.entries[0].changes] == [
        ("included[targeting_key].values[bia]", "bia")
    ]


async def test_a_segment_in_use_cannot_be_archived(desk: Desk) -> None:
    """The refusal names the flags and segments that refer to it."""
    await _create(desk, segment("s", "ana"))
    await _create(desk, _nested("t", "s"))
    rule = flag_pb2.Rule(id="r", conditions=[_inside("s")], serve=flag_pb2.Serve(variant="on"))
    await desk.create(bool_flag("a", rules=[rule]))
    request = pb2.ArchiveSegmentRequest(environment=P, segment_key="s")
    error = await desk.refused(desk.segments.ArchiveSegment, request)
    assert isinstance(error, StateConflict)
    assert error.metadata == {"state": "in use", "used_by": "flag a, segment t"}


async def test_segments_do_not_go_in_circles(desk: Desk) -> None:
    """Nor do they refer to what is not there."""
    await _create(desk, segment("s", "ana"))
    await _create(desk, _nested("t", "s"))
    etag = (await _get(desk, "s")).etag
    for inner, says in (("t", "circle"), ("nowhere", "'nowhere'")):
        request = pb2.UpdateSegmentRequest(environment=P, segment=_nested("s", inner), etag=etag)
        error = await desk.refused(desk.segments.UpdateSegment, request)
        assert reason(error) == "INVALID_DEFINITION"
        assert says in error.message
        assert all(field.startswith("segment.rules") for field in fields(error))


async def test_conflicts(desk: Desk) -> None:
    """A key that is taken, a stale etag, an archived segment: each its own refusal."""
    created = await _create(desk, segment("s", "ana"))
    create = pb2.CreateSegmentRequest(environment=P, segment=segment("s", "bia"))
    assert isinstance(await desk.refused(desk.segments.CreateSegment, create), AlreadyExists)
    stale = pb2.UpdateSegmentRequest(environment=P, segment=segment("s", "bia"), etag="1-00000000")
    error = await desk.refused(desk.segments.UpdateSegment, stale)
    assert isinstance(error, EtagMismatch)
    assert error.metadata == {"etag": created.etag}
    archive = pb2.ArchiveSegmentRequest(environment=P, segment_key="s", etag=created.etag)
    await desk.call(desk.segments.ArchiveSegment, archive)
    for method, request in (
        (desk.segments.UpdateSegment, stale),
        (desk.segments.ArchiveSegment, pb2.ArchiveSegmentRequest(environment=P, segment_key="s")),
    ):
        assert isinstance(await desk.refused(method, request), StateConflict)  # type: ignore[arg-type]  # of the same pair


EMPTY_RULE = flag_pb2.Segment(key="s", rules=[flag_pb2.SegmentRule()])
BAD = {
    "no key": ("CreateSegment", pb2.CreateSegmentRequest(environment=P), "INVALID_REQUEST", "segment.key"),
    "a rule without conditions": (
        "CreateSegment",
        pb2.CreateSegmentRequest(environment=P, segment=EMPTY_RULE),
        "INVALID_DEFINITION",
        "segment.rules[0].conditions",
    ),
    "no operator": (
        "CreateSegment",
        pb2.CreateSegmentRequest(
            environment=P,
            segment=flag_pb2.Segment(key="s", rules=[flag_pb2.SegmentRule(conditions=[flag_pb2.Condition()])]),
        ),
        "INVALID_DEFINITION",
        "segment.rules[0].conditions[0].operator",
    ),
    "10,001 members": (
        "CreateSegment",
        pb2.CreateSegmentRequest(environment=P, segment=segment("s", *[str(n) for n in range(10_001)])),
        "INVALID_DEFINITION",
        "segment.included[0].values",
    ),
    "an update without an etag": (
        "UpdateSegment",
        pb2.UpdateSegmentRequest(environment=P, segment=segment("known", "bia")),
        "INVALID_REQUEST",
        "etag",
    ),
    "a large page": (
        "ListSegments",
        pb2.ListSegmentsRequest(environment=P, page_size=1001),
        "INVALID_REQUEST",
        "page_size",
    ),
    "a wrong token": (
        "ListSegments",
        pb2.ListSegmentsRequest(environment=P, page_token="%"),
        "INVALID_REQUEST",
        "page_token",
    ),
    "get without a key": ("GetSegment", pb2.GetSegmentRequest(environment=P), "INVALID_REQUEST", "segment_key"),
}


@pytest.mark.parametrize(("method", "request_", "expected", "field"), BAD.values(), ids=BAD.keys())
async def test_requests_that_are_refused(desk: Desk, method: str, request_: Message, expected: str, field: str) -> None:
    """The refusal names the field."""
    await _create(desk, segment("known", "ana"))
    error = await desk.refused(getattr(desk.segments, method), request_)
    assert (reason(error), fields(error)) == (expected, [field])


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("GetSegment", pb2.GetSegmentRequest(environment=P, segment_key="x")),
        ("UpdateSegment", pb2.UpdateSegmentRequest(environment=P, segment=segment("x", "ana"), etag="1-0")),
        ("ArchiveSegment", pb2.ArchiveSegmentRequest(environment=P, segment_key="x")),
        ("GetSegmentHistory", pb2.GetSegmentHistoryRequest(environment=P, segment_key="x")),
    ],
)
async def test_a_segment_that_is_not_there(desk: Desk, method: str, request_: Message) -> None:
    """The refusal is SEGMENT_NOT_FOUND with the key."""
    error = await desk.refused(getattr(desk.segments, method), request_)
    assert (reason(error), error.metadata) == ("SEGMENT_NOT_FOUND", {"segment_key": "x"})
