-- Which addresses a report's form takes, as domain::catalog::address_rules writes it; nothing for all of them.
ALTER TABLE report ADD COLUMN address_rules TEXT NOT NULL DEFAULT '';
