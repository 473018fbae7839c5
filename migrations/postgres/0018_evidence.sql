-- What tells our rows from others', what events share, and what the ledger records of itself.

-- 16 bytes of HMAC-SHA256 under a key that is not in the database, over what stays of the row for good.
-- Rows of earlier versions get theirs when they are adopted.
ALTER TABLE consent_event ADD COLUMN mac bytea CHECK (length(mac) = 16);
ALTER TABLE consent ADD COLUMN mac bytea CHECK (length(mac) = 16);

-- Over the note and the size of the head before it.
ALTER TABLE checkpoint ADD COLUMN previous bigint;
ALTER TABLE checkpoint ADD COLUMN mac bytea CHECK (length(mac) = 16);

-- What many events share, once: controller, words, policy, page. RFC 8785 text, by its hash.
CREATE TABLE consent_context (
    sha256 bytea PRIMARY KEY CHECK (length(sha256) = 32),
    body text NOT NULL CHECK (body <> '')
);
CREATE TRIGGER consent_context_is_immutable BEFORE UPDATE OR DELETE ON consent_context
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER consent_context_is_not_emptied BEFORE TRUNCATE ON consent_context
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- None for an erasure, and for events of earlier versions, whose body holds it.
ALTER TABLE consent_event ADD COLUMN context_sha256 bytea REFERENCES consent_context (sha256);

DROP TRIGGER consent_event_is_immutable ON consent_event;
CREATE TRIGGER consent_event_is_immutable BEFORE UPDATE ON consent_event
FOR EACH ROW WHEN (NOT (
    NEW.event_id = OLD.event_id AND NEW.subject_id = OLD.subject_id AND NEW.seq = OLD.seq
    AND NEW.signup_id IS NOT DISTINCT FROM OLD.signup_id
    AND NEW.subscriber_id IS NOT DISTINCT FROM OLD.subscriber_id
    AND NEW.purpose = OLD.purpose AND NEW.type = OLD.type
    AND NEW.notice_id IS NOT DISTINCT FROM OLD.notice_id
    AND NEW.policy_version_id IS NOT DISTINCT FROM OLD.policy_version_id
    AND NEW.context_sha256 IS NOT DISTINCT FROM OLD.context_sha256
    AND NEW.leaf = OLD.leaf AND NEW.recorded_at = OLD.recorded_at
    AND (NEW.body IS NOT DISTINCT FROM OLD.body OR NEW.body IS NULL)
    AND (NEW.salt IS NOT DISTINCT FROM OLD.salt OR NEW.salt IS NULL)
    AND (NEW.leaf_index IS NOT DISTINCT FROM OLD.leaf_index OR OLD.leaf_index IS NULL)
    AND (NEW.mac IS NOT DISTINCT FROM OLD.mac OR OLD.mac IS NULL)
)) EXECUTE FUNCTION refuse_change();

-- What the ledger records of itself: leaves of the same tree that name nobody.
CREATE TABLE ledger_record (
    ledger_record_id uuid PRIMARY KEY,
    type text NOT NULL CHECK (type IN ('adopted', 'purged', 'recorded')),
    -- RFC 8785 text, and the salt of its commitment.
    body text NOT NULL,
    salt bytea NOT NULL CHECK (length(salt) = 32),
    leaf text NOT NULL,
    leaf_index bigint UNIQUE,
    mac bytea NOT NULL CHECK (length(mac) = 16),
    recorded_at timestamptz NOT NULL
);
CREATE INDEX ledger_record_unsealed ON ledger_record (ledger_record_id) WHERE leaf_index IS NULL;
CREATE INDEX ledger_record_of_type ON ledger_record (type, leaf_index);
CREATE TRIGGER ledger_record_is_kept BEFORE DELETE ON ledger_record
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_record_is_immutable BEFORE UPDATE ON ledger_record
FOR EACH ROW WHEN (NOT (
    NEW.ledger_record_id = OLD.ledger_record_id AND NEW.type = OLD.type AND NEW.body = OLD.body
    AND NEW.salt = OLD.salt AND NEW.leaf = OLD.leaf AND NEW.mac = OLD.mac
    AND NEW.recorded_at = OLD.recorded_at
    AND (NEW.leaf_index IS NOT DISTINCT FROM OLD.leaf_index OR OLD.leaf_index IS NULL)
)) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_record_is_not_emptied BEFORE TRUNCATE ON ledger_record
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- All else that is claimed, in the order in which it was hashed into the ledger, counted from 1; what was not
-- hashed yet has no number. A row for each action, each notice and each policy, whoever writes it.
CREATE TABLE claim (
    -- The key of what it is about.
    claim_id uuid PRIMARY KEY,
    number bigint UNIQUE CHECK (number > 0)
);
CREATE INDEX claim_waiting ON claim (claim_id) WHERE number IS NULL;
INSERT INTO claim (claim_id)
SELECT audit_entry_id FROM audit_entry UNION ALL SELECT notice_id FROM notice
UNION ALL SELECT policy_version_id FROM policy_version;
-- The argument names the key's column.
CREATE FUNCTION be_claimed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    INSERT INTO claim (claim_id) VALUES (CAST(to_jsonb(NEW)->>TG_ARGV[0] AS uuid));
    RETURN NULL;
END $$;
CREATE TRIGGER audit_entry_is_claimed AFTER INSERT ON audit_entry
FOR EACH ROW EXECUTE FUNCTION be_claimed('audit_entry_id');
CREATE TRIGGER notice_is_claimed AFTER INSERT ON notice
FOR EACH ROW EXECUTE FUNCTION be_claimed('notice_id');
CREATE TRIGGER policy_version_is_claimed AFTER INSERT ON policy_version
FOR EACH ROW EXECUTE FUNCTION be_claimed('policy_version_id');
CREATE TRIGGER claim_is_kept BEFORE DELETE ON claim
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER claim_is_immutable BEFORE UPDATE ON claim
FOR EACH ROW WHEN (NOT (NEW.claim_id = OLD.claim_id AND OLD.number IS NULL))
EXECUTE FUNCTION refuse_change();
CREATE TRIGGER claim_is_not_emptied BEFORE TRUNCATE ON claim
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What the last check found strange and not wrong, such as a clock that was set back.
ALTER TABLE ledger_verdict ADD COLUMN warning text;
