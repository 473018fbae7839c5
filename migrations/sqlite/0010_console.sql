-- Who works at the console: accounts, their sessions, what lets them in, and tokens for programs.

-- An account that was invited has no password until its link is followed.
CREATE TABLE staff_next (
    staff_id BLOB PRIMARY KEY NOT NULL CHECK (length(staff_id) = 16),
    email TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'marketing', 'admin')),
    -- Argon2id, PHC string.
    password_hash TEXT,
    created_at INTEGER NOT NULL,
    disabled_at INTEGER,
    -- Two-factor: the secret is derived from this salt, and is asked for since it was proved to work. A
    -- step (30 s) is accepted once.
    code_salt BLOB CHECK (length(code_salt) = 16),
    code_since INTEGER,
    code_last_step INTEGER NOT NULL DEFAULT 0,
    CHECK (code_since IS NULL OR code_salt IS NOT NULL)
) STRICT, WITHOUT ROWID;
INSERT INTO staff_next (staff_id, email, role, password_hash, created_at, disabled_at)
SELECT staff_id, email, role, password_hash, created_at, disabled_at FROM staff;
DROP TABLE staff;
ALTER TABLE staff_next RENAME TO staff;

-- Whoever signed in. The cookie holds the token, this its SHA-256.
CREATE TABLE staff_session (
    staff_session_id BLOB PRIMARY KEY NOT NULL CHECK (length(staff_session_id) = 16),
    token_sha256 BLOB NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
    staff_id BLOB NOT NULL REFERENCES staff (staff_id),
    -- The browser's name and system, for its owner to know it again.
    browser TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX staff_session_of_staff ON staff_session (staff_id);

-- Single-use links: to one's first password, and to a new one. The link itself is derived. One that makes
-- the first account belongs to nobody yet.
CREATE TABLE staff_link (
    staff_link_id BLOB PRIMARY KEY NOT NULL CHECK (length(staff_link_id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('first', 'invitation', 'reset')),
    staff_id BLOB REFERENCES staff (staff_id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    CHECK ((kind = 'first') = (staff_id IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX staff_link_of_staff ON staff_link (staff_id) WHERE staff_id IS NOT NULL;

-- What lets in whoever lost their authenticator: each once.
CREATE TABLE recovery_code (
    staff_id BLOB NOT NULL REFERENCES staff (staff_id),
    code_sha256 BLOB NOT NULL CHECK (length(code_sha256) = 32),
    used_at INTEGER,
    PRIMARY KEY (staff_id, code_sha256)
) STRICT, WITHOUT ROWID;

-- Which roles must use two-factor.
CREATE TABLE role_rule (
    role TEXT PRIMARY KEY NOT NULL CHECK (role IN ('viewer', 'marketing', 'admin')),
    requires_code INTEGER NOT NULL CHECK (requires_code IN (0, 1))
) STRICT, WITHOUT ROWID;
INSERT INTO role_rule (role, requires_code) VALUES ('viewer', 0), ('marketing', 0), ('admin', 0);

-- Tries to sign in that did not succeed, for an account or an address of the network: a keyed hash of
-- either. Until `next_at` no other is looked at.
CREATE TABLE sign_in_try (
    subject BLOB PRIMARY KEY NOT NULL CHECK (length(subject) = 32),
    tries INTEGER NOT NULL CHECK (tries > 0),
    last_at INTEGER NOT NULL,
    next_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_try_by_age ON sign_in_try (last_at);

-- What programs sign in with. Shown once, kept as SHA-256.
CREATE TABLE api_token (
    api_token_id BLOB PRIMARY KEY NOT NULL CHECK (length(api_token_id) = 16),
    name TEXT NOT NULL CHECK (name <> ''),
    token_sha256 BLOB NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
    -- Words separated by spaces.
    scopes TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

-- The audit is read by what was done and by whom.
CREATE INDEX audit_entry_by_action ON audit_entry (action, audit_entry_id);
CREATE INDEX audit_entry_by_actor ON audit_entry (actor, audit_entry_id);

-- A lost link leads to one's choices, or to a new password for the console.
ALTER TABLE link_request ADD COLUMN door TEXT NOT NULL DEFAULT 'preferences'
CHECK (door IN ('preferences', 'password'));

-- A mail may be about a link for a member of staff, too.
CREATE TABLE outbox_next (
    outbox_id BLOB PRIMARY KEY NOT NULL CHECK (length(outbox_id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('confirm', 'receipt', 'download_link', 'preferences_link', 'change',
                                       'policy_notice', 'renewal', 'renewal_reminder', 'checkpoint',
                                       'invitation', 'password_reset')),
    signup_id BLOB REFERENCES signup (signup_id),
    subscriber_id BLOB REFERENCES subscriber (subscriber_id),
    -- The policy version that a policy mail tells of.
    policy_version_id BLOB REFERENCES policy_version (policy_version_id),
    staff_link_id BLOB REFERENCES staff_link (staff_link_id),
    -- Which mailbox this counts for.
    limiter_key BLOB CHECK (length(limiter_key) = 32),
    state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'parked', 'dropped')),
    -- Counts every claim: the fence, for a worker that lost its lease finds another number here.
    claims INTEGER NOT NULL DEFAULT 0,
    -- Counts the tries, by which the next one is put off.
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    lease_until INTEGER,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    reason TEXT,
    CHECK (CASE WHEN kind IN ('confirm', 'receipt', 'download_link') THEN signup_id IS NOT NULL
                WHEN kind IN ('checkpoint', 'invitation', 'password_reset')
                THEN signup_id IS NULL AND subscriber_id IS NULL
                ELSE subscriber_id IS NOT NULL END),
    CHECK ((kind IN ('policy_notice', 'renewal', 'renewal_reminder')) = (policy_version_id IS NOT NULL)),
    CHECK ((kind IN ('invitation', 'password_reset')) = (staff_link_id IS NOT NULL)),
    CHECK ((state = 'queued') = (finished_at IS NULL)),
    CHECK (state <> 'parked' OR reason IS NOT NULL)
) STRICT, WITHOUT ROWID;
INSERT INTO outbox_next (outbox_id, kind, signup_id, subscriber_id, policy_version_id, limiter_key, state,
                         claims, attempts, next_at, lease_until, created_at, finished_at, reason)
SELECT outbox_id, kind, signup_id, subscriber_id, policy_version_id, limiter_key, state, claims, attempts,
       next_at, lease_until, created_at, finished_at, reason
FROM outbox;

CREATE TABLE delivery_next (
    delivery_id BLOB PRIMARY KEY NOT NULL CHECK (length(delivery_id) = 16),
    outbox_id BLOB NOT NULL REFERENCES outbox_next (outbox_id),
    attempt INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('sent', 'deferred', 'parked', 'dropped')),
    detail TEXT NOT NULL,
    finished_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO delivery_next SELECT * FROM delivery;

-- Whoever makes `outbox` anew must carry these rows over: dropping a table deletes its rows first.
CREATE TABLE bounce_next (
    bounce_id BLOB PRIMARY KEY NOT NULL CHECK (length(bounce_id) = 16),
    outbox_id BLOB NOT NULL REFERENCES outbox_next (outbox_id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('hard', 'soft', 'complaint')),
    -- RFC 3463, such as 5.1.1; not every server gives one.
    status TEXT,
    received_at INTEGER NOT NULL,
    UNIQUE (outbox_id, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO bounce_next SELECT * FROM bounce;

DROP TABLE bounce;
DROP TABLE delivery;
DROP TABLE outbox;
ALTER TABLE outbox_next RENAME TO outbox;
ALTER TABLE delivery_next RENAME TO delivery;
ALTER TABLE bounce_next RENAME TO bounce;

CREATE INDEX outbox_due ON outbox (next_at) WHERE state = 'queued';
CREATE INDEX outbox_counted ON outbox (limiter_key, created_at)
WHERE kind IN ('confirm', 'download_link', 'preferences_link');
CREATE INDEX outbox_of_signup ON outbox (signup_id);
CREATE INDEX outbox_of_subscriber ON outbox (subscriber_id) WHERE subscriber_id IS NOT NULL;
CREATE INDEX outbox_of_staff_link ON outbox (staff_link_id) WHERE staff_link_id IS NOT NULL;
CREATE INDEX outbox_to_witness ON outbox (created_at) WHERE kind = 'checkpoint';
CREATE UNIQUE INDEX outbox_once ON outbox (policy_version_id, kind, subscriber_id)
WHERE policy_version_id IS NOT NULL;
CREATE INDEX outbox_confirmations ON outbox (finished_at) WHERE kind = 'confirm' AND state = 'sent';
CREATE INDEX delivery_of_outbox ON delivery (outbox_id);
