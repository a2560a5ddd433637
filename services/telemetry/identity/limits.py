"""What requests about identities may say. Pure."""

import datetime
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from mirante.api.common.v1 import value_pb2
from mirante.evaluation.model import Violation

from services.runtime.errors import InvalidRequest
from services.telemetry.events.checks import MOST_ID_BYTES, MOST_LEVELS, MOST_NAME_BYTES
from services.telemetry.identity.store import Trait

MOST_TRAITS: Final = 100
"""In one request, and of one user or tenant."""
MOST_VALUE_BYTES: Final = 8 * 1024

_FUTURE: Final = datetime.timedelta(hours=1)
_FIRST_SECOND: Final = -62_135_596_800
_LAST_SECOND: Final = 253_402_300_799

Values = Iterable[tuple[str, value_pb2.Value]]


def require_ids(*, tenant: str, user_id: str | None = None, anonymous_id: str | None = None) -> None:
    """Raise `InvalidRequest` for ids that no event can have, or that are empty; None is not looked at."""
    violations = list(_id_violations("tenant", tenant, MOST_NAME_BYTES))
    for field, text in (("user_id", user_id), ("anonymous_id", anonymous_id)):
        if text is not None:
            violations += _id_violations(field, text, MOST_ID_BYTES)
            if not text:
                violations.append(Violation(field, "is required"))
    if violations:
        raise InvalidRequest(violations)


def traits_of(
    traits: Mapping[str, value_pb2.Value], observed_at: Timestamp | None, now: datetime.datetime
) -> list[Trait]:
    """
    Return traits as they are stored, sorted by name.

    What claims to be from more than an hour ahead counts as from `now`: a wrong clock must not win for ever.

    Raises:
        InvalidRequest: there are too many, a name or value is malformed or too large, or the time is none.
    """
    if len(traits) > MOST_TRAITS:
        raise InvalidRequest.of("traits", f"are {len(traits)}; at most {MOST_TRAITS} may be set at once")
    violations: list[Violation] = []
    found: list[Trait] = []
    at = _moment(observed_at, now, violations)
    for name in sorted(traits):
        size = len(name.encode())
        if not 1 <= size <= MOST_NAME_BYTES or "\x00" in name:
            violations.append(Violation("traits", f"a name has 1 to {MOST_NAME_BYTES} bytes, none of them NUL"))
            continue
        field, value = f"traits.{name}", traits[name]
        violations += _value_violations(field, value, 2)
        value.DiscardUnknownFields()
        serialised = value.SerializeToString(deterministic=True)
        if len(serialised) > MOST_VALUE_BYTES:
            violations.append(Violation(field, f"is {len(serialised)} bytes; may be {MOST_VALUE_BYTES} at most"))
        found.append(Trait(name, serialised or None, at))
    if violations:
        raise InvalidRequest(violations)
    return found


def _moment(at: Timestamp | None, now: datetime.datetime, violations: list[Violation]) -> datetime.datetime:
    if at is None:
        return now
    if not (_FIRST_SECOND <= at.seconds <= _LAST_SECOND and 0 <= at.nanos < 1_000_000_000):
        violations.append(Violation("observed_at", "must lie in the years 1 to 9999"))
        return now
    moment = at.ToDatetime(datetime.UTC)
    return now if moment > now + _FUTURE else moment


def _id_violations(field: str, text: str, most: int) -> Iterator[Violation]:
    if len(text.encode()) > most:
        yield Violation(field, f"is longer than {most} bytes")
    if "\x00" in text:
        yield Violation(field, "holds a NUL character")


def _value_violations(field: str, value: value_pb2.Value, level: int) -> Iterator[Violation]:
    kind = value.WhichOneof("kind")
    if kind == "string_value" and "\x00" in value.string_value:
        yield Violation(field, "holds a NUL character")
    elif kind == "double_value" and not math.isfinite(value.double_value):
        yield Violation(field, "is not a finite number")
    elif kind in ("list_value", "map_value"):
        if level > MOST_LEVELS:
            yield Violation(field, f"is nested more than {MOST_LEVELS} levels deep")
            return
        if any("\x00" in name for name in value.map_value.fields):
            yield Violation(field, "a name holds a NUL character")
        for item in value.list_value.values if kind == "list_value" else value.map_value.fields.values():
            yield from _value_violations(field, item, level + 1)
