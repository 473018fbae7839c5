-- A ledger that lost its newest heads goes on in a new epoch, under a name of its own.

ALTER TABLE ledger_head ADD COLUMN epoch bigint NOT NULL DEFAULT 1 CHECK (epoch >= 1);
-- The newest head that is kept outside the database too: only then may anybody see it. None before the first.
ALTER TABLE ledger_head ADD COLUMN shown bigint CHECK (shown >= 0);

-- Each epoch but the first: where it goes on, and what was lost.
CREATE TABLE ledger_epoch (
    epoch bigint PRIMARY KEY CHECK (epoch > 1),
    -- How many leaves had their place; its own heads cover more.
    from_size bigint NOT NULL CHECK (from_size >= 0),
    -- The newest head known outside: a signed note; none when no head was left anywhere.
    known_note text,
    resumed_at timestamptz NOT NULL
);
CREATE TRIGGER ledger_epoch_is_immutable BEFORE UPDATE OR DELETE ON ledger_epoch
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_epoch_is_not_emptied BEFORE TRUNCATE ON ledger_epoch
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

