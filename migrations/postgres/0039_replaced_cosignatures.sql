-- A row of a witness or a stamp that is none stands in the way of the true one, which takes its place.

DROP TRIGGER checkpoint_cosignature_is_immutable ON checkpoint_cosignature;
CREATE TRIGGER checkpoint_cosignature_is_kept BEFORE DELETE ON checkpoint_cosignature
FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What signed a time stamp is not checked here, so its row is bound by a MAC, as those of evidence are. No version that was
-- released kept any; what is here without a MAC goes, and the newest head is stamped anew.
DROP TRIGGER checkpoint_timestamp_is_immutable ON checkpoint_timestamp;
DROP TRIGGER checkpoint_timestamp_is_not_emptied ON checkpoint_timestamp;
DROP TABLE checkpoint_timestamp;
CREATE TABLE checkpoint_timestamp (
    -- The day in the installation's zone; days since 1 January 1970.
    day bigint PRIMARY KEY,
    size bigint NOT NULL REFERENCES checkpoint (size),
    -- The DER of the TimeStampResp.
    response bytea NOT NULL,
    -- The time that it states.
    stamped_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    -- Over day, head, response and the time that it states.
    mac bytea NOT NULL CHECK (octet_length(mac) = 16)
);
CREATE TRIGGER checkpoint_timestamp_is_kept BEFORE DELETE ON checkpoint_timestamp
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoint_timestamp_is_not_emptied BEFORE TRUNCATE ON checkpoint_timestamp
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
