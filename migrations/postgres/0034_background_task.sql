-- The last run of each task that is done in the background, whichever process did it.
CREATE TABLE background_task (
    -- `seal-ledger`, `forget-signups` and their like.
    name text PRIMARY KEY,
    -- How long after a run the next one begins, in milliseconds.
    period_ms bigint NOT NULL CHECK (period_ms > 0),
    -- The last run that was written down: of those that tell nothing new, one a minute is.
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    -- What the last run in which there was something to do came to, in words that name no person, and when.
    outcome text,
    outcome_at timestamptz,
    -- Since when it fails, when it did so last, and in which process; empty while it works.
    failing_since timestamptz,
    failed_at timestamptz,
    failed_by uuid,
    CHECK ((outcome IS NULL) = (outcome_at IS NULL)),
    CHECK ((failing_since IS NULL) = (failed_at IS NULL)),
    CHECK ((failing_since IS NULL) = (failed_by IS NULL))
);
