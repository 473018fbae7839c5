-- Who works at the console: accounts, their sessions, what lets them in, and tokens for programs.

-- An account that was invited has no password until its link is followed.
ALTER TABLE staff ALTER COLUMN password_hash DROP NOT NULL;
-- Two-factor: the secret is derived from this salt, and is asked for since it was proved to work. A step
-- (30 s) is accepted once.
ALTER TABLE staff ADD COLUMN code_salt bytea CHECK (length(code_salt) = 16);
ALTER TABLE staff ADD COLUMN code_since timestamptz;
ALTER TABLE staff ADD COLUMN code_last_step bigint NOT NULL DEFAULT 0;
ALTER TABLE staff ADD CHECK (code_since IS NULL OR code_salt IS NOT NULL);

-- Whoever signed in. The cookie holds the token, this its SHA-256.
CREATE TABLE staff_session (
    staff_session_id uuid PRIMARY KEY,
    token_sha256 bytea NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
    staff_id uuid NOT NULL REFERENCES staff (staff_id),
    -- The browser's name and system, for its owner to know it again.
    browser text NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX staff_session_of_staff ON staff_session (staff_id);

-- Single-use links: to one's first password, and to a new one. The link itself is derived. One that makes
-- the first account belongs to nobody yet.
CREATE TABLE staff_link (
    staff_link_id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('first', 'invitation', 'reset')),
    staff_id uuid REFERENCES staff (staff_id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CHECK ((kind = 'first') = (staff_id IS NULL))
);
CREATE INDEX staff_link_of_staff ON staff_link (staff_id) WHERE staff_id IS NOT NULL;

-- What lets in whoever lost their authenticator: each once.
CREATE TABLE recovery_code (
    staff_id uuid NOT NULL REFERENCES staff (staff_id),
    code_sha256 bytea NOT NULL CHECK (length(code_sha256) = 32),
    used_at timestamptz,
    PRIMARY KEY (staff_id, code_sha256)
);

-- Which roles must use two-factor.
CREATE TABLE role_rule (
    role text PRIMARY KEY CHECK (role IN ('viewer', 'marketing', 'admin')),
    requires_code boolean NOT NULL
);
INSERT INTO role_rule (role, requires_code)
VALUES ('viewer', false), ('marketing', false), ('admin', false);

-- Tries to sign in that did not succeed, for an account or an address of the network: a keyed hash of
-- either. Until `next_at` no other is looked at.
CREATE TABLE sign_in_try (
    subject bytea PRIMARY KEY CHECK (length(subject) = 32),
    tries integer NOT NULL CHECK (tries > 0),
    last_at timestamptz NOT NULL,
    next_at timestamptz NOT NULL
);
CREATE INDEX sign_in_try_by_age ON sign_in_try (last_at);

-- What programs sign in with. Shown once, kept as SHA-256.
CREATE TABLE api_token (
    api_token_id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    token_sha256 bytea NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
    -- Words separated by spaces.
    scopes text NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);

-- The audit is read by what was done and by whom.
CREATE INDEX audit_entry_by_action ON audit_entry (action, audit_entry_id);
CREATE INDEX audit_entry_by_actor ON audit_entry (actor, audit_entry_id);

-- A lost link leads to one's choices, or to a new password for the console.
ALTER TABLE link_request ADD COLUMN door text NOT NULL DEFAULT 'preferences'
CHECK (door IN ('preferences', 'password'));

-- A mail may be about a link for a member of staff, too.
ALTER TABLE outbox ADD COLUMN staff_link_id uuid REFERENCES staff_link (staff_link_id);
ALTER TABLE outbox DROP CONSTRAINT outbox_kind_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_kind_check
CHECK (kind IN ('confirm', 'receipt', 'download_link', 'preferences_link', 'change', 'policy_notice',
                'renewal', 'renewal_reminder', 'checkpoint', 'invitation', 'password_reset'));
-- The rule that 0004 added, by the name PostgreSQL gave it.
ALTER TABLE outbox DROP CONSTRAINT outbox_check2;
ALTER TABLE outbox ADD CONSTRAINT outbox_is_about CHECK (
    CASE WHEN kind IN ('confirm', 'receipt', 'download_link') THEN signup_id IS NOT NULL
         WHEN kind IN ('checkpoint', 'invitation', 'password_reset')
         THEN signup_id IS NULL AND subscriber_id IS NULL
         ELSE subscriber_id IS NOT NULL END);
ALTER TABLE outbox ADD CONSTRAINT outbox_of_staff
CHECK ((kind IN ('invitation', 'password_reset')) = (staff_link_id IS NOT NULL));
CREATE INDEX outbox_of_staff_link ON outbox (staff_link_id) WHERE staff_link_id IS NOT NULL;
