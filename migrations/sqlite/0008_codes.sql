-- Codes that readers type instead of following the link. The codes themselves are derived, like links.

-- How many were tried for an address on one day (UTC; days since 1 January 1970). Of no use after that day.
CREATE TABLE code_try (
    address_key BLOB NOT NULL CHECK (length(address_key) = 32),
    day INTEGER NOT NULL,
    tries INTEGER NOT NULL CHECK (tries > 0),
    PRIMARY KEY (address_key, day)
) STRICT, WITHOUT ROWID;
