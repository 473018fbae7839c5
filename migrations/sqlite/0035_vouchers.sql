-- What others outside say of our heads: witnesses, that a head holds all that they saw before (C2SP tlog-witness), and a
-- time-stamping authority, when it was there (RFC 3161).

CREATE TABLE checkpoint_cosignature (
    -- By its verifier key, NAME+ID+BASE64 (C2SP tlog-cosignature).
    witness TEXT NOT NULL,
    size INTEGER NOT NULL REFERENCES checkpoint (size),
    -- Its signature as a line of the note, without the newline.
    line TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (witness, size)
) STRICT, WITHOUT ROWID;
CREATE INDEX checkpoint_cosignature_size ON checkpoint_cosignature (size);
CREATE TRIGGER checkpoint_cosignature_is_immutable BEFORE UPDATE ON checkpoint_cosignature
BEGIN SELECT RAISE(ABORT, 'a cosignature never changes'); END;
CREATE TRIGGER checkpoint_cosignature_is_kept BEFORE DELETE ON checkpoint_cosignature
BEGIN SELECT RAISE(ABORT, 'a cosignature is kept for good'); END;

CREATE TABLE checkpoint_timestamp (
    -- The day in the installation's zone; days since 1 January 1970.
    day INTEGER PRIMARY KEY NOT NULL,
    size INTEGER NOT NULL REFERENCES checkpoint (size),
    -- The DER of the TimeStampResp.
    response BLOB NOT NULL,
    -- The time that it states.
    stamped_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER checkpoint_timestamp_is_immutable BEFORE UPDATE ON checkpoint_timestamp
BEGIN SELECT RAISE(ABORT, 'a time stamp never changes'); END;
CREATE TRIGGER checkpoint_timestamp_is_kept BEFORE DELETE ON checkpoint_timestamp
BEGIN SELECT RAISE(ABORT, 'a time stamp is kept for good'); END;
