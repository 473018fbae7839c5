-- Complaints about data protection, and requests of people by their rights: the register, and the letters that answer them.

CREATE TABLE privacy_request (
    privacy_request_id uuid PRIMARY KEY,
    -- What people are told it by; it says nothing of how many there are.
    reference text NOT NULL UNIQUE CHECK (length(reference) = 14),
    kind text NOT NULL CHECK (kind IN ('complaint', 'access', 'erasure', 'objection')),
    channel text NOT NULL CHECK (channel IN ('form', 'letter', 'telephone', 'email', 'in_person')),
    -- Who it is of, as far as they said; nothing but the key once they were erased and it is answered.
    name text CHECK (name <> ''),
    email text,
    address_key bytea CHECK (length(address_key) = 32),
    mac bytea CHECK (length(mac) = 16),
    -- What they wrote, or what staff noted of it.
    words text,
    received_at timestamptz NOT NULL,
    -- Until when a complaint is to be acknowledged.
    acknowledge_by timestamptz,
    due_at timestamptz NOT NULL,
    extended_at timestamptz,
    extension_reason text,
    -- Since when it waits for proof of who they are, and on how many days it did before.
    paused_at timestamptz,
    paused_days bigint NOT NULL DEFAULT 0,
    closed_at timestamptz,
    outcome text CHECK (outcome IN ('upheld', 'partly_upheld', 'not_upheld', 'done', 'partly_done', 'refused',
                                    'taken_back')),
    -- What was done, for who asks later.
    outcome_note text,
    -- When all else that was held of the address was erased.
    erased_at timestamptz,
    created_at timestamptz NOT NULL,
    -- Who entered it, as the audit names them.
    created_by text NOT NULL,
    CHECK ((kind = 'complaint') = (acknowledge_by IS NOT NULL)),
    CHECK ((extended_at IS NULL) OR (kind <> 'complaint')),
    CHECK ((closed_at IS NULL) = (outcome IS NULL)),
    CHECK ((email IS NULL) = (mac IS NULL)),
    CHECK (email IS NULL OR address_key IS NOT NULL)
);
CREATE INDEX privacy_request_open ON privacy_request (due_at, privacy_request_id) WHERE closed_at IS NULL;
CREATE INDEX privacy_request_closed ON privacy_request (closed_at, privacy_request_id) WHERE closed_at IS NOT NULL;
CREATE INDEX privacy_request_of_address ON privacy_request (address_key) WHERE address_key IS NOT NULL;
CREATE INDEX privacy_request_to_reduce ON privacy_request (erased_at) WHERE erased_at IS NOT NULL;

-- What was written to whoever asked. Its mail is found by its key in `outbox`; that refers to nothing here, so whoever
-- makes `outbox` anew need not carry these rows over.
CREATE TABLE request_letter (
    request_letter_id uuid PRIMARY KEY,
    privacy_request_id uuid NOT NULL REFERENCES privacy_request (privacy_request_id) ON DELETE CASCADE,
    template text NOT NULL CHECK (template IN ('received', 'acknowledge', 'identity', 'extended', 'outcome')),
    way text NOT NULL CHECK (way IN ('mail', 'post')),
    -- What it says; nothing where the program wrote it, or once they were erased and it is answered.
    words text,
    outbox_id uuid UNIQUE,
    -- The form that asked for it, which makes one.
    form_id uuid NOT NULL UNIQUE,
    written_at timestamptz NOT NULL,
    written_by text NOT NULL,
    CHECK ((way = 'mail') = (outbox_id IS NOT NULL))
);
CREATE INDEX request_letter_of_request ON request_letter (privacy_request_id, written_at);

-- Whoever complains is told that it arrived, and whoever asked is answered.
ALTER TABLE outbox DROP CONSTRAINT outbox_kind_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_kind_check
CHECK (kind IN ('confirm', 'receipt', 'download_link', 'preferences_link', 'change', 'policy_notice',
                'renewal', 'renewal_reminder', 'checkpoint', 'invitation', 'password_reset', 'webhook_off',
                'request_received', 'request_letter'));
ALTER TABLE outbox DROP CONSTRAINT outbox_is_about;
ALTER TABLE outbox ADD CONSTRAINT outbox_is_about CHECK (
    CASE WHEN kind IN ('confirm', 'receipt', 'download_link') THEN signup_id IS NOT NULL
         WHEN kind IN ('checkpoint', 'invitation', 'password_reset', 'webhook_off', 'request_received',
                       'request_letter')
         THEN signup_id IS NULL AND subscriber_id IS NULL
         ELSE subscriber_id IS NOT NULL END);
