-- Requests that programs may send again (Idempotency-Key), for a day: by keyed hashes of the key and the body.
CREATE TABLE idempotent_request (
    key_hash BLOB PRIMARY KEY NOT NULL CHECK (length(key_hash) = 32),
    body_hash BLOB NOT NULL CHECK (length(body_hash) = 32),
    -- What it was answered; none while that is under way.
    answer TEXT,
    begun_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotent_request_begun ON idempotent_request (begun_at);
