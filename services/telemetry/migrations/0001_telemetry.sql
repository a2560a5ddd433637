-- The event log with its dedupe keys, the catalogue, identities, and what privacy requests leave behind.

-- One row: what this installation's secrets and its log are.
CREATE TABLE telemetry_installation (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    -- Keys the hashes of subjects, of actors and of hashed properties. Random UUIDs come from the server's strong generator.
    hash_secret bytea NOT NULL CHECK (octet_length(hash_secret) = 32),
    -- Positions in the log compare within one epoch; a restored database gets another.
    epoch       uuid  NOT NULL,
    -- Which database this was when it was last opened.
    fingerprint text  NOT NULL,
    -- Ids made before this moment can only come from an import.
    log_began   timestamptz NOT NULL
);

INSERT INTO telemetry_installation (hash_secret, epoch, fingerprint, log_began)
VALUES (
    sha256(convert_to(concat(gen_random_uuid(), gen_random_uuid(), gen_random_uuid()), 'UTF8')),
    gen_random_uuid(), '', now()
);

-- The log, a partition for each day of receipt (UTC), named events_YYYYMMDD. Its order is (xid, ord): rows of one
-- transaction stand together, and a reader stops before the oldest transaction that may still commit.
CREATE TABLE events (
    received_at timestamptz NOT NULL DEFAULT now(),
    xid         xid8        NOT NULL DEFAULT pg_current_xact_id(),
    -- Position within the transaction.
    ord         integer     NOT NULL,
    -- As the fields of LogEntry.kind: 1 event, 2 merge, 3 erasure of actors, 4 split, 5 erasure of a tenant.
    kind        smallint    NOT NULL DEFAULT 1,
    environment text COLLATE "C" NOT NULL,
    tenant      text COLLATE "C" NOT NULL,
    -- "u:" and the user id; for who is not known "a:" and the anonymous id; empty when nobody is named.
    subject     text COLLATE "C" NOT NULL,
    name        text COLLATE "C" NOT NULL,
    event_id    uuid,
    -- The corrected time.
    occurred_at timestamptz,
    -- The serialised StoredEvent without received_at and actor_id, which readers append; for other kinds their message.
    body        bytea       NOT NULL
) PARTITION BY RANGE (received_at);

CREATE INDEX events_by_position ON events (xid);
CREATE INDEX events_by_subject ON events (environment, tenant, subject);

-- What makes each event count once. A partition for each day of the ids' own time (an id is a UUIDv7), named
-- event_keys_YYYYMMDD; ids of imported events from before the log began are in the default partition.
CREATE TABLE event_keys (
    event_id    uuid   NOT NULL,
    environment text COLLATE "C" NOT NULL,
    tenant      text COLLATE "C" NOT NULL,
    -- First half of murmur3_x64_128 over the event as it was sent.
    digest      bigint NOT NULL,
    PRIMARY KEY (event_id, environment, tenant)
) PARTITION BY RANGE (event_id);

CREATE TABLE event_keys_before PARTITION OF event_keys DEFAULT;

CREATE TABLE imports (
    environment text COLLATE "C" NOT NULL,
    import_key  text COLLATE "C" NOT NULL,
    position    text        NOT NULL,
    accepted    bigint      NOT NULL,
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (environment, import_key)
);

-- How many events had which outcome, by day of receipt (UTC). Sums are over shard: writers that count at the same time use
-- different ones, so that none waits for another's commit.
CREATE TABLE coverage (
    environment text COLLATE "C" NOT NULL,
    day         date     NOT NULL,
    name        text COLLATE "C" NOT NULL,
    -- 1 accepted and declared, 2 accepted and undeclared, 3 accepted though it violates its definition, 4 dead letter.
    outcome     smallint NOT NULL,
    -- The violation, without any value of the event.
    detail      text     NOT NULL,
    shard       smallint NOT NULL,
    events      bigint   NOT NULL,
    PRIMARY KEY (environment, day, name, outcome, detail, shard)
);

