"""`mirante analytics boards | board | run | names`."""

import datetime
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from google.protobuf import json_format
from mirante.api.metrics.v1 import analytics_service_pb2 as pb2
from mirante.api.metrics.v1 import report_pb2, saved_report_pb2
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from services.cli.analytics.naming import named
from services.cli.analytics.scopes import Asked, Format
from services.cli.analytics.showing import answer_of, ask, file_of, show
from services.cli.command import command
from services.cli.documents import read_document
from services.cli.output import Output, local_time, styled
from services.cli.plain import plain
from services.cli.refusals import Refusal, usage
from services.cli.session import Session

boarding = typer.Typer()

_NO_COHORT: Final = "COHORT_NOT_FOUND"
"""Why a question has no answer that names a cohort which was deleted since."""


@command(boarding, "boards")
def boards(session: Session) -> None:
    """List the boards: those that come with Mirante, and those that were saved."""
    request = pb2.ListBoardsRequest(environment=session.environment)
    found = session.call(session.analytics.ListBoards, request)

    def list_them(output: Output) -> None:
        rows = [
            (
                board.info.id,
                board.info.name,
                str(len(board.items)),
                "comes with Mirante"
                if board.ready_made
                else f"{board.info.updated_by}, {local_time(board.info.updated_at)}",
                board.info.description,
            )
            for board in found.boards
        ]
        output.table(("ID", "NAME", "REPORTS", "CHANGED", "DESCRIPTION"), rows)

    session.output.answer(lambda: plain(found), list_them)


@command(boarding, "board")
def board(
    session: Session,
    asked: Asked,
    name: Annotated[str, typer.Argument(metavar="BOARD", help="Its id or name, as `boards` shows them.")],
) -> None:
    """Ask all questions of a board. What is said of tenant and period holds for each of them."""
    if asked.format is Format.CSV:
        raise usage("a board has several tables: ask for --format json, or for one report")
    found = _board(session, name)
    answers: list[dict[str, Any]] = []
    for item in found.items:
        question = asked.over(item.question)
        try:
            answer = answer_of(session, question)
            exported = "" if _as_json(session, asked) else file_of(session, question)
        except Refusal as refusal:
            if not refusal.violations and refusal.reason != _NO_COHORT:
                raise
            # The others can be answered.
            answers.append({"title": item.title, **refusal.plain()})
            _say(session, asked, item.title)
            for line in refusal.lines():
                session.output.remark(line)
            continue
        answers.append({"title": item.title, "answer": plain(answer)})
        _say(session, asked, item.title)
        if exported:
            show(session.output, answer, exported)
    if _as_json(session, asked):
        Output(as_json=True).answer(lambda: {"board": found.info.name, "items": answers}, lambda _: None)


@command(boarding, "run")
def run(
    session: Session,
    asked: Asked,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML or JSON; - reads stdin.")],
) -> None:
    """
    Ask a question that a file holds: a Question of report.proto.

    For instance {scope: {tenant: acme}, funnel: {steps: [{event: login_sucesso}, {event: venda_criada}]}}
    """
    ask(session, asked.over(_question(file)), asked.format)


@command(boarding, "names")
def names(session: Session) -> None:
    """List the events, properties and tenants that questions may name."""
    found = session.call(session.analytics.ListReportNames, pb2.ListReportNamesRequest(environment=session.environment))

    def list_them(output: Output) -> None:
        rows = [
            (each.name, "yes" if each.seen else "never", "yes" if each.declared else "no", each.description)
            for each in found.events
        ]
        output.table(("EVENT", "SEEN", "DECLARED", "DESCRIPTION"), rows)
        output.facts(
            [
                ("properties", ", ".join(found.properties)),
                ("of the context", ", ".join(f"context.{name}" for name in found.context_properties)),
                ("tenants", ", ".join(found.tenants)),
            ]
        )

    session.output.answer(lambda: plain(found), list_them)


def _board(session: Session, name: str) -> saved_report_pb2.Board:
    request = pb2.ListBoardsRequest(environment=session.environment)
    found = session.call(session.analytics.ListBoards, request).boards
    return named("board", name, found, lambda info: info.id)


def _question(file: Path) -> report_pb2.Question:
    try:
        document = YAML(typ="safe", pure=True).load(read_document(file))
    except YAMLError as error:
        raise usage(f"{file} is not YAML: {str(error).splitlines()[0]}") from None
    asked = document.get("question", document) if isinstance(document, dict) else None
    if not isinstance(asked, dict):
        raise usage(f"{file} holds no question: a map with a report, such as funnel")
    try:
        return json_format.ParseDict(_with_texts(asked), report_pb2.Question())
    except json_format.ParseError as error:
        raise usage(f"{file} is no Question of report.proto: {error}") from None


def _with_texts(value: Any) -> Any:
    """Return what YAML holds as JSON has it: times that it took for such are texts again."""
    if isinstance(value, dict):
        return {name: _with_texts(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_with_texts(each) for each in value]
    return value.isoformat() if isinstance(value, datetime.date) else value


def _as_json(session: Session, asked: Asked) -> bool:
    return session.output.as_json or asked.format is Format.JSON


def _say(session: Session, asked: Asked, title: str) -> None:
    if not _as_json(session, asked):
        sys.stdout.flush()
        session.output.line("")
        session.output.line(styled(title, "bold"))
