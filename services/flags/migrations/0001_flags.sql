-- Environments, definitions with their history, and API keys.
-- Keys sort by bytes (COLLATE "C") on every server, because pages are cut by key.

CREATE TABLE environments (
    key         text COLLATE "C" PRIMARY KEY,
    description text        NOT NULL,
    -- Revisions compare within one lineage; a restored database gets another.
    lineage     text        NOT NULL DEFAULT gen_random_uuid()::text,
    -- Counts the changes. Writers lock this row, so revisions are in commit order.
    revision    bigint      NOT NULL DEFAULT 0,
    revised_at  timestamptz NOT NULL,
    created_at  timestamptz NOT NULL
);

-- The newest version of every flag and segment, archived ones included.
CREATE TABLE definitions (
    environment text COLLATE "C" NOT NULL REFERENCES environments (key),
    kind        text        NOT NULL CHECK (kind IN ('flag', 'segment')),
    key         text COLLATE "C" NOT NULL,
    version     bigint      NOT NULL,
    revision    bigint      NOT NULL,
    archived    boolean     NOT NULL,
    -- The serialised message Flag or Segment.
    definition  bytea       NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    updated_by  text        NOT NULL,
    -- What lists filter by, taken out of the definition. search is the case-folded key and description.
    is_on       boolean     NOT NULL,
    killed      boolean     NOT NULL,
    owner       text        NOT NULL,
    tags        text[]      NOT NULL,
    search      text        NOT NULL,
    PRIMARY KEY (environment, kind, key)
);

CREATE INDEX definitions_by_revision ON definitions (environment, revision);

-- Every version there ever was. Nothing is deleted.
CREATE TABLE definition_history (
    environment text COLLATE "C" NOT NULL REFERENCES environments (key),
    kind        text        NOT NULL CHECK (kind IN ('flag', 'segment')),
    key         text COLLATE "C" NOT NULL,
    version     bigint      NOT NULL,
    revision    bigint      NOT NULL,
    action      text        NOT NULL,
    actor       text        NOT NULL,
    key_id      text        NOT NULL,
    at          timestamptz NOT NULL,
    comment     text        NOT NULL,
    archived    boolean     NOT NULL,
    definition  bytea       NOT NULL,
    PRIMARY KEY (environment, kind, key, version)
);

CREATE TABLE api_keys (
    id               text COLLATE "C" PRIMARY KEY,
    name             text        NOT NULL,
    role             text        NOT NULL CHECK (role IN ('server', 'browser', 'admin', 'reader', 'internal')),
    environments     text[]      NOT NULL,
    quota_per_second bigint      NOT NULL,
    -- SHA-256 of the secret, which has 256 random bits: there is nothing to guess and so nothing to slow down.
    secret_hash      bytea       NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
    created_at       timestamptz NOT NULL,
    created_by       text        NOT NULL,
    revoked_at       timestamptz
);

-- One row: a number that grows with every change of the keys, and what signs resume tokens.
CREATE TABLE key_ring (
    only_row     boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version      bigint  NOT NULL,
    token_secret bytea   NOT NULL CHECK (octet_length(token_secret) = 32)
);

-- Random UUIDs come from the server's strong generator; three of them hold more than 256 random bits.
INSERT INTO key_ring (version, token_secret)
VALUES (1, sha256(convert_to(concat(gen_random_uuid(), gen_random_uuid(), gen_random_uuid()), 'UTF8')));

-- One row: which database this was when it was last opened. Another one then means that it was copied or restored.
CREATE TABLE database_identity (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    fingerprint text NOT NULL
);

INSERT INTO database_identity (fingerprint) VALUES ('');
