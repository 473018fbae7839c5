-- When a confirmation was decided last for an address whose mail came back: one a week at most, however soon the mail
-- itself is purged. It goes with the suppression.

CREATE TABLE suppression_try (
    address_key BLOB PRIMARY KEY NOT NULL,
    reason TEXT NOT NULL DEFAULT 'bounced' CHECK (reason = 'bounced'),
    purpose TEXT NOT NULL DEFAULT '*',
    tried_at INTEGER NOT NULL,
    FOREIGN KEY (address_key, reason, purpose) REFERENCES suppression (address_key, reason, purpose) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
