-- Webhooks: other programs are told what happens, by Standard Webhooks.

-- Who is told. The secret is derived from the salt, so that a copy of the database signs nothing.
CREATE TABLE webhook_endpoint (
    webhook_endpoint_id BLOB PRIMARY KEY NOT NULL CHECK (length(webhook_endpoint_id) = 16),
    url TEXT NOT NULL CHECK (url <> ''),
    description TEXT NOT NULL CHECK (description <> ''),
    -- Words separated by spaces.
    event_types TEXT NOT NULL CHECK (event_types <> ''),
    salt BLOB NOT NULL CHECK (length(salt) = 16),
    -- Since when it is this one; the one before goes on signing beside it for a while.
    salt_at INTEGER NOT NULL,
    salt_before BLOB CHECK (length(salt_before) = 16),
    before_until INTEGER,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    -- The form that asked for it, which makes one.
    form_id BLOB NOT NULL UNIQUE,
    off_at INTEGER,
    off_reason TEXT CHECK (off_reason IN ('staff', 'gone', 'undelivered')),
    -- How many tries failed since the last that did not, since when they fail, and when the next may be.
    failures INTEGER NOT NULL DEFAULT 0,
    failing_since INTEGER,
    next_at INTEGER NOT NULL,
    -- Nobody sees it any more, or tells it anything: its events go a few at a time, and it after them.
    deleted_at INTEGER,
    CHECK ((off_at IS NULL) = (off_reason IS NULL)),
    CHECK ((salt_before IS NULL) = (before_until IS NULL))
) STRICT, WITHOUT ROWID;

-- What one of them is told: a row for each event and endpoint, in the order in which it happened to one person.
CREATE TABLE webhook_delivery (
    seq INTEGER PRIMARY KEY NOT NULL,
    -- The id of the message, the same whenever it is sent again.
    webhook_delivery_id BLOB NOT NULL UNIQUE,
    webhook_endpoint_id BLOB NOT NULL REFERENCES webhook_endpoint (webhook_endpoint_id) ON DELETE CASCADE,
    event_type TEXT NOT NULL,
    -- Whom it is about, for the order alone: that somebody was erased is told once they are gone.
    subscriber_id BLOB,
    payload TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- Counts every claim: the fence against a worker that lost its lease.
    claims INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    lease_until INTEGER,
    -- Since when it fails.
    failing_since INTEGER,
    tried_at INTEGER,
    -- What was answered last, or why nothing was.
    status INTEGER,
    answer TEXT,
    failure TEXT,
    delivered_at INTEGER,
    -- It was refused for so long that it is sent no more, unless staff ask for it.
    given_up_at INTEGER,
    CHECK (delivered_at IS NULL OR given_up_at IS NULL)
) STRICT;
CREATE INDEX webhook_delivery_waiting ON webhook_delivery (webhook_endpoint_id, next_at, seq)
WHERE delivered_at IS NULL AND given_up_at IS NULL;
CREATE INDEX webhook_delivery_in_order ON webhook_delivery (webhook_endpoint_id, subscriber_id, seq)
WHERE delivered_at IS NULL AND subscriber_id IS NOT NULL;
CREATE INDEX webhook_delivery_of_endpoint ON webhook_delivery (webhook_endpoint_id, seq);
CREATE INDEX webhook_delivery_by_age ON webhook_delivery (created_at);

-- All admins are mailed that one was switched off.
CREATE TABLE outbox_next (
    outbox_id BLOB PRIMARY KEY NOT NULL CHECK (length(outbox_id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('confirm', 'receipt', 'download_link', 'preferences_link', 'change',
                                       'policy_notice', 'renewal', 'renewal_reminder', 'checkpoint',
                                       'invitation', 'password_reset', 'webhook_off')),
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
    due_at INTEGER,
    request_id TEXT CHECK (length(request_id) BETWEEN 1 AND 64),
    -- Whom of staff it goes to, and what it tells them of.
    staff_id BLOB REFERENCES staff (staff_id),
    webhook_endpoint_id BLOB REFERENCES webhook_endpoint (webhook_endpoint_id) ON DELETE SET NULL,
    CHECK (CASE WHEN kind IN ('confirm', 'receipt', 'download_link') THEN signup_id IS NOT NULL
                WHEN kind IN ('checkpoint', 'invitation', 'password_reset', 'webhook_off')
                THEN signup_id IS NULL AND subscriber_id IS NULL
                ELSE subscriber_id IS NOT NULL END),
    CHECK ((kind IN ('policy_notice', 'renewal', 'renewal_reminder')) = (policy_version_id IS NOT NULL)),
    CHECK ((kind IN ('invitation', 'password_reset')) = (staff_link_id IS NOT NULL)),
    CHECK ((kind = 'webhook_off') = (staff_id IS NOT NULL)),
    CHECK ((state = 'queued') = (finished_at IS NULL)),
    CHECK (state <> 'parked' OR reason IS NOT NULL)
) STRICT, WITHOUT ROWID;
INSERT INTO outbox_next (outbox_id, kind, signup_id, subscriber_id, policy_version_id, staff_link_id, limiter_key,
                         state, claims, attempts, next_at, lease_until, created_at, finished_at, reason, due_at,
                         request_id)
SELECT outbox_id, kind, signup_id, subscriber_id, policy_version_id, staff_link_id, limiter_key, state, claims,
       attempts, next_at, lease_until, created_at, finished_at, reason, due_at, request_id
FROM outbox;

-- Whoever makes `outbox` anew must carry these rows over: dropping a table deletes its rows first.
CREATE TABLE delivery_next (
    delivery_id BLOB PRIMARY KEY NOT NULL CHECK (length(delivery_id) = 16),
    outbox_id BLOB NOT NULL REFERENCES outbox_next (outbox_id),
    attempt INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('sent', 'deferred', 'parked', 'dropped')),
    detail TEXT NOT NULL,
    finished_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO delivery_next SELECT * FROM delivery;
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
CREATE INDEX outbox_counted ON outbox (limiter_key, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_of_signup ON outbox (signup_id);
CREATE INDEX outbox_of_subscriber ON outbox (subscriber_id) WHERE subscriber_id IS NOT NULL;
CREATE INDEX outbox_of_staff_link ON outbox (staff_link_id) WHERE staff_link_id IS NOT NULL;
CREATE INDEX outbox_of_webhook ON outbox (webhook_endpoint_id) WHERE webhook_endpoint_id IS NOT NULL;
CREATE INDEX outbox_to_witness ON outbox (created_at) WHERE kind = 'checkpoint';
CREATE UNIQUE INDEX outbox_once ON outbox (policy_version_id, kind, subscriber_id)
WHERE policy_version_id IS NOT NULL;
CREATE INDEX outbox_confirmations ON outbox (finished_at) WHERE kind = 'confirm' AND state = 'sent';
CREATE INDEX outbox_parked ON outbox (outbox_id) WHERE state = 'parked';
CREATE INDEX outbox_parked_for ON outbox (reason, outbox_id) WHERE state = 'parked';
CREATE INDEX outbox_dropped ON outbox (outbox_id) WHERE state = 'dropped';
CREATE INDEX outbox_of_rare_kind ON outbox (kind, outbox_id) WHERE kind NOT IN ('confirm', 'receipt');
CREATE INDEX delivery_of_outbox ON delivery (outbox_id);
