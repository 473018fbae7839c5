-- What a policy version changes for those who agreed to an older one, in a sentence. Versions published before
-- have none, and neither have editorial ones.

ALTER TABLE policy_version ADD COLUMN changes TEXT CHECK (change_class <> 'editorial' OR changes IS NULL);
