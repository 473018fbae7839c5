-- Where readers came from to the form: what the link that they followed said, and the site whose page it stood on. It goes with the form.
CREATE TABLE signup_source (
    signup_id uuid PRIMARY KEY REFERENCES signup (signup_id) ON DELETE CASCADE,
    utm_source text CHECK (length(utm_source) BETWEEN 1 AND 100),
    utm_medium text CHECK (length(utm_medium) BETWEEN 1 AND 100),
    utm_campaign text CHECK (length(utm_campaign) BETWEEN 1 AND 100),
    utm_term text CHECK (length(utm_term) BETWEEN 1 AND 100),
    utm_content text CHECK (length(utm_content) BETWEEN 1 AND 100),
    ref text CHECK (length(ref) BETWEEN 1 AND 100),
    page_origin text CHECK (page_origin <> '')
);
