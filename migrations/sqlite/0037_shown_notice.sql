-- Which words stood beside a box of ours. Others came with imports, as whoever entered them wrote them down.
CREATE TABLE shown_notice (
    notice_id BLOB PRIMARY KEY NOT NULL REFERENCES notice (notice_id)
) STRICT, WITHOUT ROWID;
-- Whoever asked by a form saw its words. Those of today are added when pages are next shown.
INSERT INTO shown_notice (notice_id)
SELECT DISTINCT notice_id FROM consent_event WHERE type = 'requested' AND notice_id IS NOT NULL;
