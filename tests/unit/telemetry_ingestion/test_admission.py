"""From the bytes of an event to what the log keeps."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mirante.api.common.v1 import error_reason_pb2 as reasons
from mirante.api.telemetry.v1 import event_pb2
from mirante.api.telemetry.v1 import ingest_service_pb2 as ingest_pb2
from mirante.evaluation.model import Violation

from services.telemetry.events.judging import Judgement
from services.telemetry.ingestion.admission import Terms, admit
from services.telemetry.ingestion.candidates import Candidate, Outcome, Result
from tests.support.telemetry_events import sale

NOW_MS = time.time_ns() // 1_000_000
DAY_MS = 86_400_000
SALE = sale().SerializeToString()


class Judging:
    """A catalogue that says the same of every event."""

    def __init__(self, judgement: Judgement, *, drops: str = "") -> None:
        self._judgement = judgement
        self._drops = drops

    def judge(self, event: event_pb2.Event) -> Judgement:
        """See `Judge`."""
        if self._drops:
            del event.properties[self._drops]
        return self._judgement


def terms(judgement: Judgement = Judgement(3), *, drops: str = "", imported: bool = False) -> Terms:  # noqa: B008 - frozen
    """Return terms as of now, with a window of a week."""
    since = NOW_MS - 7 * DAY_MS
    until = NOW_MS - 3 * DAY_MS if imported else 0
    return Terms("production", Judging(judgement, drops=drops), NOW_MS * 1_000, 0, since, imported, until)


def stored(candidate: Candidate) -> event_pb2.StoredEvent:
    """Return what the log keeps."""
    return event_pb2.StoredEvent.FromString(candidate.body)


def admitted(event: event_pb2.Event, on: Terms) -> Candidate:
    """Return the candidate that an event makes."""
    candidate = admit(event.SerializeToString(), on)
    assert isinstance(candidate, Candidate)
    return candidate


def test_the_log_keeps_the_event_as_it_was_sent() -> None:
    """With when it happened and what the catalogue says beside it."""
    event = sale(valor="10.50")
    candidate = admitted(event, terms())
    kept = stored(candidate)
    assert kept.event == event
    assert (
        kept.occurred_at == event.occurred_at or kept.occurred_at.ToMicroseconds() == event.occurred_at.ToMicroseconds()
    )
    assert kept.definition_version == 3
    assert not kept.imported
    assert (candidate.subject, candidate.tenant, candidate.name) == ("u:ana", "acme", "venda_criada")
    assert candidate.outcome is Outcome.DECLARED


def test_the_order_of_a_map_does_not_matter() -> None:
    """A client that serialises the same event anew sends the same event."""
    event = sale()
    other = event_pb2.Event(id=event.id, name=event.name, tenant=event.tenant, user_id=event.user_id)
    other.occurred_at.CopyFrom(event.occurred_at)
    for name in sorted(event.properties, reverse=True):
        other.properties[name].CopyFrom(event.properties[name])
    assert admitted(event, terms()).digest == admitted(other, terms()).digest
    other.properties["valor"].string_value = "0.01"
    assert admitted(event, terms()).digest != admitted(other, terms()).digest


def test_masked_events_are_still_recognised() -> None:
    """The digest is of what was sent, the body of what is kept."""
    event = sale()
    masked = admitted(event, terms(Judgement(3, masked=True), drops="venda_id"))
    assert "venda_id" not in stored(masked).event.properties
    assert masked.digest == admitted(event, terms()).digest


@pytest.mark.parametrize(
    ("judgement", "outcome"),
    [
        (Judgement(0), Outcome.UNDECLARED),
        (Judgement(2, Violation("properties.valor", "is required")), Outcome.VIOLATING),
        (Judgement(2, Violation("properties.valor", "is required"), refused=True), Outcome.DEAD_LETTER),
        (Judgement(0, Violation("name", "is not declared"), refused=True), Outcome.DEAD_LETTER),
    ],
)
def test_outcomes(judgement: Judgement, outcome: Outcome) -> None:
    """What the catalogue says decides where an event goes; a dead letter is the event itself."""
    event = sale()
    candidate = admitted(event, terms(judgement))
    assert candidate.outcome is outcome
    if outcome is Outcome.DEAD_LETTER:
        assert event_pb2.Event.FromString(candidate.body) == event


@pytest.mark.parametrize(
    ("made_ms", "reason"),
    [
        (NOW_MS - 7 * DAY_MS - 1, reasons.ERROR_REASON_EVENT_TOO_OLD),
        (NOW_MS + DAY_MS + 1, reasons.ERROR_REASON_INVALID_EVENT),
        (NOW_MS - 7 * DAY_MS, None),
        (NOW_MS + DAY_MS, None),
    ],
    ids=["older", "younger", "oldest", "youngest"],
)
def test_the_window_of_ids(made_ms: int, reason: int | None) -> None:
    """A week back, a day ahead, both included."""
    result = admit(sale(made_ms=made_ms).SerializeToString(), terms())
    assert (result.reason if isinstance(result, Result) else None) == reason


def test_imports_take_what_cannot_be_in_the_log() -> None:
    """Any age before the log began; not what was made while it ran and whose dedupe keys are gone."""
    on = terms(imported=True)
    assert stored(admitted(sale(made_ms=NOW_MS - 900 * DAY_MS), on)).imported
    assert isinstance(admit(sale(made_ms=NOW_MS - 2 * DAY_MS).SerializeToString(), on), Candidate)
    refused = admit(sale(made_ms=NOW_MS - 5 * DAY_MS).SerializeToString(), on)
    assert isinstance(refused, Result)
    assert refused.reason == reasons.ERROR_REASON_EVENT_TOO_OLD


def test_a_large_event_is_refused_unread() -> None:
    """More than 64 KiB."""
    event = sale(texto="x" * 70_000)
    result = admit(event.SerializeToString(), terms())
    assert isinstance(result, Result)
    assert result.reason == reasons.ERROR_REASON_EVENT_TOO_LARGE


def test_invalid_utf8_is_refused() -> None:
    """As parsing the whole batch would have been."""
    result = admit(sale(user_id="ana").SerializeToString().replace(b"ana", b"\xff\xfea"), terms())
    assert isinstance(result, Result)
    assert result.reason == reasons.ERROR_REASON_INVALID_EVENT


@given(st.binary(max_size=400))
def test_any_bytes_have_an_answer(raw: bytes) -> None:
    """Nothing raises, whatever is sent."""
    assert isinstance(admit(raw, terms()), Candidate | Result)


@given(st.data())
def test_damaged_events_have_an_answer(data: st.DataObject) -> None:
    """A valid event with some bytes changed, cut out or put in."""
    raw = bytearray(SALE)
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(raw) - 1))
        kind = data.draw(st.sampled_from(("change", "cut", "insert")))
        if kind == "change":
            raw[place] = data.draw(st.integers(0, 255))
        elif kind == "cut":
            del raw[place : place + data.draw(st.integers(1, 8))]
        else:
            raw[place:place] = data.draw(st.binary(max_size=8))
    result = admit(bytes(raw), terms())
    if isinstance(result, Candidate):
        event = event_pb2.StoredEvent.FromString(result.body).event
        assert event.id == result.event_id.bytes
    else:
        assert result.status == ingest_pb2.EVENT_STATUS_REJECTED
        assert result.field
