-- Whose form was sent with the key; null for that of newsletters alone. Who sends it again is answered by this and by what
-- they send, whatever became of the signup.
ALTER TABLE idempotent_request ADD COLUMN report_id uuid;
