-- Who has saved, changed and deleted which cohort, report or board.

-- Every change, never edited; written in the transaction that makes it.
CREATE TABLE analytics_saved_changes (
    sequence    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment text COLLATE "C" NOT NULL,
    -- "create", "update" or "delete".
    action      text NOT NULL,
    -- A person's login, or a key's name; never a subject of events.
    actor       text NOT NULL,
    at          timestamptz NOT NULL,
    -- What analytics_saved had after the change, or before it was deleted.
    kind        smallint NOT NULL,
    id          uuid NOT NULL,
    name        text COLLATE "C" NOT NULL,
    description text NOT NULL,
    revision    bigint NOT NULL,
    content     bytea NOT NULL,
    created_at  timestamptz NOT NULL,
    created_by  text NOT NULL,
    updated_at  timestamptz NOT NULL,
    updated_by  text NOT NULL
);

CREATE INDEX analytics_saved_changes_by_environment ON analytics_saved_changes (environment, sequence);

-- Of what was saved before, the last change is known.
INSERT INTO analytics_saved_changes
    (environment, action, actor, at, kind, id, name, description, revision, content, created_at, created_by, updated_at,
    updated_by)
SELECT environment, CASE revision WHEN 1 THEN 'create' ELSE 'update' END, updated_by, updated_at, kind, id, name,
    description, revision, content, created_at, created_by, updated_at, updated_by
FROM analytics_saved ORDER BY updated_at, id;
