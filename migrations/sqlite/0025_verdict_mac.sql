-- The verdict on the ledger names itself anew each time, so that a check that began before another one's finding
-- does not take its place, and nobody else writes one: 16 bytes of HMAC-SHA256 over all of it. The first check after
-- this makes it.
DROP TABLE ledger_verdict;
CREATE TABLE ledger_verdict (
    one INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    verdict_id BLOB NOT NULL CHECK (length(verdict_id) = 16),
    checked_at INTEGER NOT NULL,
    size INTEGER NOT NULL,
    -- The first thing that was wrong, and the first that was only strange.
    finding TEXT,
    warning TEXT,
    mac BLOB NOT NULL CHECK (length(mac) = 16)
) STRICT;
