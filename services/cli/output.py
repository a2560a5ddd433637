"""Prints: tables and sentences for people, JSON for programs."""

import datetime
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.cli.refusals import Refusal

_UNSTYLED_WIDTH = 400
"""A pipe has no width; what it carries should not be cut."""


class Output:
    """
    Where a command prints to.

    Answers go to stdout, remarks and refusals to stderr. With `as_json` stdout carries JSON alone: one document, or one
    a line for commands that stream.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._out = _console(stderr=False)
        self._err = _console(stderr=True)

    @property
    def is_interactive(self) -> bool:
        """Whether somebody can be asked."""
        return sys.stdin.isatty() and not self.as_json

    def answer(self, data: Callable[[], Any], show: Callable[["Output"], None]) -> None:
        """Print `data` as JSON, or let `show` print for people."""
        if self.as_json:
            sys.stdout.write(json.dumps(data(), ensure_ascii=False) + "\n")
            sys.stdout.flush()
        else:
            show(self)

    def line(self, *parts: str | Text) -> None:
        """Print one line of an answer."""
        self._out.print(_joined(parts), soft_wrap=True)

    def verbatim(self, text: str) -> None:
        """Print text as it is: a document that another program will read."""
        sys.stdout.write(text)

    def remark(self, *parts: str | Text) -> None:
        """Print one line that is not part of the answer; programs do not get it."""
        if not self.as_json:
            self._err.print(_joined(parts), soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
        """Print rows under headings."""
        self._print_table(columns, rows, has_headings=True)

    def facts(self, rows: Iterable[tuple[str, str | Text]]) -> None:
        """Print names and what they stand for."""
        self._print_table(("", ""), rows, has_headings=False)

    def refuse(self, refusal: Refusal) -> None:
        """Say why a command was not carried out."""
        if self.as_json:
            sys.stderr.write(json.dumps(refusal.plain(), ensure_ascii=False) + "\n")
            return
        for line in refusal.lines():
            kind, _, rest = line.partition(": ")
            self._err.print(Text(f"{kind}: ", "bold red" if kind == "error" else "bold") + _text(rest), soft_wrap=True)

    def _print_table(self, columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, has_headings: bool) -> None:
        table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0), show_header=has_headings)
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*[_text(cell) for cell in row])
        self._out.print(table)


def local_time(timestamp: Timestamp) -> str:
    """Return a moment in the person's time zone, without fractions; empty when there is none."""
    if not timestamp.seconds:
        return ""
    return timestamp.ToDatetime(datetime.UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def styled(text: str, style: str) -> Text:
    """Return text in a style, which only terminals show."""
    return Text(_printable(text), style)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _UNSTYLED_WIDTH
    return console


def _joined(parts: Sequence[str | Text]) -> Text:
    return Text().join(_text(part) for part in parts)


def _text(part: str | Text) -> Text:
    return part if isinstance(part, Text) else Text(_printable(part))


def _printable(text: str) -> str:
    # Descriptions and reasons are other people's text and must not steer the terminal.
    return "".join(each if each.isprintable() or each == "\n" else "\N{REPLACEMENT CHARACTER}" for each in text)
