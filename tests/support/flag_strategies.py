"""Hypothesis strategies of definitions that hold together, in everything that their messages can say."""

from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import settings
from hypothesis import strategies as st
from mirante.api.common.v1.value_pb2 import Value
from mirante.api.flags.v1 import flag_pb2
from mirante.wire import value_to_proto

SETTINGS = settings(deadline=None, max_examples=100)  # machines are noisy: an example may take its time
KEYS = st.from_regex(r"[A-Za-z0-9_.-]{1,12}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(
    [
        "on",
        "true",
        "null",
        "~",
        "-7d",
        "1e3",
        "0x1F",
        "2026-01-01",
        "a: b",
        "# não",
        "- x",
        "50%",
        " ",
        "a\nb",
        "<<",
        "=",
    ]
)
NAMES = TEXTS.filter(bool)
LINES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40)
ATTRIBUTES = LINES.filter(lambda text: text not in ("", "/"))
INTEGERS = st.integers(-(1 << 63), (1 << 63) - 1)
DOUBLES = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | INTEGERS | DOUBLES | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
VALUES_BY_TYPE = {
    flag_pb2.FLAG_TYPE_BOOL: st.booleans(),
    flag_pb2.FLAG_TYPE_STRING: TEXTS,
    flag_pb2.FLAG_TYPE_INTEGER: INTEGERS,
    flag_pb2.FLAG_TYPE_DOUBLE: DOUBLES,
    flag_pb2.FLAG_TYPE_JSON: st.lists(JSON, max_size=3) | st.dictionaries(TEXTS, JSON, max_size=3),
}
SALTS = st.from_regex(r"[0-9a-f]{16}", fullmatch=True)


@st.composite
def conditions(draw: st.DrawFn) -> flag_pb2.Condition:
    """Conditions whose values any operator could have; not all of them hold together."""
    scalars = st.lists(st.booleans() | INTEGERS | DOUBLES | TEXTS, min_size=1, max_size=3)
    return flag_pb2.Condition(
        attribute=draw(ATTRIBUTES),
        operator=draw(
            st.sampled_from([flag_pb2.OPERATOR_IN, flag_pb2.OPERATOR_ARRAY_ANY, flag_pb2.OPERATOR_ARRAY_ALL])
        ),
        values=[value_to_proto(value) for value in draw(scalars)],
        negate=draw(st.booleans()),
        ignore_case=draw(st.booleans()),
    )


@st.composite
def serves(draw: st.DrawFn, variants: list[str]) -> flag_pb2.Serve:
    """What can be served of these variants; a variant may have several shares."""
    if draw(st.booleans()):
        return flag_pb2.Serve(variant=draw(st.sampled_from(variants)))
    cuts = sorted(draw(st.lists(st.integers(0, 100_000), max_size=3)))
    splits = [
        flag_pb2.Split(variant=draw(st.sampled_from(variants)), weight=end - start)
        for start, end in zip([0, *cuts], [*cuts, 100_000], strict=True)
    ]
    rollout = flag_pb2.Rollout(bucket_by=draw(LINES), splits=splits)
    if draw(st.booleans()):
        rollout.coverage = draw(st.integers(0, 100_000))
    if draw(st.booleans()):
        rollout.range.salt = draw(ATTRIBUTES)
        rollout.range.start = draw(st.integers(0, 99_999))
        rollout.range.end = draw(st.integers(rollout.range.start + 1, 100_000))
    return flag_pb2.Serve(rollout=rollout)


@st.composite
def flags(draw: st.DrawFn, key: str = "") -> flag_pb2.Flag:
    """Flags, complete as they are stored, without references to others."""
    flag_type = draw(st.sampled_from(sorted(VALUES_BY_TYPE)))
    names = draw(st.lists(KEYS, min_size=1, max_size=4, unique=True))
    rule_ids = draw(st.lists(KEYS, max_size=3, unique=True))
    members = st.lists(NAMES, min_size=1, max_size=3, unique=True)
    flag = flag_pb2.Flag(
        key=key or draw(KEYS),
        type=flag_type,
        variants=[
            flag_pb2.Variant(name=name, value=_value(draw(VALUES_BY_TYPE[flag_type])), description=draw(LINES))
            for name in names
        ],
        on=draw(st.booleans()),
        off_variant=draw(st.sampled_from(names)),
        targets=[
            flag_pb2.Target(attribute=attribute, variant=draw(st.sampled_from(names)), values=draw(members))
            for attribute in draw(st.lists(ATTRIBUTES, max_size=2, unique=True))
        ],
        rules=[
            flag_pb2.Rule(
                id=rule_id,
                description=draw(LINES),
                conditions=draw(st.lists(conditions(), min_size=1, max_size=2)),
                serve=draw(serves(names)),
            )
            for rule_id in rule_ids
        ],
        fallthrough=draw(serves(names)),
        client_visible=draw(st.booleans()),
        description=draw(LINES),
        owner=draw(LINES),
        tags=draw(st.lists(LINES.filter(str.strip), max_size=3)),
    )
    start = draw(st.none() | st.integers(-62_135_596_800, 253_402_300_700))
    if start is not None:
        flag.starts_at.CopyFrom(Timestamp(seconds=start, nanos=draw(st.integers(0, 999_999_999))))
        flag.ends_at.CopyFrom(Timestamp(seconds=start + 1 + draw(st.integers(0, 90))))
    flag.bucketing.salt, flag.bucketing.coverage_salt = draw(st.lists(SALTS, min_size=2, max_size=2, unique=True))
    flag.bucketing.hash_version = 1
    return flag


@st.composite
def segments(draw: st.DrawFn) -> flag_pb2.Segment:
    """Segments without references to others."""
    members = st.builds(
        lambda attribute, values: flag_pb2.SegmentMembers(attribute=attribute, values=values),
        ATTRIBUTES,
        st.lists(NAMES, min_size=1, max_size=3),
    )
    rules = st.builds(
        lambda found: flag_pb2.SegmentRule(conditions=found), st.lists(conditions(), min_size=1, max_size=2)
    )
    return flag_pb2.Segment(
        key=draw(KEYS),
        description=draw(LINES),
        included=draw(st.lists(members, max_size=2)),
        excluded=draw(st.lists(members, max_size=2)),
        rules=draw(st.lists(rules, max_size=2)),
        tags=draw(st.lists(LINES.filter(str.strip), max_size=3)),
    )


def _value(plain: object) -> Value:
    return value_to_proto(plain)  # type: ignore[arg-type]  # drawn from the kinds that it takes
