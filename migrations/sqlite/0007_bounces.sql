-- Mail that came back: each mail once for each kind, however often its server says so. It goes with its
-- mail. Whoever makes `outbox` anew must carry these rows over: dropping a table deletes its rows first.
CREATE TABLE bounce (
    bounce_id BLOB PRIMARY KEY NOT NULL CHECK (length(bounce_id) = 16),
    outbox_id BLOB NOT NULL REFERENCES outbox (outbox_id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('hard', 'soft', 'complaint')),
    -- RFC 3463, such as 5.1.1; not every server gives one.
    status TEXT,
    received_at INTEGER NOT NULL,
    UNIQUE (outbox_id, kind)
) STRICT, WITHOUT ROWID;
