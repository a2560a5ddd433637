"""Whatever happens to events, the counters add up at every moment."""

import shutil
import tempfile
import weakref
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from mirante.client.settings import ClientSettings
from mirante.telemetry.backlog import Backlog
from mirante.telemetry.dispatch import Dispatch
from mirante.telemetry.gate import Gate
from mirante.telemetry.intake import Intake
from mirante.telemetry.ledger import Ledger
from mirante.telemetry.outcomes import SENT, Answer, Failure, FailureKind, Fate
from mirante.telemetry.parts import Parts
from mirante.telemetry.records import Kind, Record, RecordMaker
from mirante.telemetry.settings import Delivery, TelemetrySettings
from mirante.telemetry.spool import folder
from mirante.telemetry.spool.spool import Spool

from tests.support.adding_up import adds_up

CONNECTION = ClientSettings("127.0.0.1:1", "key")
DELIVERY = Delivery(queue_events=40, batch_events=7, spool_bytes=131_072, segment_bytes=5_000)
ANSWERS = st.sampled_from([SENT, SENT, Answer(Fate.REJECTED, 0.0, "WHY"), Answer(Fate.AGAIN, 1.0)])
FAILURES = st.sampled_from([Failure(kind, "why", reason="WHY") for kind in FailureKind])


class Sending(RuleBasedStateMachine):
    """Tracks and sends without threads, in any order; counts by itself what must have come out."""

    spooled = False

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        # Not every machine that Hypothesis makes is torn down.
        self.forget = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.now = 0.0
        self.under_way: list[list[Record]] = []
        self.tracked = self.sent = self.rejected = self.adopted = 0
        self.begin()

    def begin(self) -> None:
        """Begin as a new process does."""
        self.ledger = Ledger()
        self.intake = Intake(self.ledger, DELIVERY.queue_events, lambda: None)
        path = self.folder
        self.backlog = Backlog(
            DELIVERY, self.ledger, (lambda: Spool(path, CONNECTION, DELIVERY)) if self.spooled else None
        )
        self.backlog.begin()
        dispatch = Dispatch(DELIVERY, self.ledger, RecordMaker("", ""), self.backlog)
        self.parts = Parts(
            TelemetrySettings(CONNECTION, DELIVERY), self.intake, self.ledger, self.backlog, dispatch, Gate(DELIVERY)
        )

    @rule(count=st.integers(1, 30), size=st.integers(0, 3_000))
    def track(self, count: int, size: int) -> None:
        """Track, and sometimes what cannot be sent."""
        for number in range(count):
            value: object = object() if number % 10 == 9 else "x" * size
            self.intake.put((Kind.EVENT, 1, "x", {"p": value}, "", "", "", "", None, None))
            self.tracked += 1

    @rule()
    def collect(self) -> None:
        """Make records, and say how much room there is."""
        self.parts.dispatch.collect(self.intake.take(1))
        self.intake.open(self.parts.dispatch.room, self.backlog.full or "queue_full")

    @rule(large=st.booleans())
    def send(self, large: bool) -> None:
        """Let a parcel get under way."""
        if len(self.under_way) < 4 and (parcel := self.parts.dispatch.next_parcel(self.now, large=large)):
            assert len(parcel) <= 1_000
            self.under_way.append(parcel)

    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        """One parcel is answered, event by event."""
        if self.under_way:
            parcel = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
            answers = data.draw(st.lists(ANSWERS, min_size=len(parcel), max_size=len(parcel)))
            self.parts.settle(parcel, answers, self.now, self.now)
            self.sent += sum(answer.fate is Fate.SENT for answer in answers)
            self.rejected += sum(answer.fate is Fate.REJECTED for answer in answers)

    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        """One parcel fails as a whole."""
        if self.under_way:
            parcel = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
            failure = data.draw(FAILURES)
            self.parts.settle(parcel, failure, self.now, self.now)
            self.rejected += failure.kind is FailureKind.REFUSED and len(parcel) == 1

    @rule(seconds=st.floats(0, 60))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    @rule()
    def adopt(self) -> None:
        """Look for what others have left."""
        if self.backlog.adopting:
            self.backlog.adopt()

    @rule()
    def die(self) -> None:
        """The process is killed; another one begins."""
        if not self.spooled:
            return
        before = self.ledger.status()
        if self.backlog.spool is not None:
            self.backlog.spool.abandon()
        self.under_way = []
        self.tracked = self.sent = self.rejected = 0
        self.begin()
        while self.backlog.adopting:
            self.backlog.adopt()
        # A segment is deleted as a whole: some that were answered come again, none that was not stays away.
        assert self.ledger.status().adopted >= before.spooled or self.backlog.spool is None or self._half_full()

    @invariant()
    def counters_add_up(self) -> None:
        """Everything that was tracked is somewhere, and once."""
        status = self.ledger.status()
        assert adds_up(status)
        assert (status.tracked, status.sent, status.rejected) == (self.tracked, self.sent, self.rejected)
        assert self.spooled or status.spooled == 0

    def teardown(self) -> None:
        """Send all that is left: nothing may be stuck."""
        for parcel in self.under_way:
            self.parts.dispatch.give_back(parcel, self.now)
        self.now += 10_000
        self.parts.dispatch.collect(self.intake.take(1))
        while self.backlog.adopting:
            self.backlog.adopt()
        while parcel := self.parts.dispatch.next_parcel(self.now, large=False):
            self.parts.settle(parcel, [SENT] * len(parcel), self.now, self.now)
            if self.backlog.adopting:
                self.backlog.adopt()
        assert self.ledger.waiting() == 0
        assert self.backlog.empty
        if self.backlog.spool is not None:
            assert list(self.folder.rglob("*.events")) == []
            self.backlog.spool.close()
        self.forget()

    def _half_full(self) -> bool:
        files = self.folder.rglob("*.events")
        return sum(file.stat().st_size for file in files) >= DELIVERY.spool_bytes // 2


class SpooledSending(Sending):
    """The same with a spool, whose process may be killed."""

    spooled = True


TestInMemory = Sending.TestCase
TestInMemory.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
if folder.SUPPORTED:
    TestOnDisk = SpooledSending.TestCase
    TestOnDisk.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
