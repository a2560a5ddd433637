"""Snapshots: what is read is what was written, or nothing."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mirante.client.settings import ClientSettings
from mirante.client.snapshot_file import SnapshotFile
from mirante.errors import SnapshotDamaged
from mirante.replica import decode_snapshot, encode_snapshot

from tests.support.flag_messages import bool_flag, full

TRANSFER = full([bool_flag("a"), bool_flag("b", killed=True)], 7)
SNAPSHOT = encode_snapshot(TRANSFER, "service/production")


def snapshot_file(folder: Path, **settings: str) -> SnapshotFile:
    """A file for a client of these settings."""
    return SnapshotFile(folder, ClientSettings(**{"address": "localhost:1", "api_key": "k", **settings}))  # type: ignore[arg-type]


def test_a_snapshot_gives_back_the_transfer() -> None:
    """Nothing is lost on the way."""
    assert decode_snapshot(SNAPSHOT, "service/production") == TRANSFER


@settings(deadline=None)  # machines are noisy
@given(st.integers(0, len(SNAPSHOT) - 1))
def test_a_truncated_snapshot_is_refused(length: int) -> None:
    """Cut anywhere, it is damaged."""
    with pytest.raises(SnapshotDamaged):
        decode_snapshot(SNAPSHOT[:length], "service/production")


@settings(deadline=None)  # machines are noisy
@given(st.integers(SNAPSHOT.index(b"\n") + 1, len(SNAPSHOT) - 1), st.integers(1, 255))
def test_a_corrupt_snapshot_is_refused(position: int, difference: int) -> None:
    """One wrong byte of the content is noticed."""
    damaged = bytearray(SNAPSHOT)
    damaged[position] ^= difference
    with pytest.raises(SnapshotDamaged, match="not what was written"):
        decode_snapshot(bytes(damaged), "service/production")


@settings(deadline=None)  # machines are noisy
@given(st.binary(max_size=200))
def test_anything_else_is_refused(content: bytes) -> None:
    """Bytes from elsewhere are no snapshot."""
    with pytest.raises(SnapshotDamaged):
        decode_snapshot(content, "service/production")


def test_rules_of_another_service_are_refused() -> None:
    """A snapshot answers for the service and environment that it came from."""
    with pytest.raises(SnapshotDamaged, match="another service or environment"):
        decode_snapshot(SNAPSHOT, "service/staging")


def test_a_part_of_a_transfer_is_refused() -> None:
    """Only something whole can be started from."""
    part = full([bool_flag("a")], 1)
    part.more = True
    with pytest.raises(SnapshotDamaged, match="not a full transfer"):
        decode_snapshot(encode_snapshot(part, "s"), "s")


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    """The folder is made when it is missing, and nothing else stays in it."""
    file = snapshot_file(tmp_path / "deep" / "cache")
    assert file.save(TRANSFER) is True
    assert file.load() == TRANSFER
    assert list(file.path.parent.iterdir()) == [file.path]


def test_only_this_user_can_read_it(tmp_path: Path) -> None:
    """Rules may name customers."""
    file = snapshot_file(tmp_path)
    file.save(TRANSFER)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_a_damaged_file_is_ignored_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The client starts as if there were none."""
    file = snapshot_file(tmp_path)
    file.save(TRANSFER)
    file.path.write_bytes(file.path.read_bytes()[:-1])
    assert file.load() is None
    assert "cannot be used" in caplog.text


def test_a_missing_file_is_nothing_to_warn_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The first start has none."""
    assert snapshot_file(tmp_path).load() is None
    assert caplog.text == ""


def test_a_folder_that_cannot_be_written_is_survived(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The client works without its file."""
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert snapshot_file(tmp_path / "cache").save(TRANSFER) is False
    assert "cannot be saved" in caplog.text


def test_the_key_tells_unnamed_environments_apart(tmp_path: Path) -> None:
    """Where the environment is that of the key, another key has another file; the key itself is nowhere."""
    one, other = snapshot_file(tmp_path, api_key="secret-1"), snapshot_file(tmp_path, api_key="secret-2")
    assert one.path != other.path
    one.save(TRANSFER)
    assert b"secret-1" not in one.path.read_bytes() + os.fsencode(one.path)
    named = [snapshot_file(tmp_path, api_key=key, environment="production").path for key in ("secret-1", "secret-2")]
    assert named[0] == named[1]


def test_many_writers_leave_one_whole_file(tmp_path: Path) -> None:
    """Clients that share the folder replace the file, and readers always find a whole one."""
    file = snapshot_file(tmp_path)
    transfers = [full([bool_flag(f"flag-{number}") for number in range(size)], size) for size in range(1, 9)]
    file.save(transfers[0])
    with ThreadPoolExecutor(8) as pool:
        writing = [pool.submit(snapshot_file(tmp_path).save, transfer) for transfer in transfers * 10]
        while not all(future.done() for future in writing):
            assert file.load() in transfers
    assert file.load() in transfers
    assert list(tmp_path.iterdir()) == [file.path]
