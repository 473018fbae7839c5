-- What the operator must look at, one row while it lasts.

CREATE TABLE alarm (
    -- `mail-relay`, `confirmations:reports/SLUG` or `confirmations:newsletters`.
    subject text PRIMARY KEY,
    -- What is wrong, as it was seen last; names no person.
    detail text NOT NULL,
    since timestamptz NOT NULL
);

-- How many were mailed in the last hour is counted every minute, over the mails of that hour alone.
CREATE INDEX outbox_confirmations ON outbox (finished_at)
WHERE kind = 'confirm' AND state = 'sent';
