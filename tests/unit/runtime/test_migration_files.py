"""Which files are migrations, and which of them are still to be applied."""

from pathlib import Path

import pytest

from services.runtime.migrations import Applied, Migration, MigrationError, pending, read_migrations


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ([], "no migrations in"),
        (["notes.txt"], "no migrations in"),
        (["1_short.sql"], r"1_short\.sql: migrations are named NNNN_name\.sql"),
        (["0001_Upper.sql"], r"0001_Upper\.sql: migrations are named"),
        (["0002_late.sql"], r"0002_late\.sql stands where number 0001 is expected"),
        (["0001_a.sql", "0003_c.sql"], r"0003_c\.sql stands where number 0002 is expected"),
        (["0001_a.sql", "0001_b.sql"], r"0001_b\.sql stands where number 0002 is expected"),
    ],
)
def test_wrong_names_are_refused(tmp_path: Path, names: list[str], problem: str) -> None:
    """A folder whose files are not numbered from one without gaps is refused, and the file is named."""
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(MigrationError, match=problem):
        read_migrations(tmp_path)


@pytest.mark.parametrize("sql", ["SELECT 1;\nCOMMIT;", "  begin ;", "START TRANSACTION READ ONLY;", "Rollback;"])
def test_files_do_not_end_their_transaction(tmp_path: Path, sql: str) -> None:
    """A file with a transaction of its own could be half applied."""
    (tmp_path / "0001_a.sql").write_text(sql)
    with pytest.raises(MigrationError, match=r"0001_a\.sql: .* is not allowed"):
        read_migrations(tmp_path)


def test_bodies_of_functions_are_no_transactions(tmp_path: Path) -> None:
    """BEGIN and END of a PL/pgSQL block are fine."""
    (tmp_path / "0001_a.sql").write_text("DO $$\nBEGIN\n  PERFORM 1;\nEND;\n$$;\n-- commit; later\n")
    assert [str(migration) for migration in read_migrations(tmp_path)] == ["0001_a"]


def files(count: int) -> list[Migration]:
    """Return that many migrations."""
    return [Migration(number, "name", f"sum{number}", "SELECT 1") for number in range(1, count + 1)]


def rows(*numbers: int) -> list[Applied]:
    """Return the records of these migrations."""
    return [Applied(number, "name", f"sum{number}") for number in numbers]


@pytest.mark.parametrize(("applied", "left"), [((), [1, 2, 3]), ((1,), [2, 3]), ((2, 1), [3]), ((1, 2, 3), [])])
def test_what_is_left(applied: tuple[int, ...], left: list[int]) -> None:
    """What was not applied yet is applied in order, however the records are ordered."""
    assert [migration.number for migration in pending(files(3), rows(*applied))] == left


@pytest.mark.parametrize(
    ("applied", "problem"),
    [
        (rows(1, 3), "the database has 0003_name but not number 0002"),
        (rows(1, 2, 3, 4), "the database has 0004_name, which this version does not know"),
        ([Applied(1, "name", "other")], r"0001_name\.sql was changed after it was applied"),
    ],
)
def test_what_does_not_fit(applied: list[Applied], problem: str) -> None:
    """Records that are not the unchanged beginning of the files are refused."""
    with pytest.raises(MigrationError, match=problem):
        pending(files(3), applied)
