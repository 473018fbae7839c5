-- The tree over all consent events (RFC 6962), its signed heads, and what the last check of it found.

-- What waits for its place in the tree, in the order it is given one: never by time, which clocks can
-- set back.
CREATE INDEX consent_event_unsealed ON consent_event (seq, event_id) WHERE leaf_index IS NULL;

-- One row, which whoever seals locks: how many leaves have their place.
CREATE TABLE ledger_head (
    one bigint PRIMARY KEY CHECK (one = 1),
    size bigint NOT NULL CHECK (size >= 0)
);
INSERT INTO ledger_head (one, size) VALUES (1, 0);

-- Up to 256 hashes of one height, 8 × level, side by side: enough to prove any leaf with a few reads.
CREATE TABLE ledger_tile (
    level bigint NOT NULL CHECK (level BETWEEN 0 AND 7),
    tile bigint NOT NULL CHECK (tile >= 0),
    hashes bytea NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0),
    PRIMARY KEY (level, tile)
);

-- Each signed tree head, for good.
CREATE TABLE checkpoint (
    size bigint PRIMARY KEY CHECK (size > 0),
    root bytea NOT NULL CHECK (length(root) = 32),
    -- The C2SP signed note.
    note text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE TRIGGER checkpoint_is_immutable BEFORE UPDATE OR DELETE ON checkpoint
FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What the last full check found; exports go by it.
CREATE TABLE ledger_verdict (
    one bigint PRIMARY KEY CHECK (one = 1),
    checked_at timestamptz NOT NULL,
    size bigint NOT NULL,
    -- Empty when all was sound.
    finding text
);

-- Emptying a table at once is a change of all its rows.
CREATE TRIGGER policy_version_is_not_emptied BEFORE TRUNCATE ON policy_version
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER notice_is_not_emptied BEFORE TRUNCATE ON notice
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER consent_event_is_not_emptied BEFORE TRUNCATE ON consent_event
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entry_is_not_emptied BEFORE TRUNCATE ON audit_entry
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoint_is_not_emptied BEFORE TRUNCATE ON checkpoint
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
