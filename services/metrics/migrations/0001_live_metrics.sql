-- Hourly roll-ups of the live metrics, how far the log is in them, and what the service remembers.

-- What a metric was in an hour of the clock (UTC). Written by the leader alone.
CREATE TABLE metric_hours (
    environment text COLLATE "C" NOT NULL,
    tenant      text COLLATE "C" NOT NULL,
    metric      text COLLATE "C" NOT NULL,
    -- ISO 4217 for money, else empty.
    currency    text COLLATE "C" NOT NULL,
    hour        timestamptz NOT NULL,
    -- Of counts and sums the total, of actors the highest, of others the window that ended with the last minute. For ratios
    -- what is divided.
    value       numeric,
    -- For ratios what it is divided by.
    denominator numeric,
    -- 60 numbers, separated by commas, empty where there is none: of counts and sums what fell into the minute, of others
    -- the window that ended with it. Ratios are written 3/7.
    minutes     text NOT NULL,
    PRIMARY KEY (environment, tenant, metric, currency, hour)
);

CREATE INDEX metric_hours_by_hour ON metric_hours (environment, hour);

-- How far the log of an environment is in its roll-ups: always written in one transaction with them.
CREATE TABLE metric_progress (
    environment  text COLLATE "C" PRIMARY KEY,
    cursor       bytea NOT NULL,
    -- The ids of the entries before the cursor, 16 bytes each, the newest last: by them a reader that begins earlier sees
    -- when it has reached it.
    last_entries  bytea NOT NULL,
    written_at   timestamptz NOT NULL
);

-- Where to begin to read so that the state of a day can be rebuilt.
CREATE TABLE metric_replay_cursors (
    environment text COLLATE "C" NOT NULL,
    -- Everything that was committed later stands behind the cursor.
    saved_at    timestamptz NOT NULL,
    cursor      bytea NOT NULL,
    -- The id of the newest entry before the cursor; empty when there was none.
    last_entry  bytea NOT NULL,
    PRIMARY KEY (environment, saved_at)
);

-- One row: the API keys as the flag service last told them.
CREATE TABLE metric_known_keys (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    -- The serialised GetKeysResponse of the flag service.
    response bytea NOT NULL
);
