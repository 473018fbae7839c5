-- What other programs were told of somebody is shown to them, and goes with them.
CREATE INDEX webhook_delivery_of_person ON webhook_delivery (subscriber_id, seq) WHERE subscriber_id IS NOT NULL;
