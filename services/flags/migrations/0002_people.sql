-- Keys of editors, people with their sessions, and which browsers each environment is open to.

ALTER TABLE api_keys DROP CONSTRAINT api_keys_role_check;
ALTER TABLE api_keys ADD CONSTRAINT api_keys_role_check
    CHECK (role IN ('server', 'browser', 'admin', 'reader', 'internal', 'editor'));

-- Nobody is ever deleted: histories name people by their logins.
CREATE TABLE people (
    id            text COLLATE "C" PRIMARY KEY,
    -- Case-folded.
    login         text COLLATE "C" NOT NULL UNIQUE,
    name          text        NOT NULL,
    role          text        NOT NULL CHECK (role IN ('viewer', 'editor', 'admin')),
    -- Argon2id in PHC format, of people who log in with a password.
    password_hash text,
    -- Claims iss and sub, of people whom an identity provider knows.
    issuer        text COLLATE "C",
    subject       text COLLATE "C",
    disabled_at   timestamptz,
    created_at    timestamptz NOT NULL,
    created_by    text        NOT NULL,
    last_login_at timestamptz,
    UNIQUE (issuer, subject),
    CHECK (num_nonnulls(issuer, subject) IN (0, 2)),
    CHECK ((password_hash IS NULL) = (issuer IS NOT NULL))
);

CREATE TABLE sessions (
    -- SHA-256 of the secret, which has 256 random bits.
    secret_hash bytea PRIMARY KEY CHECK (octet_length(secret_hash) = 32),
    person_id   text COLLATE "C" NOT NULL REFERENCES people (id),
    began_at    timestamptz NOT NULL,
    used_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);

CREATE INDEX sessions_by_person ON sessions (person_id, began_at);
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE browser_access (
    environment text COLLATE "C" PRIMARY KEY REFERENCES environments (key),
    -- The serialised message BrowserAccess, with origins and token keys alone.
    access      bytea       NOT NULL,
    version     bigint      NOT NULL,
    updated_at  timestamptz NOT NULL,
    updated_by  text        NOT NULL
);

-- Whoever follows the keys reads them again, and what is new beside them.
UPDATE key_ring SET version = version + 1;
