-- Where readers came from to the form: what the link that they followed said, and the site whose page it stood on. It goes with the form.
CREATE TABLE signup_source (
    signup_id BLOB PRIMARY KEY NOT NULL REFERENCES signup (signup_id) ON DELETE CASCADE,
    utm_source TEXT CHECK (length(utm_source) BETWEEN 1 AND 100),
    utm_medium TEXT CHECK (length(utm_medium) BETWEEN 1 AND 100),
    utm_campaign TEXT CHECK (length(utm_campaign) BETWEEN 1 AND 100),
    utm_term TEXT CHECK (length(utm_term) BETWEEN 1 AND 100),
    utm_content TEXT CHECK (length(utm_content) BETWEEN 1 AND 100),
    ref TEXT CHECK (length(ref) BETWEEN 1 AND 100),
    page_origin TEXT CHECK (page_origin <> '')
) STRICT, WITHOUT ROWID;
