-- 16 bytes of HMAC-SHA256 under a key that is not in the database: over whose address a form and a subscriber are,
-- so that no link is mailed to one address and pressed for another. Rows of earlier versions get theirs when they
-- are adopted.
ALTER TABLE signup ADD COLUMN mac BLOB CHECK (mac IS NULL OR length(mac) = 16);
ALTER TABLE subscriber ADD COLUMN mac BLOB CHECK (mac IS NULL OR length(mac) = 16);
