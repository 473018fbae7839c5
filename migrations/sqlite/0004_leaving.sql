-- Mail about a person rather than about one of their forms, and asking for a lost link.

-- A mail is about a signup or about a subscriber; a checkpoint for a witness outside is about neither.
CREATE TABLE outbox_next (
    outbox_id BLOB PRIMARY KEY NOT NULL CHECK (length(outbox_id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('confirm', 'receipt', 'download_link', 'preferences_link', 'change',
                                       'policy_notice', 'renewal', 'renewal_reminder', 'checkpoint')),
    signup_id BLOB REFERENCES signup (signup_id),
    subscriber_id BLOB REFERENCES subscriber (subscriber_id),
    -- The policy version that a policy mail tells of.
    policy_version_id BLOB REFERENCES policy_version (policy_version_id),
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
                WHEN kind = 'checkpoint' THEN signup_id IS NULL AND subscriber_id IS NULL
                ELSE subscriber_id IS NOT NULL END),
    CHECK ((kind IN ('policy_notice', 'renewal', 'renewal_reminder')) = (policy_version_id IS NOT NULL)),
    CHECK ((state = 'queued') = (finished_at IS NULL)),
    CHECK (state <> 'parked' OR reason IS NOT NULL)
) STRICT, WITHOUT ROWID;
INSERT INTO outbox_next (outbox_id, kind, signup_id, limiter_key, state, claims, attempts, next_at,
                         lease_until, created_at, finished_at, reason)
SELECT outbox_id, kind, signup_id, limiter_key, state, claims, attempts, next_at, lease_until, created_at,
       finished_at, reason
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

DROP TABLE delivery;
DROP TABLE outbox;
ALTER TABLE outbox_next RENAME TO outbox;
ALTER TABLE delivery_next RENAME TO delivery;

CREATE INDEX outbox_due ON outbox (next_at) WHERE state = 'queued';
-- Only what somebody asked for by typing an address counts against the mailbox's limit.
CREATE INDEX outbox_counted ON outbox (limiter_key, created_at)
WHERE kind IN ('confirm', 'download_link', 'preferences_link');
CREATE INDEX outbox_of_signup ON outbox (signup_id);
CREATE INDEX outbox_of_subscriber ON outbox (subscriber_id) WHERE subscriber_id IS NOT NULL;
CREATE INDEX outbox_to_witness ON outbox (created_at) WHERE kind = 'checkpoint';
-- A policy mail is sent to a person once.
CREATE UNIQUE INDEX outbox_once ON outbox (policy_version_id, kind, subscriber_id)
WHERE policy_version_id IS NOT NULL;
CREATE INDEX delivery_of_outbox ON delivery (outbox_id);

-- Somebody asked for the link to an address's choices. Written the same whether or not the address is
-- known; the worker mails the known ones.
CREATE TABLE link_request (
    link_request_id BLOB PRIMARY KEY NOT NULL CHECK (length(link_request_id) = 16),
    address_key BLOB NOT NULL CHECK (length(address_key) = 32),
    limiter_key BLOB NOT NULL CHECK (length(limiter_key) = 32),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX signup_of_address ON signup (address_key);
CREATE INDEX download_grant_of_subscriber ON download_grant (subscriber_id);
