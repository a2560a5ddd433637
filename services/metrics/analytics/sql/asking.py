"""What is asked in SQL, within which limits, and how it is told to the process that runs it. Pure."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Final

from services.runtime.errors import InvalidRequest

MOST_STATEMENT_BYTES: Final = 100_000
MOST_ROWS: Final = 10_000
_USUAL_ROWS: Final = 1_000
MOST_BYTES: Final = 3 * 1024 * 1024
"""Of the rows of an answer; with what is around them it stays below what gRPC takes, 4 MiB."""
MOST_SECONDS: Final = 60.0
_USUAL_SECONDS: Final = 10.0
MEMORY_MIB: Final = 512
THREADS: Final = 2


@dataclass(frozen=True, slots=True)
class SqlLimits:
    """
    What a statement is held to.

    Attributes:
        most_rows: of the answer.
        seconds: how long it may run.
        most_bytes: of the rows of the answer together.
        memory_mib: that the engine may use, in mebibytes.
        threads: that the engine may use.
    """

    most_rows: int
    seconds: float
    most_bytes: int = MOST_BYTES
    memory_mib: int = MEMORY_MIB
    threads: int = THREADS


@dataclass(frozen=True, slots=True)
class SqlQuestion:
    """
    One statement.

    Attributes:
        folder: of all stores.
        environment: its key.
        tenant: whose events; None for those of all.
        statement: SQL; None asks what there is to select from.
        limits: see there.
    """

    folder: str
    environment: str
    tenant: str | None
    statement: str | None
    limits: SqlLimits

    def encoded(self) -> bytes:
        """Return the question as one line."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def decoded(cls, line: bytes) -> "SqlQuestion":
        """Return the question of a line that `encoded` made."""
        document: dict[str, Any] = json.loads(line)
        return cls(**(document | {"limits": SqlLimits(**document["limits"])}))


def limits_of(most_rows: int, seconds: float | None) -> SqlLimits:
    """
    Return the limits that are asked for.

    Args:
        most_rows: of the answer; 0 for what is usual.
        seconds: how long the statement may run; None for what is usual.

    Raises:
        InvalidRequest: `most_rows` or `time_limit` is out of range.
    """
    if most_rows > MOST_ROWS:
        raise InvalidRequest.of("most_rows", f"is at most {MOST_ROWS:,}")
    seconds = _USUAL_SECONDS if seconds is None else seconds
    if not 0 < seconds <= MOST_SECONDS:
        raise InvalidRequest.of("time_limit", f"is more than 0 and at most {MOST_SECONDS:.0f} seconds")
    return SqlLimits(most_rows or _USUAL_ROWS, seconds)


def checked_statement(statement: str) -> str:
    """Return a statement that is there and not too long; raise InvalidRequest."""
    if not statement.strip():
        raise InvalidRequest.of("statement", "is empty: say one SELECT")
    if len(statement.encode()) > MOST_STATEMENT_BYTES:
        raise InvalidRequest.of("statement", f"is longer than {MOST_STATEMENT_BYTES:,} bytes")
    return statement


def tenant_of(tenant: str | None, *, all_tenants: bool) -> str | None:
    """Return whose events are asked about, None for all; raise InvalidRequest unless exactly one of both is said."""
    if all_tenants and tenant is not None:
        raise InvalidRequest.of("tenant", "is not said together with all_tenants")
    if not all_tenants and tenant is None:
        raise InvalidRequest.of("tenant", "say whose events, or all_tenants")
    return tenant
