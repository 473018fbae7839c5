-- Mail decided on, its deliveries, and who did what at the console.

-- Mail decided on and not yet handed over: what it is about, not its text. Written in the transaction
-- that decides it, so an answer given to a reader is never given without its mail.
CREATE TABLE outbox (
    outbox_id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('confirm', 'receipt', 'download_link')),
    signup_id uuid NOT NULL REFERENCES signup (signup_id),
    -- Which mailbox this counts for.
    limiter_key bytea NOT NULL CHECK (length(limiter_key) = 32),
    state text NOT NULL CHECK (state IN ('queued', 'sent', 'parked', 'dropped')),
    -- Counts every claim: the fence, for a worker that lost its lease finds another number here.
    claims integer NOT NULL DEFAULT 0,
    -- Counts the tries, by which the next one is put off.
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    lease_until timestamptz,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    reason text,
    CHECK ((state = 'queued') = (finished_at IS NULL)),
    CHECK (state <> 'parked' OR reason IS NOT NULL)
);
CREATE INDEX outbox_due ON outbox (next_at) WHERE state = 'queued';
CREATE INDEX outbox_counted ON outbox (limiter_key, created_at) WHERE kind <> 'receipt';
CREATE INDEX outbox_of_signup ON outbox (signup_id);

-- One try to hand a mail over. Details name no address.
CREATE TABLE delivery (
    delivery_id uuid PRIMARY KEY,
    outbox_id uuid NOT NULL REFERENCES outbox (outbox_id),
    attempt integer NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('sent', 'deferred', 'parked', 'dropped')),
    detail text NOT NULL,
    finished_at timestamptz NOT NULL
);
CREATE INDEX delivery_of_outbox ON delivery (outbox_id);

CREATE TABLE staff (
    staff_id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE,
    role text NOT NULL CHECK (role IN ('viewer', 'marketing', 'admin')),
    -- Argon2id, PHC string.
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz
);

-- Who did what: ids and field names, no personal values.
CREATE TABLE audit_entry (
    audit_entry_id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    detail jsonb NOT NULL
);

CREATE TRIGGER audit_entry_is_immutable BEFORE UPDATE OR DELETE ON audit_entry
FOR EACH ROW EXECUTE FUNCTION refuse_change();
