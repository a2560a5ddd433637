-- Who changed environments, API keys, browser access and people. Definitions have their own history.

CREATE TABLE access_history (
    number  bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    at      timestamptz NOT NULL,
    -- The name of the key, or the person an internal key acted for.
    actor   text        NOT NULL,
    action  text        NOT NULL,
    -- The key of an environment, the id of an API key, or the login of a person, as it was then.
    subject text        NOT NULL,
    -- [[field, before, after], ...]
    changes jsonb       NOT NULL
);
