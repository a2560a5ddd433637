"""
Migrations only add, so that a version runs beside the tables of the next one: expand, migrate, contract.

What takes away or narrows breaks whoever still runs the version before. Such a statement needs a line of its own right
above it, `-- contract: WHY`, that says why no version that may still run minds.
"""

import re
from pathlib import Path
from typing import Final

import pytest

from services.migrate.app import migrated_services
from services.runtime.migrations import Migration, read_migrations

_NARROWING: Final = {
    "drops": r"\bDROP\s+(?!DEFAULT\b|NOT\s+NULL\b)",
    "renames": r"\bRENAME\b",
    "changes a type": r"\bALTER\s+(?:COLUMN\s+)?\w+\s+(?:SET\s+DATA\s+)?TYPE\b",
    "forbids NULL": r"\bSET\s+NOT\s+NULL\b",
    "adds a column that older versions do not fill": r"\bADD\s+COLUMN\b(?=[^,;]*\bNOT\s+NULL\b)(?![^,;]*\bDEFAULT\b)",
    "adds a constraint": r"\bALTER\s+TABLE\b[^;]*\bADD\s+(?:CONSTRAINT|CHECK|UNIQUE|PRIMARY|FOREIGN|EXCLUDE)\b",
    "adds a unique index": r"\bCREATE\s+UNIQUE\s+INDEX\b",
    "deletes": r"\b(?:DELETE\s+FROM|TRUNCATE)\b",
}
_MARKER: Final = re.compile(r"^--\s*contract:\s*\S", re.MULTILINE)
_CREATED: Final = re.compile(r"\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)", re.IGNORECASE)
_TEXT: Final = re.compile(r"'(?:[^']|'')*'")
_COMMENT: Final = re.compile(r"--.*")
_PARENTHESES: Final = re.compile(r"\([^()]*\)")
_JUSTIFIED: Final = {
    # Applied files are never edited, so what came before the rule is justified here.
    "flags-0002_people": "the roles that api_keys may have became one more; older versions write none of the new",
}


def narrowing(sql: str) -> list[str]:
    """Return what the statements do that an older version may mind, and that nothing justifies."""
    found = []
    created = set(_CREATED.findall(sql))
    for statement in sql.split(";"):
        if _MARKER.search(statement):
            continue
        words = _PARENTHESES.sub("()", _TEXT.sub("''", _COMMENT.sub("", statement)))
        if set(re.findall(r"\w+", words)) & created:
            continue  # a table that this file creates has no older users
        found += [what for what, pattern in _NARROWING.items() if re.search(pattern, words, re.IGNORECASE)]
    return found


ALL: Final = [
    pytest.param(migration, id=f"{service}-{migration}")
    for service, folder in migrated_services()
    for migration in read_migrations(Path(str(folder)))
    if f"{service}-{migration}" not in _JUSTIFIED
]


@pytest.mark.parametrize("migration", ALL)
def test_migrations_only_add(migration: Migration) -> None:
    """Or say why nobody minds."""
    assert narrowing(migration.sql) == []


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("ALTER TABLE events DROP COLUMN name;", "drops"),
        ("DROP INDEX by_name;", "drops"),
        ("ALTER TABLE events RENAME COLUMN name TO event;", "renames"),
        ("ALTER TABLE events ALTER COLUMN name TYPE varchar(10);", "changes a type"),
        ("ALTER TABLE events ALTER name SET NOT NULL;", "forbids NULL"),
        ("ALTER TABLE events ADD COLUMN a text, ADD COLUMN b text NOT NULL;", "adds a column"),
        ("ALTER TABLE events ADD COLUMN b numeric(10, 2) NOT NULL;", "adds a column"),
        ("ALTER TABLE events ADD CONSTRAINT short CHECK (length(name) < 9);", "adds a constraint"),
        ("CREATE UNIQUE INDEX ON events (name);", "adds a unique index"),
        ("DELETE FROM events WHERE name = 'a; b';", "deletes"),
        ("-- takes away\nDROP TABLE events;", "drops"),
    ],
)
def test_what_narrows_is_found(sql: str, what: str) -> None:
    """A lint that finds nothing proves nothing."""
    [found] = narrowing(sql)
    assert found.startswith(what)


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE events ADD COLUMN a text, ADD COLUMN b text NOT NULL DEFAULT '';",
        "ALTER TABLE events ALTER COLUMN name DROP NOT NULL;",
        "CREATE TABLE words (word text NOT NULL); CREATE UNIQUE INDEX ON words (word);",
        "-- contract: nobody reads it since 0.1\nALTER TABLE events DROP COLUMN name;",
        "COMMENT ON TABLE events IS 'DROP nothing';",
    ],
)
def test_what_adds_is_let_through(sql: str) -> None:
    """And what says why it takes away."""
    assert narrowing(sql) == []
