-- What evidence names by its hash: forms as everybody saw them.
CREATE TABLE blank_form (
    -- Lower-case hex SHA-256 of the document.
    sha256 TEXT PRIMARY KEY NOT NULL CHECK (length(sha256) = 64),
    -- One line that says of which program, form and policy, and the page.
    html TEXT NOT NULL,
    -- When somebody first sent it.
    shown_at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER blank_form_is_immutable BEFORE UPDATE ON blank_form
BEGIN SELECT RAISE(ABORT, 'a form that was shown never changes'); END;
CREATE TRIGGER blank_form_is_kept BEFORE DELETE ON blank_form
BEGIN SELECT RAISE(ABORT, 'a form that was shown is kept for good'); END;
