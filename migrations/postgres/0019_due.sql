-- When a mail that counts against its mailbox's limit may leave: a minute behind the one before. It stays, while
-- `next_at` moves with each try.

ALTER TABLE outbox ADD COLUMN due_at timestamptz;
UPDATE outbox SET due_at = created_at WHERE kind IN ('confirm', 'download_link', 'preferences_link');

DROP INDEX outbox_counted;
CREATE INDEX outbox_counted ON outbox (limiter_key, due_at) WHERE due_at IS NOT NULL;
