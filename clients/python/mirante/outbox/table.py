"""
The table, and everything that is said to it.

Statements have `%s` for parameters, as psycopg and most drivers of Postgres want it; `numbered` makes them asyncpg's.
All times are those of the database, so that relays on several machines agree.
"""

from typing import Final

TABLE_SQL: Final = """\
CREATE TABLE IF NOT EXISTS mirante_outbox (
    id          uuid PRIMARY KEY,
    event       bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    -- How often the service has told this event to come again.
    attempts    integer NOT NULL DEFAULT 0,
    -- It is not sent before.
    due_at      timestamptz NOT NULL DEFAULT '-infinity',
    -- The service will never take it as it is, and why. Kept for people to look at.
    rejected_at timestamptz,
    rejection   text
);
CREATE INDEX IF NOT EXISTS mirante_outbox_waiting ON mirante_outbox (id) WHERE rejected_at IS NULL;
"""
"""Creates the table; for the application's migrations. Changes nothing where it exists."""

ADD: Final = "INSERT INTO mirante_outbox (id, event) VALUES (CAST(%s AS uuid), %s)"

LOCK: Final = """\
SELECT CAST(id AS text), event, attempts FROM mirante_outbox
WHERE rejected_at IS NULL AND due_at <= clock_timestamp()
ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""
"""The oldest events that nobody else is sending; ids are in the order of time."""

DELETE: Final = "DELETE FROM mirante_outbox WHERE id = ANY(CAST(CAST(%s AS text[]) AS uuid[]))"

POSTPONE: Final = """\
UPDATE mirante_outbox SET attempts = attempts + 1, due_at = clock_timestamp() + make_interval(secs => told.seconds)
FROM unnest(CAST(CAST(%s AS text[]) AS uuid[]), CAST(%s AS float8[])) AS told (id, seconds)
WHERE mirante_outbox.id = told.id
"""

REJECT: Final = """\
UPDATE mirante_outbox SET rejected_at = clock_timestamp(), rejection = told.why
FROM unnest(CAST(CAST(%s AS text[]) AS uuid[]), CAST(%s AS text[])) AS told (id, why)
WHERE mirante_outbox.id = told.id
"""

BACKLOG: Final = """\
SELECT count(*) FILTER (WHERE rejected_at IS NULL), count(*) FILTER (WHERE rejected_at IS NOT NULL),
    CAST(coalesce(
        extract(epoch FROM clock_timestamp() - min(created_at) FILTER (WHERE rejected_at IS NULL)), 0
    ) AS float8)
FROM mirante_outbox
"""


def numbered(statement: str) -> str:
    """Return a statement with `$1`, `$2` ... for its parameters."""
    first, *others = statement.split("%s")
    return first + "".join(f"${number}{other}" for number, other in enumerate(others, 1))
