-- People are found by `ss` where a capital sharp s stands: whose words have a small one in its place are split up anew.
DELETE FROM subscriber_word WHERE subscriber_id IN (SELECT subscriber_id FROM subscriber WHERE words LIKE '%ß%');
UPDATE subscriber SET words = NULL WHERE words LIKE '%ß%';
