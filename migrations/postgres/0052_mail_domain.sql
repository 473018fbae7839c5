-- Whether anything takes the mail of a domain that somebody typed, as name servers said; kept for a day.
CREATE TABLE mail_domain (
    domain text PRIMARY KEY CHECK (domain <> ''),
    -- Null where no server said anything.
    takes_mail boolean,
    asked_at timestamptz NOT NULL
);
