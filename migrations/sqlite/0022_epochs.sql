-- A ledger that lost its newest heads goes on in a new epoch, under a name of its own.

ALTER TABLE ledger_head ADD COLUMN epoch INTEGER NOT NULL DEFAULT 1 CHECK (epoch >= 1);
-- The newest head that is kept outside the database too: only then may anybody see it. None before the first.
ALTER TABLE ledger_head ADD COLUMN shown INTEGER CHECK (shown >= 0);

-- Each epoch but the first: where it goes on, and what was lost.
CREATE TABLE ledger_epoch (
    epoch INTEGER PRIMARY KEY NOT NULL CHECK (epoch > 1),
    -- How many leaves had their place; its own heads cover more.
    from_size INTEGER NOT NULL CHECK (from_size >= 0),
    -- The newest head known outside: a signed note; none when no head was left anywhere.
    known_note TEXT,
    resumed_at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER ledger_epoch_is_immutable BEFORE UPDATE ON ledger_epoch
BEGIN SELECT RAISE(ABORT, 'an epoch never changes'); END;
CREATE TRIGGER ledger_epoch_is_kept BEFORE DELETE ON ledger_epoch
BEGIN SELECT RAISE(ABORT, 'an epoch is kept for good'); END;

