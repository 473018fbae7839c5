-- Forms that programs may send again (Idempotency-Key), for a day: by keyed hashes of the key and the body.
CREATE TABLE idempotent_request (
    key_hash bytea CONSTRAINT idempotent_request_key PRIMARY KEY
        CONSTRAINT idempotent_request_key_hash_check CHECK (length(key_hash) = 32),
    body_hash bytea NOT NULL CONSTRAINT idempotent_request_body_hash_check CHECK (length(body_hash) = 32),
    -- The form that it became, stored in the same transaction.
    signup_id uuid NOT NULL,
    stored_at timestamptz NOT NULL
);
CREATE INDEX idempotent_request_stored ON idempotent_request (stored_at);
