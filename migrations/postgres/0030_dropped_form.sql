-- Forms whose hidden field was filled in, which were dropped: how many, for each form and day.
CREATE TABLE dropped_form (
    -- `reports/SLUG` or `newsletters`.
    form text NOT NULL,
    -- By the clocks of the site when it was sent; days after 1 January 1970.
    day bigint NOT NULL,
    dropped bigint NOT NULL CHECK (dropped > 0),
    PRIMARY KEY (form, day)
);
