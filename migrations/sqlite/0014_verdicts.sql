-- Which verdict on the ledger it is, counted from the first, so that a check that began before another one's
-- finding does not take its place.

ALTER TABLE ledger_verdict ADD COLUMN number INTEGER NOT NULL DEFAULT 1;
