-- Exports asked for at the console: what was asked, how far it is, and what came of it.

-- Pages of an export begin where the last one ended, which many people may share who were imported at one
-- moment; so the key that tells them apart stands in the index by its own right.
DROP INDEX consent_of_purpose;
CREATE INDEX consent_of_purpose ON consent (purpose, confirmed_at, subscriber_id);

-- Whose consent ended, in the order of the ledger: for "withdrawn since".
CREATE INDEX consent_event_ended ON consent_event (leaf_index)
WHERE type IN ('withdrawn', 'expired', 'erased');

CREATE TABLE export_run (
    export_run_id uuid PRIMARY KEY,
    -- Who asked: as the audit names them, and the account if it was one.
    actor text NOT NULL,
    staff_id uuid REFERENCES staff (staff_id),
    -- What was asked for.
    purpose text NOT NULL REFERENCES purpose (code),
    report text,
    since timestamptz,
    until timestamptz,
    policy text,
    format text NOT NULL CHECK (format IN ('csv', 'ndjson', 'xlsx')),
    preset text,
    links boolean NOT NULL,
    -- A job is made by a worker and fetched later; all others go straight to the browser.
    is_job boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'expired')),
    -- Counts every claim: the fence, for a worker that lost its lease finds another number here.
    claims integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    rows_expected bigint,
    rows_done bigint NOT NULL DEFAULT 0,
    -- The ledger's place when it was read: who left later stands after it.
    ledger_cursor bigint,
    byte_size bigint,
    sha256 text,
    -- Where a job's file lies, for as long as it does.
    file_key text,
    created_at timestamptz NOT NULL,
    -- The moment whose contacts it holds.
    started_at timestamptz,
    finished_at timestamptz,
    reason text,
    CHECK ((state IN ('waiting', 'running')) = (finished_at IS NULL)),
    CHECK (state NOT IN ('done', 'expired') OR sha256 IS NOT NULL),
    CHECK (state <> 'failed' OR reason IS NOT NULL),
    CHECK (file_key IS NULL OR is_job)
);
CREATE INDEX export_run_open ON export_run (created_at) WHERE state IN ('waiting', 'running');
CREATE INDEX export_run_kept ON export_run (finished_at) WHERE file_key IS NOT NULL;
