-- Rollout plans, what happened to them, and what metrics says of their guards.

CREATE TABLE rollouts (
    id               uuid        PRIMARY KEY,
    environment      text COLLATE "C" NOT NULL REFERENCES environments (key),
    flag_key         text COLLATE "C" NOT NULL,
    -- The serialised message RolloutPlan.
    plan             bytea       NOT NULL,
    state            text        NOT NULL CHECK (state IN (
        'draft', 'running', 'waiting_for_approval', 'held', 'paused', 'breached', 'rolled_back', 'completed'
    )),
    hold_reason      text,
    reason           text        NOT NULL,
    -- By the clock of the process that decided, as are the others of its progress.
    state_since      timestamptz NOT NULL,
    stage_since      timestamptz NOT NULL,
    soaking_since    timestamptz NOT NULL,
    looked_at        timestamptz NOT NULL,
    stage            integer     NOT NULL,
    step             bigint      NOT NULL,
    last_good_stage  integer     NOT NULL,
    approved_stage   integer     NOT NULL,
    -- What the flag was before, once the plan was started: whether it was on, and serialised messages Serve.
    base_on          boolean,
    base_fallthrough bytea,
    base_uncovered   bytea,
    -- Of the flag, as the plan wrote it last.
    flag_version     bigint      NOT NULL,
    -- The serialised message GuardEvidence.
    breach           bytea,
    version          bigint      NOT NULL,
    created_at       timestamptz NOT NULL,
    created_by       text        NOT NULL,
    updated_at       timestamptz NOT NULL,
    updated_by       text        NOT NULL,
    CHECK ((state = 'held') = (hold_reason IS NOT NULL)),
    CHECK (num_nonnulls(base_on, base_fallthrough, base_uncovered) IN (0, 3))
);

CREATE INDEX rollouts_by_time ON rollouts (environment, created_at, id);
-- A flag has one plan at a time that may still change it.
CREATE UNIQUE INDEX rollouts_started ON rollouts (environment, flag_key)
    WHERE state IN ('running', 'waiting_for_approval', 'held', 'paused', 'breached');

CREATE TABLE rollout_events (
    rollout_id uuid        NOT NULL REFERENCES rollouts (id) ON DELETE CASCADE,
    -- The version of the plan that came of it.
    version    bigint      NOT NULL,
    at         timestamptz NOT NULL,
    actor      text        NOT NULL,
    action     text        NOT NULL,
    stage      integer     NOT NULL,
    step       bigint      NOT NULL,
    -- Of the environment, when the flag was written with it.
    revision   bigint      NOT NULL,
    comment    text        NOT NULL,
    evidence   bytea,
    PRIMARY KEY (rollout_id, version)
);

CREATE TABLE rollout_guard_reports (
    rollout_id uuid   PRIMARY KEY REFERENCES rollouts (id) ON DELETE CASCADE,
    step       bigint NOT NULL,
    -- The serialised message GuardReport.
    report     bytea  NOT NULL
);
