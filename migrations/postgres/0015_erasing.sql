-- Deleting a subscriber asks whether a signup still names them: without an index, that is a look at all of them
-- on the only connection that writes. A signup gets into it once, when it is confirmed.

CREATE INDEX signup_of_subscriber ON signup (subscriber_id) WHERE subscriber_id IS NOT NULL;
