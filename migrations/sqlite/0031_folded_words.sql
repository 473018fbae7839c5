-- People are found by words without their accents, and by job titles too: everybody is split up anew.
DELETE FROM subscriber_word;
UPDATE subscriber SET words = NULL;
