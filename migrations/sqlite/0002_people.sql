-- Forms that were sent, the people they became, and the right to a file.

CREATE TABLE subscriber (
    subscriber_id BLOB PRIMARY KEY NOT NULL CHECK (length(subscriber_id) = 16),
    email TEXT NOT NULL,
    -- HMAC-SHA256 of the normalised address: one subscriber per address.
    address_key BLOB NOT NULL UNIQUE CHECK (length(address_key) = 32),
    name TEXT,
    organisation TEXT,
    job_title TEXT,
    -- The newest consent event's number. Taken under this row's lock, so events of one person have
    -- one order whatever the clock says.
    last_seq INTEGER NOT NULL DEFAULT 0,
    verified_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What one form said. Nothing here touches a subscriber before it is confirmed.
CREATE TABLE signup (
    signup_id BLOB PRIMARY KEY NOT NULL CHECK (length(signup_id) = 16),
    email TEXT NOT NULL,
    address_key BLOB NOT NULL CHECK (length(address_key) = 32),
    limiter_key BLOB NOT NULL CHECK (length(limiter_key) = 32),
    name TEXT,
    organisation TEXT,
    job_title TEXT,
    report_id BLOB REFERENCES report (report_id),
    policy_version_id BLOB NOT NULL REFERENCES policy_version (policy_version_id),
    source TEXT NOT NULL,
    method TEXT NOT NULL CHECK (method IN ('form', 'api', 'import', 'staff')),
    status TEXT NOT NULL CHECK (status IN ('pending', 'confirmed', 'expired', 'cancelled')),
    -- A fresh link is the next generation; older links are superseded.
    generation INTEGER NOT NULL DEFAULT 1 CHECK (generation BETWEEN 1 AND 65535),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    confirmed_at INTEGER,
    subscriber_id BLOB REFERENCES subscriber (subscriber_id),
    CHECK ((status = 'confirmed') = (confirmed_at IS NOT NULL)),
    CHECK ((status = 'confirmed') = (subscriber_id IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX signup_unconfirmed ON signup (created_at) WHERE status <> 'confirmed';

-- The append-only ledger. A row is what happened: it is never changed, but erasure drops body and
-- salt (the leaf stays), and sealing gives it its place in the tree.
CREATE TABLE consent_event (
    event_id BLOB PRIMARY KEY NOT NULL CHECK (length(event_id) = 16),
    -- Whose order `seq` counts in: the signup for `requested`, the subscriber for all others.
    subject_id BLOB NOT NULL CHECK (length(subject_id) = 16),
    seq INTEGER NOT NULL CHECK (seq > 0),
    signup_id BLOB,
    subscriber_id BLOB,
    purpose TEXT NOT NULL REFERENCES purpose (code),
    type TEXT NOT NULL CHECK (type IN ('requested', 'given', 'withdrawn', 'renewed', 'expired', 'erased')),
    notice_id BLOB REFERENCES notice (notice_id),
    policy_version_id BLOB REFERENCES policy_version (policy_version_id),
    -- RFC 8785 text, and the salt of its commitment.
    body TEXT,
    salt BLOB,
    leaf TEXT NOT NULL,
    leaf_index INTEGER,
    recorded_at INTEGER NOT NULL,
    UNIQUE (subject_id, seq),
    CHECK ((body IS NULL) = (salt IS NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX consent_event_sealed ON consent_event (leaf_index) WHERE leaf_index IS NOT NULL;

CREATE TRIGGER consent_event_is_kept BEFORE DELETE ON consent_event
BEGIN SELECT RAISE(ABORT, 'a consent event is kept for good'); END;
CREATE TRIGGER consent_event_is_immutable BEFORE UPDATE ON consent_event
WHEN NOT (
    NEW.event_id = OLD.event_id AND NEW.subject_id = OLD.subject_id AND NEW.seq = OLD.seq
    AND NEW.signup_id IS OLD.signup_id AND NEW.subscriber_id IS OLD.subscriber_id
    AND NEW.purpose = OLD.purpose AND NEW.type = OLD.type
    AND NEW.notice_id IS OLD.notice_id AND NEW.policy_version_id IS OLD.policy_version_id
    AND NEW.leaf = OLD.leaf AND NEW.recorded_at = OLD.recorded_at
    AND (NEW.body IS OLD.body OR NEW.body IS NULL) AND (NEW.salt IS OLD.salt OR NEW.salt IS NULL)
    AND (NEW.leaf_index IS OLD.leaf_index OR OLD.leaf_index IS NULL)
)
BEGIN SELECT RAISE(ABORT, 'a consent event never changes'); END;

-- The present state: always the fold of the subscriber's events, kept beside them for reading.
CREATE TABLE consent (
    subscriber_id BLOB NOT NULL REFERENCES subscriber (subscriber_id),
    purpose TEXT NOT NULL REFERENCES purpose (code),
    state TEXT NOT NULL CHECK (state IN ('given', 'renewed', 'withdrawn', 'expired')),
    -- The event that made this state, and what it rested on.
    event_id BLOB NOT NULL REFERENCES consent_event (event_id),
    notice_id BLOB NOT NULL REFERENCES notice (notice_id),
    policy_version_id BLOB NOT NULL REFERENCES policy_version (policy_version_id),
    report_id BLOB REFERENCES report (report_id),
    source TEXT NOT NULL,
    requested_at INTEGER NOT NULL,
    confirmed_at INTEGER NOT NULL,
    PRIMARY KEY (subscriber_id, purpose)
) STRICT, WITHOUT ROWID;
CREATE INDEX consent_of_purpose ON consent (purpose, confirmed_at);

-- One subscriber's right to fetch one report.
CREATE TABLE download_grant (
    download_grant_id BLOB PRIMARY KEY NOT NULL CHECK (length(download_grant_id) = 16),
    subscriber_id BLOB NOT NULL REFERENCES subscriber (subscriber_id),
    report_id BLOB NOT NULL REFERENCES report (report_id),
    signup_id BLOB NOT NULL UNIQUE REFERENCES signup (signup_id),
    generation INTEGER NOT NULL DEFAULT 1 CHECK (generation BETWEEN 1 AND 65535),
    used INTEGER NOT NULL DEFAULT 0,
    download_limit INTEGER NOT NULL CHECK (download_limit > 0),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    CHECK (used BETWEEN 0 AND download_limit)
) STRICT, WITHOUT ROWID;

-- Each counted start of a download.
CREATE TABLE download (
    download_id BLOB PRIMARY KEY NOT NULL CHECK (length(download_id) = 16),
    download_grant_id BLOB NOT NULL REFERENCES download_grant (download_grant_id),
    started_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX download_of_grant ON download (download_grant_id, started_at);

-- Who must not be mailed, kept without the address. `*` stands for every purpose.
CREATE TABLE suppression (
    address_key BLOB NOT NULL CHECK (length(address_key) = 32),
    reason TEXT NOT NULL CHECK (reason IN ('unsubscribed', 'bounced', 'complained', 'erased', 'not-me', 'manual')),
    purpose TEXT NOT NULL DEFAULT '*',
    since INTEGER NOT NULL,
    PRIMARY KEY (address_key, reason, purpose),
    CHECK ((reason = 'unsubscribed') = (purpose <> '*'))
) STRICT, WITHOUT ROWID;
