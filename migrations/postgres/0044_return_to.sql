-- Where readers can go on once they have a report: a page of the publisher's own, which is linked and nothing more.
ALTER TABLE report ADD COLUMN return_to TEXT;
