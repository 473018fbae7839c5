-- Whether anything takes the mail of a domain that somebody typed, as name servers said; kept for a day.
CREATE TABLE mail_domain (
    domain TEXT PRIMARY KEY NOT NULL CHECK (domain <> ''),
    -- Null where no server said anything.
    takes_mail INTEGER CHECK (takes_mail IN (0, 1)),
    asked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
