-- Complaints about data protection, and requests of people by their rights: the register, and the letters that answer them.

CREATE TABLE privacy_request (
    privacy_request_id BLOB PRIMARY KEY NOT NULL CHECK (length(privacy_request_id) = 16),
    -- What people are told it by; it says nothing of how many there are.
    reference TEXT NOT NULL UNIQUE CHECK (length(reference) = 14),
    kind TEXT NOT NULL CHECK (kind IN ('complaint', 'access', 'erasure', 'objection')),
    channel TEXT NOT NULL CHECK (channel IN ('form', 'letter', 'telephone', 'email', 'in_person')),
    -- Who it is of, as far as they said; nothing but the key once they were erased and it is answered.
    name TEXT CHECK (name <> ''),
    email TEXT,
    address_key BLOB CHECK (length(address_key) = 32),
    mac BLOB CHECK (length(mac) = 16),
    -- What they wrote, or what staff noted of it.
    words TEXT,
    received_at INTEGER NOT NULL,
    -- Until when a complaint is to be acknowledged.
    acknowledge_by INTEGER,
    due_at INTEGER NOT NULL,
    extended_at INTEGER,
    extension_reason TEXT,
    -- Since when it waits for proof of who they are, and on how many days it did before.
    paused_at INTEGER,
    paused_days INTEGER NOT NULL DEFAULT 0,
    closed_at INTEGER,
    outcome TEXT CHECK (outcome IN ('upheld', 'partly_upheld', 'not_upheld', 'done', 'partly_done', 'refused',
                                    'taken_back')),
    -- What was done, for who asks later.
    outcome_note TEXT,
    -- When all else that was held of the address was erased.
    erased_at INTEGER,
    created_at INTEGER NOT NULL,
    -- Who entered it, as the audit names them.
    created_by TEXT NOT NULL,
    CHECK ((kind = 'complaint') = (acknowledge_by IS NOT NULL)),
    CHECK ((extended_at IS NULL) OR (kind <> 'complaint')),
    CHECK ((closed_at IS NULL) = (outcome IS NULL)),
    CHECK ((email IS NULL) = (mac IS NULL)),
    CHECK (email IS NULL OR address_key IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX privacy_request_open ON privacy_request (due_at, privacy_request_id) WHERE closed_at IS NULL;
CREATE INDEX privacy_request_closed ON privacy_request (closed_at, privacy_request_id) WHERE closed_at IS NOT NULL;
CREATE INDEX privacy_request_of_address ON privacy_request (address_key) WHERE address_key IS NOT NULL;
CREATE INDEX privacy_request_to_reduce ON privacy_request (erased_at) WHERE erased_at IS NOT NULL;

-- What was written to whoever asked. Its mail is found by its key in `outbox`; that refers to nothing here, so whoever
-- makes `outbox` anew need not carry these rows over.
CREATE TABLE request_letter (
    request_letter_id BLOB PRIMARY KEY NOT NULL CHECK (length(request_letter_id) = 16),
    privacy_request_id BLOB NOT NULL REFERENCES privacy_request (privacy_request_id) ON DELETE CASCADE,
    template TEXT NOT NULL CHECK (template IN ('received', 'acknowledge', 'identity', 'extended', 'outcome')),
    way TEXT NOT NULL CHECK (way IN ('mail', 'post')),
    -- What it says; nothing where the program wrote it, or once they were erased and it is answered.
    words TEXT,
    outbox_id BLOB UNIQUE CHECK (length(outbox_id) = 16),
    -- The form that asked for it, which makes one.
    form_id BLOB NOT NULL UNIQUE CHECK (length(form_id) = 16),
    written_at INTEGER NOT NULL,
    written_by TEXT NOT NULL,
    CHECK ((way = 'mail') = (outbox_id IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX request_letter_of_request ON request_letter (privacy_request_id, written_at);

-- Whoever complains is told that it arrived, and whoever asked is answered.
CREATE TABLE outbox_next (
    outbox_id BLOB PRIMARY KEY NOT NULL CHECK (length(outbox_id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('confirm', 'receipt', 'download_link', 'preferences_link', 'change',
                                       'policy_notice', 'renewal', 'renewal_reminder', 'checkpoint',
                                       'invitation', 'password_reset', 'webhook_off',
                                       'request_received', 'request_letter')),
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
                WHEN kind IN ('checkpoint', 'invitation', 'password_reset', 'webhook_off',
                              'request_received', 'request_letter')
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
                         request_id, staff_id, webhook_endpoint_id)
SELECT outbox_id, kind, signup_id, subscriber_id, policy_version_id, staff_link_id, limiter_key, state, claims,
       attempts, next_at, lease_until, created_at, finished_at, reason, due_at, request_id, staff_id,
       webhook_endpoint_id
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
