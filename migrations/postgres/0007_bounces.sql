-- Mail that came back: each mail once for each kind, however often its server says so. It goes with its
-- mail.
CREATE TABLE bounce (
    bounce_id uuid PRIMARY KEY,
    outbox_id uuid NOT NULL REFERENCES outbox (outbox_id) ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('hard', 'soft', 'complaint')),
    -- RFC 3463, such as 5.1.1; not every server gives one.
    status text,
    received_at timestamptz NOT NULL,
    UNIQUE (outbox_id, kind)
);
