-- The request that something waits for: what a worker logs of it bears the same id. Nothing else reads it, and once
-- the work is done it is emptied.
ALTER TABLE outbox ADD COLUMN request_id text CHECK (length(request_id) BETWEEN 1 AND 64);
ALTER TABLE link_request ADD COLUMN request_id text CHECK (length(request_id) BETWEEN 1 AND 64);
ALTER TABLE export_run ADD COLUMN request_id text CHECK (length(request_id) BETWEEN 1 AND 64);
