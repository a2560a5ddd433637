"""The boards that come with Mirante can be asked, of events and properties that the catalogue of vendas declares."""

from datetime import UTC, datetime

import pytest
from mirante.api.metrics.v1 import report_pb2, saved_report_pb2

from services.metrics.analytics.answering.periods import settle
from services.metrics.analytics.answering.wire.reports import question_of
from services.metrics.analytics.reports import running
from services.metrics.analytics.reports.asking import Known
from services.metrics.analytics.saved.ready_made import ready_made_board, ready_made_boards
from services.telemetry.catalogue.catalogue_yaml import read_catalogue
from services.telemetry.demo import demo_catalogue


def _items() -> list[tuple[str, saved_report_pb2.BoardItem]]:
    return [(f"{board.info.name}: {item.title}", item) for board in ready_made_boards() for item in board.items]


def test_there_are_four() -> None:
    """Each found by its id, none of which is one of a saved board."""
    assert [board.info.name for board in ready_made_boards()] == [
        "Jornada",
        "Adoção de recursos",
        "Desempenho",
        "Negócio",
    ]
    for board in ready_made_boards():
        assert board.ready_made
        assert ready_made_board(board.info.id) == board
    assert ready_made_board("") is None


@pytest.mark.parametrize(("_title", "item"), _items(), ids=lambda each: each if isinstance(each, str) else "")
def test_each_of_their_questions_can_be_asked(_title: str, item: saved_report_pb2.BoardItem) -> None:
    """Every name in it is one of the catalogue."""
    catalogue = read_catalogue(demo_catalogue())
    known = Known(
        events={event.name for event in catalogue.events},
        properties={each.name for event in catalogue.events for each in event.properties},
    )
    question = report_pb2.Question()
    question.CopyFrom(item.question)
    settle(question.scope, datetime(2026, 3, 10, tzinfo=UTC))
    running.check(question_of(question), known)
