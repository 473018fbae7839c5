-- A lost link leads, too, to what the forms of an address led to: the page that confirms one, or its download.

ALTER TABLE link_request RENAME TO link_request_before;
CREATE TABLE link_request (
    link_request_id BLOB PRIMARY KEY NOT NULL CHECK (length(link_request_id) = 16),
    address_key BLOB NOT NULL CHECK (length(address_key) = 32),
    limiter_key BLOB NOT NULL CHECK (length(limiter_key) = 32),
    created_at INTEGER NOT NULL,
    door TEXT NOT NULL DEFAULT 'preferences' CHECK (door IN ('preferences', 'password', 'form'))
) STRICT, WITHOUT ROWID;
INSERT INTO link_request (link_request_id, address_key, limiter_key, created_at, door)
SELECT link_request_id, address_key, limiter_key, created_at, door FROM link_request_before;
DROP TABLE link_request_before;
