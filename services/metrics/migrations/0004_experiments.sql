-- Experiments, who has changed what about them, and what all looks at them have said.

-- One row for each environment, locked by every change: layers are shared out one experiment after the other.
CREATE TABLE experiment_environments (
    environment text COLLATE "C" PRIMARY KEY
);

CREATE TABLE experiments (
    environment text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,
    version     bigint NOT NULL,
    -- A number of the contract.
    state       smallint NOT NULL,
    flag_key    text COLLATE "C" NOT NULL,
    -- The serialised ExperimentRecord, without version, etag and times of changes.
    record      bytea NOT NULL,
    -- The learning, in Markdown: written when it was decided.
    report      text,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    updated_by  text NOT NULL,
    PRIMARY KEY (environment, key)
);

CREATE INDEX experiments_by_flag ON experiments (environment, flag_key);

-- Every change, never edited.
CREATE TABLE experiment_changes (
    environment text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,
    version     bigint NOT NULL,
    action      text NOT NULL,
    actor       text NOT NULL,
    at          timestamptz NOT NULL,
    comment     text NOT NULL,
    state       smallint NOT NULL,
    -- The serialised ExperimentRecord after the change.
    record      bytea NOT NULL,
    PRIMARY KEY (environment, key, version)
);

-- What all looks at an arm in a metric have said; it only ever gets narrower.
CREATE TABLE experiment_looks (
    environment        text COLLATE "C" NOT NULL,
    key                text COLLATE "C" NOT NULL,
    metric             text COLLATE "C" NOT NULL,
    arm                text COLLATE "C" NOT NULL,
    p                  double precision NOT NULL,
    lower              double precision NOT NULL,
    upper              double precision NOT NULL,
    harmed             boolean NOT NULL,
    harmless           boolean NOT NULL,
    -- The one test at the planned size, once it was made.
    horizon_p          double precision,
    horizon_difference double precision,
    horizon_at         timestamptz,
    PRIMARY KEY (environment, key, metric, arm)
);
