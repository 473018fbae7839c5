-- Policies that ask people again, and purposes of the operator's own.

-- For `reconsent`: from this moment on, consents under older versions are not exported any more.
ALTER TABLE policy_version ADD COLUMN renew_until INTEGER
CHECK (renew_until IS NULL OR change_class = 'reconsent');

-- A purpose that is neither the privacy policy nor a newsletter: its name, and the words beside its box.
ALTER TABLE purpose ADD COLUMN name TEXT;
ALTER TABLE purpose ADD COLUMN words TEXT;

-- Which of them a report's form offers, in order.
CREATE TABLE report_purpose (
    report_id BLOB NOT NULL REFERENCES report (report_id),
    purpose TEXT NOT NULL REFERENCES purpose (code),
    position INTEGER NOT NULL,
    PRIMARY KEY (report_id, purpose)
) STRICT, WITHOUT ROWID;
