-- What tells our rows from others', what events share, and what the ledger records of itself.

-- 16 bytes of HMAC-SHA256 under a key that is not in the database, over what stays of the row for good.
-- Rows of earlier versions get theirs when they are adopted.
ALTER TABLE consent_event ADD COLUMN mac BLOB CHECK (mac IS NULL OR length(mac) = 16);
ALTER TABLE consent ADD COLUMN mac BLOB CHECK (mac IS NULL OR length(mac) = 16);

-- Over the note and the size of the head before it.
ALTER TABLE checkpoint ADD COLUMN previous INTEGER;
ALTER TABLE checkpoint ADD COLUMN mac BLOB CHECK (mac IS NULL OR length(mac) = 16);

-- What many events share, once: controller, words, policy, page. RFC 8785 text, by its hash.
CREATE TABLE consent_context (
    sha256 BLOB PRIMARY KEY NOT NULL CHECK (length(sha256) = 32),
    body TEXT NOT NULL CHECK (body <> '')
) STRICT, WITHOUT ROWID;
CREATE TRIGGER consent_context_is_immutable BEFORE UPDATE ON consent_context
BEGIN SELECT RAISE(ABORT, 'what an event was given in never changes'); END;
CREATE TRIGGER consent_context_is_kept BEFORE DELETE ON consent_context
BEGIN SELECT RAISE(ABORT, 'what an event was given in is kept for good'); END;

-- None for an erasure, and for events of earlier versions, whose body holds it.
ALTER TABLE consent_event ADD COLUMN context_sha256 BLOB REFERENCES consent_context (sha256);

DROP TRIGGER consent_event_is_immutable;
CREATE TRIGGER consent_event_is_immutable BEFORE UPDATE ON consent_event
WHEN NOT (
    NEW.event_id = OLD.event_id AND NEW.subject_id = OLD.subject_id AND NEW.seq = OLD.seq
    AND NEW.signup_id IS OLD.signup_id AND NEW.subscriber_id IS OLD.subscriber_id
    AND NEW.purpose = OLD.purpose AND NEW.type = OLD.type
    AND NEW.notice_id IS OLD.notice_id AND NEW.policy_version_id IS OLD.policy_version_id
    AND NEW.context_sha256 IS OLD.context_sha256
    AND NEW.leaf = OLD.leaf AND NEW.recorded_at = OLD.recorded_at
    AND (NEW.body IS OLD.body OR NEW.body IS NULL) AND (NEW.salt IS OLD.salt OR NEW.salt IS NULL)
    AND (NEW.leaf_index IS OLD.leaf_index OR OLD.leaf_index IS NULL)
    AND (NEW.mac IS OLD.mac OR OLD.mac IS NULL)
)
BEGIN SELECT RAISE(ABORT, 'a consent event never changes'); END;

-- What the ledger records of itself: leaves of the same tree that name nobody.
CREATE TABLE ledger_record (
    ledger_record_id BLOB PRIMARY KEY NOT NULL CHECK (length(ledger_record_id) = 16),
    type TEXT NOT NULL CHECK (type IN ('adopted', 'purged', 'recorded')),
    -- RFC 8785 text, and the salt of its commitment.
    body TEXT NOT NULL,
    salt BLOB NOT NULL CHECK (length(salt) = 32),
    leaf TEXT NOT NULL,
    leaf_index INTEGER UNIQUE,
    mac BLOB NOT NULL CHECK (length(mac) = 16),
    recorded_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
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

-- All else that is claimed, in the order in which it was hashed into the ledger, counted from 1; what was not
-- hashed yet has no number. A row for each action, each notice and each policy, whoever writes it.
CREATE TABLE claim (
    -- The key of what it is about.
    claim_id BLOB PRIMARY KEY NOT NULL CHECK (length(claim_id) = 16),
    number INTEGER UNIQUE CHECK (number > 0)
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_waiting ON claim (claim_id) WHERE number IS NULL;
INSERT INTO claim (claim_id)
SELECT audit_entry_id FROM audit_entry UNION ALL SELECT notice_id FROM notice
UNION ALL SELECT policy_version_id FROM policy_version;
CREATE TRIGGER audit_entry_is_claimed AFTER INSERT ON audit_entry
BEGIN INSERT INTO claim (claim_id) VALUES (NEW.audit_entry_id); END;
CREATE TRIGGER notice_is_claimed AFTER INSERT ON notice
BEGIN INSERT INTO claim (claim_id) VALUES (NEW.notice_id); END;
CREATE TRIGGER policy_version_is_claimed AFTER INSERT ON policy_version
BEGIN INSERT INTO claim (claim_id) VALUES (NEW.policy_version_id); END;
CREATE TRIGGER claim_is_immutable BEFORE UPDATE ON claim
WHEN NOT (NEW.claim_id = OLD.claim_id AND OLD.number IS NULL)
BEGIN SELECT RAISE(ABORT, 'what is claimed never changes'); END;
CREATE TRIGGER claim_is_kept BEFORE DELETE ON claim
BEGIN SELECT RAISE(ABORT, 'what is claimed is kept for good'); END;

-- What the last check found strange and not wrong, such as a clock that was set back.
ALTER TABLE ledger_verdict ADD COLUMN warning TEXT;
