-- Webhooks: other programs are told what happens, by Standard Webhooks.

-- Who is told. The secret is derived from the salt, so that a copy of the database signs nothing.
CREATE TABLE webhook_endpoint (
    webhook_endpoint_id uuid PRIMARY KEY,
    url text NOT NULL CHECK (url <> ''),
    description text NOT NULL CHECK (description <> ''),
    -- Words separated by spaces.
    event_types text NOT NULL CHECK (event_types <> ''),
    salt bytea NOT NULL CHECK (length(salt) = 16),
    -- Since when it is this one; the one before goes on signing beside it for a while.
    salt_at timestamptz NOT NULL,
    salt_before bytea CHECK (length(salt_before) = 16),
    before_until timestamptz,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    -- The form that asked for it, which makes one.
    form_id uuid NOT NULL UNIQUE,
    off_at timestamptz,
    off_reason text CHECK (off_reason IN ('staff', 'gone', 'undelivered')),
    -- How many tries failed since the last that did not, since when they fail, and when the next may be.
    failures integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    next_at timestamptz NOT NULL,
    -- Nobody sees it any more, or tells it anything: its events go a few at a time, and it after them.
    deleted_at timestamptz,
    CHECK ((off_at IS NULL) = (off_reason IS NULL)),
    CHECK ((salt_before IS NULL) = (before_until IS NULL))
);

-- What one of them is told: a row for each event and endpoint, in the order in which it happened to one person.
CREATE TABLE webhook_delivery (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The id of the message, the same whenever it is sent again.
    webhook_delivery_id uuid NOT NULL UNIQUE,
    webhook_endpoint_id uuid NOT NULL REFERENCES webhook_endpoint (webhook_endpoint_id) ON DELETE CASCADE,
    event_type text NOT NULL,
    -- Whom it is about, for the order alone: that somebody was erased is told once they are gone.
    subscriber_id uuid,
    payload text NOT NULL,
    created_at timestamptz NOT NULL,
    -- Counts every claim: the fence against a worker that lost its lease.
    claims integer NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    lease_until timestamptz,
    -- Since when it fails.
    failing_since timestamptz,
    tried_at timestamptz,
    -- What was answered last, or why nothing was.
    status integer,
    answer text,
    failure text,
    delivered_at timestamptz,
    -- It was refused for so long that it is sent no more, unless staff ask for it.
    given_up_at timestamptz,
    CHECK (delivered_at IS NULL OR given_up_at IS NULL)
);
CREATE INDEX webhook_delivery_waiting ON webhook_delivery (webhook_endpoint_id, next_at, seq)
WHERE delivered_at IS NULL AND given_up_at IS NULL;
CREATE INDEX webhook_delivery_in_order ON webhook_delivery (webhook_endpoint_id, subscriber_id, seq)
WHERE delivered_at IS NULL AND subscriber_id IS NOT NULL;
CREATE INDEX webhook_delivery_of_endpoint ON webhook_delivery (webhook_endpoint_id, seq);
CREATE INDEX webhook_delivery_by_age ON webhook_delivery (created_at);

-- All admins are mailed that one was switched off.
ALTER TABLE outbox ADD COLUMN staff_id uuid REFERENCES staff (staff_id);
ALTER TABLE outbox ADD COLUMN webhook_endpoint_id uuid
    REFERENCES webhook_endpoint (webhook_endpoint_id) ON DELETE SET NULL;
CREATE INDEX outbox_of_webhook ON outbox (webhook_endpoint_id) WHERE webhook_endpoint_id IS NOT NULL;
ALTER TABLE outbox DROP CONSTRAINT outbox_kind_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_kind_check
CHECK (kind IN ('confirm', 'receipt', 'download_link', 'preferences_link', 'change', 'policy_notice',
                'renewal', 'renewal_reminder', 'checkpoint', 'invitation', 'password_reset', 'webhook_off'));
ALTER TABLE outbox DROP CONSTRAINT outbox_is_about;
ALTER TABLE outbox ADD CONSTRAINT outbox_is_about CHECK (
    CASE WHEN kind IN ('confirm', 'receipt', 'download_link') THEN signup_id IS NOT NULL
         WHEN kind IN ('checkpoint', 'invitation', 'password_reset', 'webhook_off')
         THEN signup_id IS NULL AND subscriber_id IS NULL
         ELSE subscriber_id IS NOT NULL END);
ALTER TABLE outbox ADD CONSTRAINT outbox_to_staff CHECK ((kind = 'webhook_off') = (staff_id IS NOT NULL));
