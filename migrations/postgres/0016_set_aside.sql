-- A newsletter that is set aside is offered by no form or page. Whoever agreed to it stays agreed, so it is
-- never deleted.

ALTER TABLE newsletter ADD COLUMN withdrawn_at timestamptz;
