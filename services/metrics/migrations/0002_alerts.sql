-- Alerts: rules, what was judged, alerts, silences, webhooks, and what is to be sent.

-- One row for each environment, locked by every change of its alerts and rules: so revisions are in the order of commits.
CREATE TABLE alert_environments (
    environment    text COLLATE "C" PRIMARY KEY,
    -- Of alerts.
    revision       bigint NOT NULL DEFAULT 0,
    rules_revision bigint NOT NULL DEFAULT 0,
    -- The last hour that was judged, of all tenants. Always written in one transaction with what it was judged to be.
    judged_hour    timestamptz NOT NULL
);

CREATE TABLE alert_rules (
    environment text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,
    version     bigint NOT NULL,
    deleted     boolean NOT NULL,
    -- The serialised AlertRule.
    rule        bytea NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    updated_by  text NOT NULL,
    PRIMARY KEY (environment, key)
);

CREATE TABLE alert_rule_versions (
    environment text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,
    version     bigint NOT NULL,
    deleted     boolean NOT NULL,
    rule        bytea NOT NULL,
    actor       text NOT NULL,
    at          timestamptz NOT NULL,
    comment     text NOT NULL,
    PRIMARY KEY (environment, key, version)
);

-- What the detector of a rule has learned of a tenant, and the episode that it is in.
CREATE TABLE alert_detectors (
    environment text COLLATE "C" NOT NULL,
    rule_key    text COLLATE "C" NOT NULL,
    tenant      text COLLATE "C" NOT NULL,
    -- ISO 4217 for money, else empty.
    currency    text COLLATE "C" NOT NULL,
    -- The first hour that it has learned from, and the last one; none of thresholds.
    first_hour  timestamptz,
    last_hour   timestamptz,
    state       bytea NOT NULL,
    episode     text NOT NULL,
    PRIMARY KEY (environment, rule_key, tenant, currency)
);

-- The shape of the week that the tenants of an environment share.
CREATE TABLE alert_priors (
    environment text COLLATE "C" NOT NULL,
    rule_key    text COLLATE "C" NOT NULL,
    prior       bytea NOT NULL,
    learned_at  timestamptz NOT NULL,
    PRIMARY KEY (environment, rule_key)
);

CREATE TABLE alerts (
    id          uuid PRIMARY KEY,
    environment text COLLATE "C" NOT NULL,
    revision    bigint NOT NULL,
    tenant      text COLLATE "C" NOT NULL,
    metric      text COLLATE "C" NOT NULL,
    currency    text COLLATE "C" NOT NULL,
    rule_key    text COLLATE "C" NOT NULL,
    -- Numbers of the contract.
    kind        smallint NOT NULL,
    severity    smallint NOT NULL,
    state       smallint NOT NULL,
    opened_at   timestamptz NOT NULL,
    -- Whether the webhooks were told that it is open.
    told        boolean NOT NULL,
    -- The serialised Alert, without its revision.
    alert       bytea NOT NULL
);

-- One alert for each episode: there is never a second one beside one that is not resolved (3).
CREATE UNIQUE INDEX alerts_unresolved ON alerts (environment, rule_key, tenant, currency) WHERE state <> 3;
CREATE INDEX alerts_by_time ON alerts (environment, opened_at, id);
CREATE INDEX alerts_by_revision ON alerts (environment, revision);

CREATE TABLE alert_silences (
    id          uuid PRIMARY KEY,
    environment text COLLATE "C" NOT NULL,
    -- Empty: any.
    tenant      text COLLATE "C" NOT NULL,
    metric      text COLLATE "C" NOT NULL,
    rule_key    text COLLATE "C" NOT NULL,
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    reason      text NOT NULL,
    created_by  text NOT NULL,
    created_at  timestamptz NOT NULL,
    -- Set when it was ended early.
    ended_by    text,
    ended_at    timestamptz
);

CREATE INDEX alert_silences_by_end ON alert_silences (environment, ends_at);

CREATE TABLE alert_webhooks (
    id          uuid PRIMARY KEY,
    environment text COLLATE "C" NOT NULL,
    url         text NOT NULL,
    description text NOT NULL,
    events      smallint[] NOT NULL,
    disabled    boolean NOT NULL,
    -- The key of signatures. It has to be known to sign, so it is no hash; nothing reads it but the sender.
    secret      bytea NOT NULL,
    created_at  timestamptz NOT NULL,
    created_by  text NOT NULL,
    updated_at  timestamptz NOT NULL,
    updated_by  text NOT NULL
);

CREATE INDEX alert_webhooks_by_environment ON alert_webhooks (environment, created_at);

-- The outbox: written in the transaction that changes the alert.
CREATE TABLE alert_deliveries (
    id              text COLLATE "C" PRIMARY KEY,
    environment     text COLLATE "C" NOT NULL,
    webhook_id      uuid NOT NULL,
    alert_id        uuid,
    event           smallint NOT NULL,
    state           smallint NOT NULL,
    created_at      timestamptz NOT NULL,
    -- Of those that wait; whoever attempts one moves it on first.
    next_attempt_at timestamptz,
    attempt_count   integer NOT NULL DEFAULT 0,
    -- Attempts since it was made, or retried by a person: where the schedule is.
    step            integer NOT NULL DEFAULT 0,
    body            bytea NOT NULL
);

CREATE INDEX alert_deliveries_due ON alert_deliveries (next_attempt_at) WHERE state = 1;
CREATE INDEX alert_deliveries_by_time ON alert_deliveries (environment, created_at, id);

CREATE TABLE alert_attempts (
    delivery_id text COLLATE "C" NOT NULL REFERENCES alert_deliveries ON DELETE CASCADE,
    at          timestamptz NOT NULL,
    seconds     double precision NOT NULL,
    status      integer NOT NULL,
    error       text NOT NULL
);

CREATE INDEX alert_attempts_by_delivery ON alert_attempts (delivery_id, at);

-- Who has changed what.
CREATE TABLE alert_changes (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment text COLLATE "C" NOT NULL,
    at          timestamptz NOT NULL,
    actor       text NOT NULL,
    action      text NOT NULL,
    subject     text NOT NULL,
    comment     text NOT NULL
);

CREATE INDEX alert_changes_by_environment ON alert_changes (environment, id);
