"""Arguments that several commands about alerts take, and what they mean."""

import datetime
import re
from typing import Annotated, Final

import typer
from google.protobuf.timestamp_pb2 import Timestamp

from services.cli.refusals import usage

AlertId = Annotated[str, typer.Argument(metavar="ALERT", help="As `list` shows it.", show_default=False)]
RuleKey = Annotated[str, typer.Argument(metavar="RULE", help="Key of the rule.", show_default=False)]
WebhookId = Annotated[str, typer.Argument(metavar="WEBHOOK", help="As `list` shows it.", show_default=False)]
Tenants = Annotated[
    list[str] | None,
    typer.Option("--tenant", "-t", metavar="TENANT", help="Only this one's; may be repeated.", show_default=False),
]
Note = Annotated[str, typer.Option("--note", help="Kept with the alert.")]
Limit = Annotated[int, typer.Option(min=1, help="How many.")]

PAGE: Final = 1_000

_DURATION: Final = re.compile(r"([0-9]{1,6})([mhd])", re.ASCII)
_SECONDS: Final = {"m": 60, "h": 3_600, "d": 86_400}


def duration_of(option: str, text: str) -> datetime.timedelta:
    """Return a duration such as 30m, 2h or 7d; raise Refusal (wrong usage) when it is none."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise usage(f"{option} must be such as 30m, 2h or 7d, not {text!r}")
    return datetime.timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def moment_of(option: str, text: str) -> Timestamp:
    """
    Return a moment: ISO 8601 (without a zone: of this machine), or so long ago, such as 7d.

    Raises:
        Refusal: it is neither.
    """
    timestamp = Timestamp()
    if _DURATION.fullmatch(text):
        timestamp.FromDatetime(datetime.datetime.now(datetime.UTC) - duration_of(option, text))
        return timestamp
    try:
        timestamp.FromDatetime(datetime.datetime.fromisoformat(text).astimezone(datetime.UTC))
    except (ValueError, OverflowError):
        raise usage(f"{option} must be a time such as 2026-03-02T10:00 or so long ago, such as 7d") from None
    return timestamp
