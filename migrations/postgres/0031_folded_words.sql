-- People are found by words without their accents, and by job titles too: everybody is split up anew.
TRUNCATE subscriber_word;
UPDATE subscriber SET words = NULL;
