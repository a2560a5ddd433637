"""What was asked for, and of whom."""

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mirante.api.telemetry.v1 import privacy_service_pb2 as pb2

EXPORT: Final = pb2.PRIVACY_REQUEST_KIND_EXPORT
ERASE_SUBJECT: Final = pb2.PRIVACY_REQUEST_KIND_ERASE_SUBJECT
ERASE_TENANT: Final = pb2.PRIVACY_REQUEST_KIND_ERASE_TENANT


@dataclass(frozen=True, slots=True)
class Place:
    """Where people are: a tenant of an environment."""

    environment: str
    tenant: str


@dataclass(frozen=True, slots=True)
class Asked:
    """By whom, and why."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Bound:
    """What a tenant loses: what stands in the log before this position and was received until this moment."""

    position: int
    at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Request:
    """
    One request on record; `subject_hash` is empty for a tenant's.

    `bound` is that of the entry in the log; None until there is one. `counts` and `left` are by place.
    """

    id: uuid.UUID
    kind: int
    place: Place
    subject_hash: bytes
    asked: Asked
    requested_at: datetime.datetime
    completed_at: datetime.datetime | None
    bound: Bound | None
    counts: Mapping[str, int]
    left: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Doomed:
    """What is erased: all of these subjects, or with None all that a tenant had before the bound."""

    place: Place
    subjects: tuple[str, ...] | None
    bound: Bound | None = None
