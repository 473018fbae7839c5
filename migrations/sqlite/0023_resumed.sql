-- The ledger records of itself, too, that it goes on after a loss.

ALTER TABLE ledger_record RENAME TO ledger_record_before;
DROP INDEX ledger_record_unsealed;
DROP INDEX ledger_record_of_type;
DROP TRIGGER ledger_record_is_immutable;
DROP TRIGGER ledger_record_is_kept;
CREATE TABLE ledger_record (
    ledger_record_id BLOB PRIMARY KEY NOT NULL CHECK (length(ledger_record_id) = 16),
    type TEXT NOT NULL CHECK (type IN ('adopted', 'purged', 'recorded', 'resumed')),
    -- RFC 8785 text, and the salt of its commitment.
    body TEXT NOT NULL,
    salt BLOB NOT NULL CHECK (length(salt) = 32),
    leaf TEXT NOT NULL,
    leaf_index INTEGER UNIQUE,
    mac BLOB NOT NULL CHECK (length(mac) = 16),
    recorded_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO ledger_record SELECT * FROM ledger_record_before;
DROP TABLE ledger_record_before;
CREATE INDEX ledger_record_unsealed ON ledger_record (ledger_record_id) WHERE leaf_index IS NULL;
CREATE INDEX ledger_record_of_type ON ledger_record (type, leaf_index);
CREATE TRIGGER ledger_record_is_immutable BEFORE UPDATE ON ledger_record
WHEN NOT (
    NEW.ledger_record_id = OLD.ledger_record_id AND NEW.type = OLD.type AND NEW.body = OLD.body
    AND NEW.salt = OLD.salt AND NEW.leaf = OLD.leaf AND NEW.mac = OLD.mac
    AND NEW.recorded_at = OLD.recorded_at
    AND (NEW.leaf_index IS OLD.leaf_index OR OLD.leaf_index IS NULL)
)
BEGIN SELECT RAISE(ABORT, 'a record of the ledger never changes'); END;
CREATE TRIGGER ledger_record_is_kept BEFORE DELETE ON ledger_record
BEGIN SELECT RAISE(ABORT, 'a record of the ledger is kept for good'); END;