CREATE TABLE dead_letters (
    id                 uuid PRIMARY KEY,
    environment        text COLLATE "C" NOT NULL,
    tenant             text COLLATE "C" NOT NULL,
    subject            text COLLATE "C" NOT NULL,
    name               text COLLATE "C" NOT NULL,
    event_id           uuid        NOT NULL,
    -- ErrorReason
    reason             integer     NOT NULL,
    field              text        NOT NULL,
    message            text        NOT NULL,
    definition_version integer     NOT NULL,
    -- The serialised Event; personal data that the catalogue masks is masked here too.
    event              bytea       NOT NULL,
    -- The corrected time, which a replay keeps, and its marks.
    occurred_at        timestamptz NOT NULL,
    time_marks         smallint[]  NOT NULL,
    -- Of the event as it was sent, as in event_keys.
    digest             bigint      NOT NULL,
    received_at        timestamptz NOT NULL DEFAULT now(),
    replayed_at        timestamptz,
    -- The same bad event sent again is the same dead letter.
    UNIQUE (environment, tenant, event_id)
);

CREATE INDEX dead_letters_by_name ON dead_letters (environment, name, id);
CREATE INDEX dead_letters_by_subject ON dead_letters (environment, tenant, subject);

-- Every version there ever was; the highest is the present one.
CREATE TABLE catalogue_versions (
    environment text COLLATE "C" NOT NULL,
    version     integer     NOT NULL,
    -- The serialised Catalogue.
    catalogue   bytea       NOT NULL,
    updated_by  text        NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (environment, version)
);

-- Which anonymous id belongs to which user.
CREATE TABLE aliases (
    environment  text COLLATE "C" NOT NULL,
    tenant       text COLLATE "C" NOT NULL,
    anonymous_id text COLLATE "C" NOT NULL,
    user_id      text COLLATE "C" NOT NULL,
    joined_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (environment, tenant, anonymous_id)
);

CREATE INDEX aliases_by_user ON aliases (environment, tenant, user_id);

-- Traits of users and, with an empty user_id, of tenants. A null value is a trait that was removed.
CREATE TABLE traits (
    environment text COLLATE "C" NOT NULL,
    tenant      text COLLATE "C" NOT NULL,
    user_id     text COLLATE "C" NOT NULL,
    name        text COLLATE "C" NOT NULL,
    -- The serialised Value.
    value       bytea,
    observed_at timestamptz NOT NULL,
    PRIMARY KEY (environment, tenant, user_id, name)
);

-- Who was erased: what arrives of them later is refused. Never the subject itself, only its keyed hash.
CREATE TABLE tombstones (
    -- Grows; writers look whether there is a newer one than they know.
    number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment  text COLLATE "C" NOT NULL,
    tenant       text COLLATE "C" NOT NULL,
    subject_hash bytea       NOT NULL,
    erased_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (environment, tenant, subject_hash)
);

CREATE TABLE privacy_requests (
    id           uuid PRIMARY KEY,
    environment  text COLLATE "C" NOT NULL,
    -- PrivacyRequestKind
    kind         smallint    NOT NULL,
    tenant       text        NOT NULL,
    subject_hash bytea       NOT NULL,
    requested_by text        NOT NULL,
    reason       text        NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz,
    -- Where its entry stands in the log, and when that was written: a tenant loses what stands before, by both.
    position     xid8,
    bound_at     timestamptz,
    counts       jsonb       NOT NULL DEFAULT '{}',
    remaining    jsonb       NOT NULL DEFAULT '{}'
);

CREATE INDEX privacy_requests_by_time ON privacy_requests (environment, requested_at, id);

-- Days of the log that were written to columnar files and verified. From then on the file counts as the log.
CREATE TABLE archives (
    day         date PRIMARY KEY,
    file        text        NOT NULL,
    entries     bigint      NOT NULL,
    bytes       bigint      NOT NULL,
    sha256      text        NOT NULL,
    verified_at timestamptz NOT NULL,
    dropped_at  timestamptz
);

-- One row: the API keys as the flag service last told them, so that a start needs it only once ever.
CREATE TABLE known_keys (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    -- The serialised GetKeysResponse of the flag service.
    response bytea NOT NULL
);
