"""The ledger keeps what was written, and a damaged line never becomes another erasure."""

import datetime
import json
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.errors import Unavailable
from services.telemetry.privacy.ledger import FILE_NAME, Entry, Ledger
from services.telemetry.privacy.requests import Place

AT = datetime.datetime(2026, 11, 25, 12, tzinfo=datetime.UTC)


def entry(*hashes: bytes, tenant: str = "acme") -> Entry:
    """Return an entry."""
    return Entry(uuid.uuid4(), Place("production", tenant), AT, hashes)


async def test_entries_come_back_in_order(tmp_path: Path) -> None:
    """Of subjects and of tenants, from a folder that is made when it is needed."""
    ledger = Ledger(tmp_path / "archive" / "here")
    assert await ledger.read() == []
    entries = [entry(b"\x01" * 32, b"\x02" * 32), entry(), entry(b"\x03" * 32, tenant='Ação "1"\n')]
    await ledger.append(entries[:1])
    await ledger.append(entries[1:])
    assert await Ledger(tmp_path / "archive" / "here").read() == entries
    assert [each.is_tenant for each in entries] == [False, True, False]
    assert (tmp_path / "archive" / "here" / FILE_NAME).stat().st_mode & 0o077 == 0


@given(st.data())
def test_cut_line_is_left_out(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Wherever a crash cut it; what is appended later is whole."""
    ledger = Ledger(tmp_path_factory.mktemp("ledger"))
    first, cut, last = entry(b"\x01" * 32), entry(b"\x02" * 32), entry()
    ledger._append((_line(first) + _line(cut)).encode())
    file = ledger._file
    content = file.read_bytes()
    begin = content.index(b"\n") + 1
    file.write_bytes(content[: data.draw(st.integers(begin, len(content) - 2))])
    ledger._append(_line(last).encode())
    assert ledger._read() == [first, last]


async def test_line_without_its_hashes_is_no_tenants(tmp_path: Path) -> None:
    """Else damage could erase everybody of a tenant."""
    line = json.loads(_line(entry(b"\x01" * 32)))
    line["subject_hashes"] = []
    (tmp_path / FILE_NAME).write_text(json.dumps(line) + "\n")
    assert await Ledger(tmp_path).read() == []


async def test_unreachable_folder_is_told(tmp_path: Path) -> None:
    """Neither appending nor reading passes over it."""
    (tmp_path / "file").write_text("")
    ledger = Ledger(tmp_path / "file" / "archive")
    for call in (ledger.append([entry()]), ledger.read()):
        with pytest.raises(Unavailable):
            await call


def _line(each: Entry) -> str:
    from services.telemetry.privacy.ledger import _line as line

    return line(each)
