-- What evidence says of how a choice was made: the form as everybody saw it, and the boxes left unticked.
CREATE TABLE blank_form (
    -- Lower-case hex SHA-256 of the document.
    sha256 text PRIMARY KEY CHECK (length(sha256) = 64),
    -- One line that says of which program, form and policy, and the page.
    html text NOT NULL,
    -- When somebody first sent it.
    shown_at timestamptz NOT NULL
);
-- The form it was sent by; signups of earlier versions have none.
ALTER TABLE signup ADD COLUMN form_sha256 text REFERENCES blank_form;
-- The purposes whose boxes stood there and were left unticked, with commas between.
ALTER TABLE signup ADD COLUMN unticked text;
CREATE TRIGGER blank_form_is_immutable BEFORE UPDATE OR DELETE ON blank_form
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER blank_form_is_not_emptied BEFORE TRUNCATE ON blank_form
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
