-- The page that shows a new token is the answer to a form, which browsers send again when it is loaded again. The
-- form carries an id of its own, and makes one token.

ALTER TABLE api_token ADD COLUMN form_id BLOB CHECK (length(form_id) = 16);
CREATE UNIQUE INDEX api_token_of_form ON api_token (form_id);
