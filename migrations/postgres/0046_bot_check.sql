-- Bot checks that were answered, until they run out: each is good once.
CREATE TABLE solved_check (
    nonce bytea PRIMARY KEY CHECK (length(nonce) = 16),
    expires_at timestamptz NOT NULL
);
CREATE INDEX solved_check_expiry ON solved_check (expires_at);
