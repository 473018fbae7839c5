-- What others outside say of our heads: witnesses, that a head holds all that they saw before (C2SP tlog-witness), and a
-- time-stamping authority, when it was there (RFC 3161).

CREATE TABLE checkpoint_cosignature (
    -- By its verifier key, NAME+ID+BASE64 (C2SP tlog-cosignature).
    witness text NOT NULL,
    size bigint NOT NULL REFERENCES checkpoint (size),
    -- Its signature as a line of the note, without the newline.
    line text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (witness, size)
);
CREATE INDEX checkpoint_cosignature_size ON checkpoint_cosignature (size);
CREATE TRIGGER checkpoint_cosignature_is_immutable BEFORE UPDATE OR DELETE ON checkpoint_cosignature
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoint_cosignature_is_not_emptied BEFORE TRUNCATE ON checkpoint_cosignature
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE checkpoint_timestamp (
    -- The day in the installation's zone; days since 1 January 1970.
    day bigint PRIMARY KEY,
    size bigint NOT NULL REFERENCES checkpoint (size),
    -- The DER of the TimeStampResp.
    response bytea NOT NULL,
    -- The time that it states.
    stamped_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL
);
CREATE TRIGGER checkpoint_timestamp_is_immutable BEFORE UPDATE OR DELETE ON checkpoint_timestamp
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoint_timestamp_is_not_emptied BEFORE TRUNCATE ON checkpoint_timestamp
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
