-- How far the events of the address's subscriber reached when the form was sent (`seq`; 0 when there was none):
-- what they left after that, its ticks do not bring back.
ALTER TABLE signup ADD COLUMN reach INTEGER NOT NULL DEFAULT 0;
UPDATE signup SET reach = COALESCE(
    (SELECT last_seq FROM subscriber WHERE subscriber.address_key = signup.address_key), 0)
WHERE status = 'pending';
