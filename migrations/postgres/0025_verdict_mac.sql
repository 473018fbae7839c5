-- The verdict on the ledger names itself anew each time, so that a check that began before another one's finding
-- does not take its place, and nobody else writes one: 16 bytes of HMAC-SHA256 over all of it. The first check after
-- this makes it.
DROP TABLE ledger_verdict;
CREATE TABLE ledger_verdict (
    one integer PRIMARY KEY CHECK (one = 1),
    verdict_id uuid NOT NULL,
    checked_at timestamptz NOT NULL,
    size bigint NOT NULL,
    -- The first thing that was wrong, and the first that was only strange.
    finding text,
    warning text,
    mac bytea NOT NULL CHECK (length(mac) = 16)
);
