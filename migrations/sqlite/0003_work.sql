-- Mail decided on, its deliveries, and who did what at the console.

-- Mail decided on and not yet handed over: what it is about, not its text. Written in the transaction
-- that decides it, so an answer given to a reader is never given without its mail.
CREATE TABLE outbox (
    outbox_id BLOB PRIMARY KEY NOT NULL CHECK (length(outbox_id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('confirm', 'receipt', 'download_link')),
    signup_id BLOB NOT NULL REFERENCES signup (signup_id),
    -- Which mailbox this counts for.
    limiter_key BLOB NOT NULL CHECK (length(limiter_key) = 32),
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
    CHECK ((state = 'queued') = (finished_at IS NULL)),
    CHECK (state <> 'parked' OR reason IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (next_at) WHERE state = 'queued';
CREATE INDEX outbox_counted ON outbox (limiter_key, created_at) WHERE kind <> 'receipt';
CREATE INDEX outbox_of_signup ON outbox (signup_id);

-- One try to hand a mail over. Details name no address.
CREATE TABLE delivery (
    delivery_id BLOB PRIMARY KEY NOT NULL CHECK (length(delivery_id) = 16),
    outbox_id BLOB NOT NULL REFERENCES outbox (outbox_id),
    attempt INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('sent', 'deferred', 'parked', 'dropped')),
    detail TEXT NOT NULL,
    finished_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_of_outbox ON delivery (outbox_id);

CREATE TABLE staff (
    staff_id BLOB PRIMARY KEY NOT NULL CHECK (length(staff_id) = 16),
    email TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'marketing', 'admin')),
    -- Argon2id, PHC string.
    password_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    disabled_at INTEGER
) STRICT, WITHOUT ROWID;

-- Who did what: ids and field names, no personal values.
CREATE TABLE audit_entry (
    audit_entry_id BLOB PRIMARY KEY NOT NULL CHECK (length(audit_entry_id) = 16),
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_entry_is_immutable BEFORE UPDATE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'an audit entry never changes'); END;
CREATE TRIGGER audit_entry_is_kept BEFORE DELETE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'an audit entry is kept for good'); END;
