-- The last run of each task that is done in the background, whichever process did it.
CREATE TABLE background_task (
    -- `seal-ledger`, `forget-signups` and their like.
    name TEXT PRIMARY KEY NOT NULL,
    -- How long after a run the next one begins, in milliseconds.
    period_ms INTEGER NOT NULL CHECK (period_ms > 0),
    -- The last run that was written down: of those that tell nothing new, one a minute is.
    started_at INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    -- What the last run in which there was something to do came to, in words that name no person, and when.
    outcome TEXT,
    outcome_at INTEGER,
    -- Since when it fails, when it did so last, and in which process; empty while it works.
    failing_since INTEGER,
    failed_at INTEGER,
    failed_by BLOB CHECK (length(failed_by) = 16),
    CHECK ((outcome IS NULL) = (outcome_at IS NULL)),
    CHECK ((failing_since IS NULL) = (failed_at IS NULL)),
    CHECK ((failing_since IS NULL) = (failed_by IS NULL))
) STRICT, WITHOUT ROWID;
