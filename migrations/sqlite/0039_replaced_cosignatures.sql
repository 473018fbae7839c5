-- A row of a witness or a stamp that is none stands in the way of the true one, which takes its place.

DROP TRIGGER checkpoint_cosignature_is_immutable;

-- What signed a time stamp is not checked here, so its row is bound by a MAC, as those of evidence are. No version that was
-- released kept any; what is here without a MAC goes, and the newest head is stamped anew.
DROP TRIGGER checkpoint_timestamp_is_immutable;
DROP TRIGGER checkpoint_timestamp_is_kept;
DROP TABLE checkpoint_timestamp;
CREATE TABLE checkpoint_timestamp (
    -- The day in the installation's zone; days since 1 January 1970.
    day INTEGER PRIMARY KEY NOT NULL,
    size INTEGER NOT NULL REFERENCES checkpoint (size),
    -- The DER of the TimeStampResp.
    response BLOB NOT NULL,
    -- The time that it states.
    stamped_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    -- Over day, head, response and the time that it states.
    mac BLOB NOT NULL CHECK (length(mac) = 16)
) STRICT;
CREATE TRIGGER checkpoint_timestamp_is_kept BEFORE DELETE ON checkpoint_timestamp
BEGIN SELECT RAISE(ABORT, 'a time stamp is kept for good'); END;
