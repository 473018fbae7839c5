-- When a start was counted last. It stands on the grant, so that of many requests at once the statement that counts
-- sees what the one before it wrote.
ALTER TABLE download_grant ADD COLUMN started_at timestamptz;
UPDATE download_grant SET started_at = (
    SELECT max(d.started_at) FROM download d WHERE d.download_grant_id = download_grant.download_grant_id
) WHERE download_grant_id IN (SELECT d.download_grant_id FROM download d);
