-- The forms of which an event of a giving tells: retention leaves them alone, whatever their status says.
CREATE INDEX consent_event_of_signup ON consent_event (signup_id)
WHERE signup_id IS NOT NULL AND type <> 'requested';
