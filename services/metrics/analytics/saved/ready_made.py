"""The boards that come with Mirante."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from google.protobuf import json_format
from mirante.api.metrics.v1 import saved_report_pb2 as pb2
from ruamel.yaml import YAML


@cache
def ready_made_boards() -> Sequence[pb2.Board]:
    """Return them; whoever changes one changes a copy."""
    text = files("services.metrics.analytics.saved").joinpath("ready_made.yaml").read_text(encoding="utf-8")
    document = YAML(typ="safe", pure=True).load(text)
    boards = [json_format.ParseDict(board, pb2.Board(ready_made=True)) for board in document["boards"]]
    for board in boards:
        for item in board.items:
            if not item.question.HasField("scope"):
                item.question.scope.last.count = document["days"]
    return boards


def ready_made_board(board_id: str) -> pb2.Board | None:
    """Return the one with an id; None when there is none."""
    return next((board for board in ready_made_boards() if board.info.id == board_id), None)
