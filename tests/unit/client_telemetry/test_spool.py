"""The spool: order, bounds, adoption, damage, and a disk that fails."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mirante.client.settings import ClientSettings
from mirante.telemetry.records import Kind, Record
from mirante.telemetry.settings import Delivery
from mirante.telemetry.spool.spool import Spool

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no locks for spools here")

CONNECTION = ClientSettings("127.0.0.1:1", "key")
OpenSpool = Callable[..., Spool]


@pytest.fixture
def open_spool(tmp_path: Path) -> Iterator[OpenSpool]:
    """Yield a way to open spools of one folder, as several processes would."""
    opened: list[Spool] = []

    def open_one(connection: ClientSettings = CONNECTION, **delivery: int) -> Spool:
        spool = Spool(tmp_path, connection, Delivery(**delivery))
        opened.append(spool)
        return spool

    yield open_one
    for spool in opened:
        spool.abandon()


def bodies(count: int, size: int = 100, first: int = 0) -> list[tuple[Kind, bytes]]:
    """Records that can be told apart."""
    return [(Kind.EVENT, b"%d " % number + bytes(size)) for number in range(first, first + count)]


def number_of(record: Record) -> int:
    """Which one it is."""
    return int(record.body.split(b" ")[0])


def take(spool: Spool, count: int = 10**9) -> list[Record]:
    """Take the next records."""
    taken: list[Record] = []
    while len(taken) < count and spool.peek() is not None:
        taken.append(spool.pop())
    return taken


def adopt(spool: Spool) -> int:
    """Adopt everything there is."""
    found = 0
    while spool.adopting:
        found += spool.adopt()
    return found


def files(folder: Path) -> list[Path]:
    """The segments on disk."""
    return sorted(folder.rglob("*.events"))


def test_records_come_out_in_order_and_leave_nothing(open_spool: OpenSpool, tmp_path: Path) -> None:
    """Over many segments, and more than is kept in memory."""
    spool = open_spool(segment_bytes=20_000)
    for first in range(0, 5_000, 50):
        assert spool.put(bodies(50, 1_000, first), generation=1) == 50
    assert len(files(tmp_path)) == 100
    taken = take(spool)
    assert [number_of(record) for record in taken] == list(range(5_000))
    for record in reversed(taken):
        spool.answered(record)
    assert files(tmp_path) == []
    assert spool.unsent == 0


def test_taking_and_putting_in_turns(open_spool: OpenSpool, tmp_path: Path) -> None:
    """What is written while earlier records are being read is not skipped and not repeated."""
    spool = open_spool(segment_bytes=10**9)
    seen: list[int] = []
    for turn in range(60):
        spool.put(bodies(100, 1_000, turn * 100), generation=1)
        for record in take(spool, 70 if turn % 2 else 90):
            seen.append(number_of(record))
            spool.answered(record)
    for record in take(spool):
        seen.append(number_of(record))
        spool.answered(record)
    assert seen == list(range(6_000))
    assert files(tmp_path) == []


def test_full(open_spool: OpenSpool) -> None:
    """The first records that fit are kept; there is room again when a segment is done with."""
    spool = open_spool(spool_bytes=200_000, segment_bytes=50_000)
    assert 150 < (kept := spool.put(bodies(300, 1_000), generation=1)) < 200
    assert spool.full
    taken = take(spool)
    assert len(taken) == kept
    for record in taken:
        spool.answered(record)
    assert not spool.full
    assert spool.put(bodies(10), generation=1) == 10


def test_generations_do_not_mix(open_spool: OpenSpool) -> None:
    """Each record knows what came before it."""
    spool = open_spool()
    for generation in (1, 1, 2, 5):
        spool.put(bodies(2), generation)
    assert [record.generation for record in take(spool)] == [1, 1, 1, 1, 2, 2, 5, 5]


def test_the_dead_are_adopted_and_the_living_are_not(open_spool: OpenSpool, tmp_path: Path) -> None:
    """Their unanswered segments come first; their folders are gone."""
    dead, living = open_spool(segment_bytes=1_000), open_spool()
    living.put(bodies(3, first=100), generation=1)
    dead.put(bodies(10), generation=1)
    dead.put(bodies(10, first=10), generation=1)
    for record in take(dead, 10):
        dead.answered(record)
    dead.abandon()
    heir = open_spool()
    heir.put(bodies(1, first=200), generation=1)
    assert adopt(heir) == 10
    assert [number_of(record) for record in take(heir)] in (
        [200, *range(10, 20)],
        [*range(10, 20), 200],
    )
    assert adopt(open_spool()) == 0
    assert len({file.parent for file in files(tmp_path)}) == 2


def test_adoption_goes_on_from_heir_to_heir(open_spool: OpenSpool) -> None:
    """A process that dies after it has adopted leaves that, too."""
    first = open_spool()
    first.put(bodies(5), generation=1)
    first.abandon()
    for _ in range(3):
        heir = open_spool()
        assert adopt(heir) == 5
        heir.abandon()
    last = open_spool()
    assert adopt(last) == 5
    assert [number_of(record) for record in take(last)] == list(range(5))


def test_adoption_stops_where_the_spool_is_half_full(open_spool: OpenSpool) -> None:
    """The rest stays where it is, and is taken when there is room."""
    dead = open_spool(segment_bytes=20_000)
    for first in range(0, 400, 20):
        dead.put(bodies(20, 1_000, first), generation=1)
    dead.abandon()
    heir = open_spool(spool_bytes=200_000)
    found = adopt(heir)
    assert 80 <= found < 150
    for record in take(heir):
        heir.answered(record)
    assert adopt(heir) > 0


def test_closing_leaves_what_is_not_answered(open_spool: OpenSpool, tmp_path: Path) -> None:
    """To whoever comes next; with nothing left, no folder stays either."""
    spool = open_spool()
    spool.put(bodies(5), generation=1)
    spool.close()
    heir = open_spool()
    assert adopt(heir) == 5
    for record in take(heir):
        heir.answered(record)
    heir.close()
    (shared,) = tmp_path.iterdir()
    assert list(shared.iterdir()) == []


def test_other_services_keys_and_environments_are_left_alone(open_spool: OpenSpool) -> None:
    """Nothing goes where it does not belong; a named environment outlives its key."""
    dead = open_spool()
    dead.put(bodies(5), generation=1)
    dead.abandon()
    named = open_spool(ClientSettings("127.0.0.1:1", "key", "production"))
    named.put(bodies(3), generation=1)
    named.abandon()
    assert adopt(open_spool(ClientSettings("127.0.0.1:2", "key"))) == 0
    assert adopt(open_spool(ClientSettings("127.0.0.1:1", "other key"))) == 0
    assert adopt(open_spool(ClientSettings("127.0.0.1:1", "key", "staging"))) == 0
    assert adopt(open_spool(ClientSettings("127.0.0.1:1", "new key", "production"))) == 3
    assert adopt(open_spool()) == 5


def test_a_torn_end_and_a_damaged_file(open_spool: OpenSpool, tmp_path: Path) -> None:
    """What is whole is kept; what is damaged is set aside, and nothing fails."""
    dead = open_spool(segment_bytes=2_000)
    dead.put(bodies(30), generation=1)
    dead.put(bodies(10, first=30), generation=1)
    dead.abandon()
    damaged, torn = files(tmp_path)
    content = bytearray(damaged.read_bytes())
    content[400] ^= 0xFF
    damaged.write_bytes(content)
    torn.write_bytes(torn.read_bytes()[:-20])
    heir = open_spool()
    assert adopt(heir) == 38
    for record in take(heir):
        heir.answered(record)
    assert files(tmp_path) == []
    assert len(list(tmp_path.rglob("*.damaged"))) == 1
    heir.close()
    assert adopt(open_spool()) == 0


def test_a_file_that_is_gone_is_counted(open_spool: OpenSpool, tmp_path: Path) -> None:
    """Somebody emptied the folder: the rest goes on."""
    spool = open_spool(segment_bytes=10_000)
    for first in range(0, 4_000, 100):
        spool.put(bodies(100, 1_000, first), generation=1)
    for file in files(tmp_path)[-3:]:
        file.unlink()
    taken = take(spool)
    assert spool.lost.total() + len(taken) == 4_000
    assert spool.lost.total() == 300
    assert spool.unsent == 0
    for record in taken:
        spool.answered(record)
    assert spool.put(bodies(1), generation=2) == 1


def test_a_disk_that_fails_leaves_nothing_half_done(open_spool: OpenSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The records are the caller's again; what was written before is kept, and writing goes on afterwards."""
    spool = open_spool()
    spool.put(bodies(5), generation=1)
    real = os.write

    def write(file: int, data: bytes) -> int:
        real(file, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(OSError, match="full"):
        spool.put(bodies(5, first=5), generation=1)
    monkeypatch.setattr(os, "write", real)
    spool.put(bodies(5, first=10), generation=1)
    expected = [*range(5), *range(10, 15)]
    assert [number_of(record) for record in take(spool)] == expected
    spool.abandon()
    heir = open_spool()
    assert adopt(heir) == 10
    assert [number_of(record) for record in take(heir)] == expected


def test_files_are_private(open_spool: OpenSpool, tmp_path: Path) -> None:
    """Events hold personal data."""
    open_spool().put(bodies(1), generation=1)
    (file,) = files(tmp_path)
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0
