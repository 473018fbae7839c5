-- Forms that programs may send again (Idempotency-Key), for a day: by keyed hashes of the key and the body.
CREATE TABLE idempotent_request (
    key_hash BLOB PRIMARY KEY NOT NULL CHECK (length(key_hash) = 32),
    body_hash BLOB NOT NULL CHECK (length(body_hash) = 32),
    -- The form that it became, stored in the same transaction.
    signup_id BLOB NOT NULL CHECK (length(signup_id) = 16),
    stored_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotent_request_stored ON idempotent_request (stored_at);
