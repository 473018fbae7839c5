-- The ledger records of itself, too, that it goes on after a loss.

ALTER TABLE ledger_record DROP CONSTRAINT ledger_record_type_check;
ALTER TABLE ledger_record ADD CONSTRAINT ledger_record_type_check
    CHECK (type IN ('adopted', 'purged', 'recorded', 'resumed'));
