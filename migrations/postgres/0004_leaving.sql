-- Mail about a person rather than about one of their forms, and asking for a lost link.

-- A mail is about a signup or about a subscriber; a checkpoint for a witness outside is about neither.
ALTER TABLE outbox DROP CONSTRAINT outbox_kind_check;
ALTER TABLE outbox ADD CHECK (kind IN ('confirm', 'receipt', 'download_link', 'preferences_link', 'change',
                                       'policy_notice', 'renewal', 'renewal_reminder', 'checkpoint'));
ALTER TABLE outbox ALTER COLUMN signup_id DROP NOT NULL;
ALTER TABLE outbox ALTER COLUMN limiter_key DROP NOT NULL;
ALTER TABLE outbox ADD COLUMN subscriber_id uuid REFERENCES subscriber (subscriber_id);
-- The policy version that a policy mail tells of.
ALTER TABLE outbox ADD COLUMN policy_version_id uuid REFERENCES policy_version (policy_version_id);
ALTER TABLE outbox ADD CHECK (
    CASE WHEN kind IN ('confirm', 'receipt', 'download_link') THEN signup_id IS NOT NULL
         WHEN kind = 'checkpoint' THEN signup_id IS NULL AND subscriber_id IS NULL
         ELSE subscriber_id IS NOT NULL END);
ALTER TABLE outbox ADD CHECK (
    (kind IN ('policy_notice', 'renewal', 'renewal_reminder')) = (policy_version_id IS NOT NULL));

DROP INDEX outbox_counted;
-- Only what somebody asked for by typing an address counts against the mailbox's limit.
CREATE INDEX outbox_counted ON outbox (limiter_key, created_at)
WHERE kind IN ('confirm', 'download_link', 'preferences_link');
CREATE INDEX outbox_of_subscriber ON outbox (subscriber_id) WHERE subscriber_id IS NOT NULL;
CREATE INDEX outbox_to_witness ON outbox (created_at) WHERE kind = 'checkpoint';
-- A policy mail is sent to a person once.
CREATE UNIQUE INDEX outbox_once ON outbox (policy_version_id, kind, subscriber_id)
WHERE policy_version_id IS NOT NULL;

-- Somebody asked for the link to an address's choices. Written the same whether or not the address is
-- known; the worker mails the known ones.
CREATE TABLE link_request (
    link_request_id uuid PRIMARY KEY,
    address_key bytea NOT NULL CHECK (length(address_key) = 32),
    limiter_key bytea NOT NULL CHECK (length(limiter_key) = 32),
    created_at timestamptz NOT NULL
);

CREATE INDEX signup_of_address ON signup (address_key);
CREATE INDEX download_grant_of_subscriber ON download_grant (subscriber_id);
