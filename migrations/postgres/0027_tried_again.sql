-- When a confirmation was decided last for an address whose mail came back: one a week at most, however soon the mail
-- itself is purged. It goes with the suppression.

CREATE TABLE suppression_try (
    address_key bytea PRIMARY KEY NOT NULL,
    reason text NOT NULL DEFAULT 'bounced' CHECK (reason = 'bounced'),
    purpose text NOT NULL DEFAULT '*',
    tried_at timestamptz NOT NULL,
    FOREIGN KEY (address_key, reason, purpose) REFERENCES suppression (address_key, reason, purpose) ON DELETE CASCADE
);
