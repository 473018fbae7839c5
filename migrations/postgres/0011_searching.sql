-- Finding people: by the words of who they are, and by what they agreed to.

-- The words a person is found by, each between two spaces. NULL: not split up yet, for SQL cannot tell
-- letters of all languages; the program does it when it starts.
ALTER TABLE subscriber ADD COLUMN words text;
CREATE INDEX subscriber_unsplit ON subscriber (subscriber_id) WHERE words IS NULL;

-- The same words, to be found by their beginnings, which takes an order by bytes. No reference to the
-- subscriber: checking it would need a second index as large as this one. Who deletes or changes a
-- subscriber knows their words.
CREATE TABLE subscriber_word (
    word text COLLATE "C" NOT NULL,
    subscriber_id uuid NOT NULL,
    PRIMARY KEY (word, subscriber_id)
);

-- Keys of subscribers sort by time, so each of these yields people newest first.
CREATE INDEX consent_of_state ON consent (purpose, state, subscriber_id);
CREATE INDEX consent_of_policy ON consent (policy_version_id, subscriber_id);
CREATE INDEX consent_of_report ON consent (report_id, subscriber_id) WHERE report_id IS NOT NULL;

-- The suppressions, newest first, of all reasons and of one.
CREATE INDEX suppression_since ON suppression (since, address_key, reason, purpose);
CREATE INDEX suppression_of_reason ON suppression (reason, since, address_key, purpose);
