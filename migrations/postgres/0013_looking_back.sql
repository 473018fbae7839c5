-- What staff look for in the outbox, and is rare there. Each index stays small and off the way of a
-- signup, whose mails are queued and sent and so are in none of them.

CREATE INDEX outbox_parked ON outbox (outbox_id) WHERE state = 'parked';
CREATE INDEX outbox_parked_for ON outbox (reason, outbox_id) WHERE state = 'parked';
CREATE INDEX outbox_dropped ON outbox (outbox_id) WHERE state = 'dropped';
CREATE INDEX outbox_of_rare_kind ON outbox (kind, outbox_id) WHERE kind NOT IN ('confirm', 'receipt');
