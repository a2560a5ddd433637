"""`mirante privacy export`."""

import contextlib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Protocol

import grpc
import typer
from mirante.api.telemetry.v1 import privacy_service_pb2 as pb2

from services.cli.command import command
from services.cli.privacy.subjects import Anonymous, Tenant, User, subject_of
from services.cli.refusals import usage
from services.cli.session import Session

exporting = typer.Typer()

_PRIVATE = 0o600


class _Lines(Protocol):
    def write(self, text: str, /) -> object:
        """Take text."""


@command(exporting, "export")
def export_subject(
    session: Session,
    tenant: Tenant,
    user: User = "",
    anonymous: Anonymous = "",
    *,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Kept on record; must not name the person.")] = "",
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write to this file.")] = None,
) -> None:
    """Write everything that is held about a person as JSON, one document a line."""
    request = pb2.ExportSubjectRequest(
        environment=session.environment, subject=subject_of(tenant, user, anonymous), reason=reason
    )
    if out is None:
        _copy(session, request, sys.stdout)
        sys.stdout.flush()
        return
    with _file_when_complete(out) as file:
        counts = _copy(session, request, file)
    session.output.answer(
        lambda: {"file": str(out), "documents": dict(counts)},
        lambda output: output.line(f"{sum(counts.values())} documents written to {out}"),
    )


def _copy(session: Session, request: pb2.ExportSubjectRequest, lines: _Lines) -> Counter[str]:
    counts: Counter[str] = Counter()
    try:
        for response in session.privacy.ExportSubject(request, metadata=session.metadata):
            counts[response.kind] += 1
            lines.write(f'{{"kind": {json.dumps(response.kind)}, "document": {response.json}}}\n')
    except grpc.RpcError as error:
        raise session.refusal(error, request) from None
    return counts


@contextlib.contextmanager
def _file_when_complete(out: Path) -> Iterator[_Lines]:
    """Yield a file that only its owner can read, and that has its name only once all of it is there."""
    partial = out.with_name(f"{out.name}.partial")
    try:
        with os.fdopen(
            os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE), "w", encoding="utf-8"
        ) as file:
            yield file
        partial.replace(out)
    except OSError as error:
        raise usage(f"cannot write {out}: {error.strerror}") from None
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
