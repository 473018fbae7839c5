-- Exports asked for at the console: what was asked, how far it is, and what came of it.

-- Pages of an export begin where the last one ended, which many people may share who were imported at one
-- moment; so the key that tells them apart stands in the index by its own right.
DROP INDEX consent_of_purpose;
CREATE INDEX consent_of_purpose ON consent (purpose, confirmed_at, subscriber_id);

-- Whose consent ended, in the order of the ledger: for "withdrawn since".
CREATE INDEX consent_event_ended ON consent_event (leaf_index)
WHERE type IN ('withdrawn', 'expired', 'erased');

CREATE TABLE export_run (
    export_run_id BLOB PRIMARY KEY NOT NULL CHECK (length(export_run_id) = 16),
    -- Who asked: as the audit names them, and the account if it was one.
    actor TEXT NOT NULL,
    staff_id BLOB REFERENCES staff (staff_id),
    -- What was asked for.
    purpose TEXT NOT NULL REFERENCES purpose (code),
    report TEXT,
    since INTEGER,
    until INTEGER,
    policy TEXT,
    format TEXT NOT NULL CHECK (format IN ('csv', 'ndjson', 'xlsx')),
    preset TEXT,
    links INTEGER NOT NULL CHECK (links IN (0, 1)),
    -- A job is made by a worker and fetched later; all others go straight to the browser.
    is_job INTEGER NOT NULL CHECK (is_job IN (0, 1)),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'expired')),
    -- Counts every claim: the fence, for a worker that lost its lease finds another number here.
    claims INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    rows_expected INTEGER,
    rows_done INTEGER NOT NULL DEFAULT 0,
    -- The ledger's place when it was read: who left later stands after it.
    ledger_cursor INTEGER,
    byte_size INTEGER,
    sha256 TEXT,
    -- Where a job's file lies, for as long as it does.
    file_key TEXT,
    created_at INTEGER NOT NULL,
    -- The moment whose contacts it holds.
    started_at INTEGER,
    finished_at INTEGER,
    reason TEXT,
    CHECK ((state IN ('waiting', 'running')) = (finished_at IS NULL)),
    CHECK (state NOT IN ('done', 'expired') OR sha256 IS NOT NULL),
    CHECK (state <> 'failed' OR reason IS NOT NULL),
    CHECK (file_key IS NULL OR is_job = 1)
) STRICT, WITHOUT ROWID;
CREATE INDEX export_run_open ON export_run (created_at) WHERE state IN ('waiting', 'running');
CREATE INDEX export_run_kept ON export_run (finished_at) WHERE file_key IS NOT NULL;
