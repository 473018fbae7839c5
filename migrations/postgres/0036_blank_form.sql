-- What evidence names by its hash: forms as everybody saw them.
CREATE TABLE blank_form (
    -- Lower-case hex SHA-256 of the document.
    sha256 text PRIMARY KEY CHECK (length(sha256) = 64),
    -- One line that says of which program, form and policy, and the page.
    html text NOT NULL,
    -- When somebody first sent it.
    shown_at timestamptz NOT NULL
);
CREATE TRIGGER blank_form_is_immutable BEFORE UPDATE OR DELETE ON blank_form
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER blank_form_is_not_emptied BEFORE TRUNCATE ON blank_form
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
