-- Forms that were sent, the people they became, and the right to a file.

CREATE TABLE subscriber (
    subscriber_id uuid PRIMARY KEY,
    email text NOT NULL,
    -- HMAC-SHA256 of the normalised address: one subscriber per address.
    address_key bytea NOT NULL UNIQUE CHECK (length(address_key) = 32),
    name text,
    organisation text,
    job_title text,
    -- The newest consent event's number. Taken under this row's lock, so events of one person have
    -- one order whatever the clock says.
    last_seq bigint NOT NULL DEFAULT 0,
    verified_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL
);

-- What one form said. Nothing here touches a subscriber before it is confirmed.
CREATE TABLE signup (
    signup_id uuid PRIMARY KEY,
    email text NOT NULL,
    address_key bytea NOT NULL CHECK (length(address_key) = 32),
    limiter_key bytea NOT NULL CHECK (length(limiter_key) = 32),
    name text,
    organisation text,
    job_title text,
    report_id uuid REFERENCES report (report_id),
    policy_version_id uuid NOT NULL REFERENCES policy_version (policy_version_id),
    source text NOT NULL,
    method text NOT NULL CHECK (method IN ('form', 'api', 'import', 'staff')),
    status text NOT NULL CHECK (status IN ('pending', 'confirmed', 'expired', 'cancelled')),
    -- A fresh link is the next generation; older links are superseded.
    generation integer NOT NULL DEFAULT 1 CHECK (generation BETWEEN 1 AND 65535),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    subscriber_id uuid REFERENCES subscriber (subscriber_id),
    CHECK ((status = 'confirmed') = (confirmed_at IS NOT NULL)),
    CHECK ((status = 'confirmed') = (subscriber_id IS NOT NULL))
);
CREATE INDEX signup_unconfirmed ON signup (created_at) WHERE status <> 'confirmed';

-- The append-only ledger. A row is what happened: it is never changed, but erasure drops body and
-- salt (the leaf stays), and sealing gives it its place in the tree.
CREATE TABLE consent_event (
    event_id uuid PRIMARY KEY,
    -- Whose order `seq` counts in: the signup for `requested`, the subscriber for all others.
    subject_id uuid NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    signup_id uuid,
    subscriber_id uuid,
    purpose text NOT NULL REFERENCES purpose (code),
    type text NOT NULL CHECK (type IN ('requested', 'given', 'withdrawn', 'renewed', 'expired', 'erased')),
    notice_id uuid REFERENCES notice (notice_id),
    policy_version_id uuid REFERENCES policy_version (policy_version_id),
    -- RFC 8785 text, and the salt of its commitment.
    body text,
    salt bytea,
    leaf text NOT NULL,
    leaf_index bigint,
    recorded_at timestamptz NOT NULL,
    UNIQUE (subject_id, seq),
    CHECK ((body IS NULL) = (salt IS NULL))
);

CREATE UNIQUE INDEX consent_event_sealed ON consent_event (leaf_index) WHERE leaf_index IS NOT NULL;

CREATE TRIGGER consent_event_is_kept BEFORE DELETE ON consent_event
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER consent_event_is_immutable BEFORE UPDATE ON consent_event
FOR EACH ROW WHEN (NOT (
    NEW.event_id = OLD.event_id AND NEW.subject_id = OLD.subject_id AND NEW.seq = OLD.seq
    AND NEW.signup_id IS NOT DISTINCT FROM OLD.signup_id
    AND NEW.subscriber_id IS NOT DISTINCT FROM OLD.subscriber_id
    AND NEW.purpose = OLD.purpose AND NEW.type = OLD.type
    AND NEW.notice_id IS NOT DISTINCT FROM OLD.notice_id
    AND NEW.policy_version_id IS NOT DISTINCT FROM OLD.policy_version_id
    AND NEW.leaf = OLD.leaf AND NEW.recorded_at = OLD.recorded_at
    AND (NEW.body IS NOT DISTINCT FROM OLD.body OR NEW.body IS NULL)
    AND (NEW.salt IS NOT DISTINCT FROM OLD.salt OR NEW.salt IS NULL)
    AND (NEW.leaf_index IS NOT DISTINCT FROM OLD.leaf_index OR OLD.leaf_index IS NULL)
)) EXECUTE FUNCTION refuse_change();

-- The present state: always the fold of the subscriber's events, kept beside them for reading.
CREATE TABLE consent (
    subscriber_id uuid NOT NULL REFERENCES subscriber (subscriber_id),
    purpose text NOT NULL REFERENCES purpose (code),
    state text NOT NULL CHECK (state IN ('given', 'renewed', 'withdrawn', 'expired')),
    -- The event that made this state, and what it rested on.
    event_id uuid NOT NULL REFERENCES consent_event (event_id),
    notice_id uuid NOT NULL REFERENCES notice (notice_id),
    policy_version_id uuid NOT NULL REFERENCES policy_version (policy_version_id),
    report_id uuid REFERENCES report (report_id),
    source text NOT NULL,
    requested_at timestamptz NOT NULL,
    confirmed_at timestamptz NOT NULL,
    PRIMARY KEY (subscriber_id, purpose)
);
CREATE INDEX consent_of_purpose ON consent (purpose, confirmed_at);

-- One subscriber's right to fetch one report.
CREATE TABLE download_grant (
    download_grant_id uuid PRIMARY KEY,
    subscriber_id uuid NOT NULL REFERENCES subscriber (subscriber_id),
    report_id uuid NOT NULL REFERENCES report (report_id),
    signup_id uuid NOT NULL UNIQUE REFERENCES signup (signup_id),
    generation integer NOT NULL DEFAULT 1 CHECK (generation BETWEEN 1 AND 65535),
    used bigint NOT NULL DEFAULT 0,
    download_limit bigint NOT NULL CHECK (download_limit > 0),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CHECK (used BETWEEN 0 AND download_limit)
);

-- Each counted start of a download.
CREATE TABLE download (
    download_id uuid PRIMARY KEY,
    download_grant_id uuid NOT NULL REFERENCES download_grant (download_grant_id),
    started_at timestamptz NOT NULL
);
CREATE INDEX download_of_grant ON download (download_grant_id, started_at);

-- Who must not be mailed, kept without the address. `*` stands for every purpose.
CREATE TABLE suppression (
    address_key bytea NOT NULL CHECK (length(address_key) = 32),
    reason text NOT NULL CHECK (reason IN ('unsubscribed', 'bounced', 'complained', 'erased', 'not-me', 'manual')),
    purpose text NOT NULL DEFAULT '*',
    since timestamptz NOT NULL,
    PRIMARY KEY (address_key, reason, purpose),
    CHECK ((reason = 'unsubscribed') = (purpose <> '*'))
);
