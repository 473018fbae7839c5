-- What the operator must look at, one row while it lasts.

CREATE TABLE alarm (
    -- `mail-relay`, `confirmations:reports/SLUG` or `confirmations:newsletters`.
    subject TEXT PRIMARY KEY NOT NULL,
    -- What is wrong, as it was seen last; names no person.
    detail TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How many were mailed in the last hour is counted every minute, over the mails of that hour alone.
CREATE INDEX outbox_confirmations ON outbox (finished_at)
WHERE kind = 'confirm' AND state = 'sent';
