-- Codes that readers type instead of following the link. The codes themselves are derived, like links.

-- How many were tried for an address on one day (UTC; days since 1 January 1970). Of no use after that day.
CREATE TABLE code_try (
    address_key bytea NOT NULL CHECK (length(address_key) = 32),
    day bigint NOT NULL,
    tries integer NOT NULL CHECK (tries > 0),
    PRIMARY KEY (address_key, day)
);
