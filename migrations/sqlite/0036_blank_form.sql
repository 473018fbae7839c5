-- What evidence says of how a choice was made: the form as everybody saw it, and the boxes left unticked.
CREATE TABLE blank_form (
    -- Lower-case hex SHA-256 of the document.
    sha256 TEXT PRIMARY KEY NOT NULL CHECK (length(sha256) = 64),
    -- One line that says of which program, form and policy, and the page.
    html TEXT NOT NULL,
    -- When somebody first sent it.
    shown_at INTEGER NOT NULL
) STRICT;
-- The form it was sent by; signups of earlier versions have none.
ALTER TABLE signup ADD COLUMN form_sha256 TEXT REFERENCES blank_form;
-- The purposes whose boxes stood there and were left unticked, with commas between.
ALTER TABLE signup ADD COLUMN unticked TEXT;
CREATE TRIGGER blank_form_is_immutable BEFORE UPDATE ON blank_form
BEGIN SELECT RAISE(ABORT, 'a form that was shown never changes'); END;
CREATE TRIGGER blank_form_is_kept BEFORE DELETE ON blank_form
BEGIN SELECT RAISE(ABORT, 'a form that was shown is kept for good'); END;
