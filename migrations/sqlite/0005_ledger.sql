-- The tree over all consent events (RFC 6962), its signed heads, and what the last check of it found.

-- What waits for its place in the tree, in the order it is given one: never by time, which clocks can
-- set back.
CREATE INDEX consent_event_unsealed ON consent_event (seq, event_id) WHERE leaf_index IS NULL;

-- One row, which whoever seals locks: how many leaves have their place.
CREATE TABLE ledger_head (
    one INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    size INTEGER NOT NULL CHECK (size >= 0)
) STRICT;
INSERT INTO ledger_head (one, size) VALUES (1, 0);

-- Up to 256 hashes of one height, 8 × level, side by side: enough to prove any leaf with a few reads.
CREATE TABLE ledger_tile (
    level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 7),
    tile INTEGER NOT NULL CHECK (tile >= 0),
    hashes BLOB NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0),
    PRIMARY KEY (level, tile)
) STRICT;

-- Each signed tree head, for good.
CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY NOT NULL CHECK (size > 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    -- The C2SP signed note.
    note TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER checkpoint_is_immutable BEFORE UPDATE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'a checkpoint never changes'); END;
CREATE TRIGGER checkpoint_is_kept BEFORE DELETE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'a checkpoint is kept for good'); END;

-- What the last full check found; exports go by it.
CREATE TABLE ledger_verdict (
    one INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
    checked_at INTEGER NOT NULL,
    size INTEGER NOT NULL,
    -- Empty when all was sound.
    finding TEXT
) STRICT;
