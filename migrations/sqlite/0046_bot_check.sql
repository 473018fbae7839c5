-- Bot checks that were answered, until they run out: each is good once.
CREATE TABLE solved_check (
    nonce BLOB PRIMARY KEY NOT NULL CHECK (length(nonce) = 16),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX solved_check_expiry ON solved_check (expires_at);
