-- What is offered and what can be agreed to. Times are microseconds since the Unix epoch, UTC;
-- keys are UUIDv7 as 16 bytes. The PostgreSQL file of the same name holds the same tables.

-- A published privacy policy. Published for good: a person must be able to read what they agreed to.
CREATE TABLE policy_version (
    policy_version_id BLOB PRIMARY KEY NOT NULL CHECK (length(policy_version_id) = 16),
    label TEXT NOT NULL CHECK (label <> ''),
    lang TEXT NOT NULL,
    body TEXT NOT NULL CHECK (body <> ''),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    change_class TEXT NOT NULL CHECK (change_class IN ('editorial', 'notify', 'reconsent')),
    published_at INTEGER NOT NULL,
    UNIQUE (label, lang)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER policy_version_is_immutable BEFORE UPDATE ON policy_version
BEGIN SELECT RAISE(ABORT, 'a published policy version never changes'); END;
CREATE TRIGGER policy_version_is_kept BEFORE DELETE ON policy_version
BEGIN SELECT RAISE(ABORT, 'a published policy version is kept for good'); END;

CREATE TABLE newsletter (
    newsletter_id BLOB PRIMARY KEY NOT NULL CHECK (length(newsletter_id) = 16),
    slug TEXT NOT NULL UNIQUE CHECK (slug <> ''),
    name TEXT NOT NULL CHECK (name <> ''),
    description TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE purpose (
    code TEXT PRIMARY KEY NOT NULL CHECK (code <> ''),
    newsletter_id BLOB UNIQUE REFERENCES newsletter (newsletter_id),
    created_at INTEGER NOT NULL,
    CHECK ((newsletter_id IS NOT NULL) = (code LIKE 'newsletter:%'))
) STRICT, WITHOUT ROWID;
INSERT INTO purpose (code, newsletter_id, created_at) VALUES ('privacy-policy', NULL, 0);

-- The words beside one box. A change of words is a new row: events point at the row that was shown.
CREATE TABLE notice (
    notice_id BLOB PRIMARY KEY NOT NULL CHECK (length(notice_id) = 16),
    purpose TEXT NOT NULL REFERENCES purpose (code),
    lang TEXT NOT NULL,
    words TEXT NOT NULL CHECK (words <> ''),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    created_at INTEGER NOT NULL,
    UNIQUE (purpose, lang, sha256)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER notice_is_immutable BEFORE UPDATE ON notice
BEGIN SELECT RAISE(ABORT, 'a notice never changes'); END;
CREATE TRIGGER notice_is_kept BEFORE DELETE ON notice
BEGIN SELECT RAISE(ABORT, 'a notice is kept for good'); END;

CREATE TABLE report (
    report_id BLOB PRIMARY KEY NOT NULL CHECK (length(report_id) = 16),
    slug TEXT NOT NULL UNIQUE CHECK (slug <> ''),
    title TEXT NOT NULL CHECK (title <> ''),
    summary TEXT NOT NULL,
    body TEXT,
    -- Where the file lies in the file store, and what it is.
    file_key TEXT NOT NULL UNIQUE,
    media_type TEXT NOT NULL,
    byte_size INTEGER NOT NULL CHECK (byte_size > 0),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    pages INTEGER CHECK (pages > 0),
    cover_key TEXT,
    cover_media_type TEXT,
    -- Fields that the form requires besides address and consent.
    requires_name INTEGER NOT NULL CHECK (requires_name IN (0, 1)),
    requires_organisation INTEGER NOT NULL CHECK (requires_organisation IN (0, 1)),
    requires_job_title INTEGER NOT NULL CHECK (requires_job_title IN (0, 1)),
    status TEXT NOT NULL CHECK (status IN ('draft', 'published', 'withdrawn')),
    created_at INTEGER NOT NULL,
    published_at INTEGER,
    withdrawn_at INTEGER,
    CHECK ((cover_key IS NULL) = (cover_media_type IS NULL)),
    CHECK (status <> 'published' OR published_at IS NOT NULL),
    CHECK ((status = 'withdrawn') = (withdrawn_at IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- Which newsletters a report's form offers, in order.
CREATE TABLE report_newsletter (
    report_id BLOB NOT NULL REFERENCES report (report_id),
    newsletter_id BLOB NOT NULL REFERENCES newsletter (newsletter_id),
    position INTEGER NOT NULL,
    PRIMARY KEY (report_id, newsletter_id)
) STRICT, WITHOUT ROWID;

-- Which address secret this database was written under: another one would recognise nobody.
CREATE TABLE key_fingerprint (
    name TEXT PRIMARY KEY NOT NULL,
    fingerprint TEXT NOT NULL
) STRICT, WITHOUT ROWID;
