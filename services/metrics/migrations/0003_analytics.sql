-- Cohorts, reports and boards that people saved.

CREATE TABLE analytics_saved (
    environment text COLLATE "C" NOT NULL,
    -- 1: cohort, 2: report, 3: board.
    kind        smallint NOT NULL,
    id          uuid NOT NULL,
    name        text COLLATE "C" NOT NULL,
    description text NOT NULL,
    revision    bigint NOT NULL,
    -- The serialised message, without what stands in the other columns.
    content     bytea NOT NULL,
    created_at  timestamptz NOT NULL,
    created_by  text NOT NULL,
    updated_at  timestamptz NOT NULL,
    updated_by  text NOT NULL,
    PRIMARY KEY (environment, kind, id),
    UNIQUE (environment, kind, name)
);
