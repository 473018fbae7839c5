-- What is offered and what can be agreed to. The SQLite file of the same name holds the same tables.

-- A published privacy policy. Published for good: a person must be able to read what they agreed to.
CREATE TABLE policy_version (
    policy_version_id uuid PRIMARY KEY,
    label text NOT NULL CHECK (label <> ''),
    lang text NOT NULL,
    body text NOT NULL CHECK (body <> ''),
    sha256 text NOT NULL CHECK (length(sha256) = 64),
    change_class text NOT NULL CHECK (change_class IN ('editorial', 'notify', 'reconsent')),
    published_at timestamptz NOT NULL,
    UNIQUE (label, lang)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'rows of % never change and are kept for good', TG_TABLE_NAME; END $$;

CREATE TRIGGER policy_version_is_immutable BEFORE UPDATE OR DELETE ON policy_version
FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE newsletter (
    newsletter_id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug <> ''),
    name text NOT NULL CHECK (name <> ''),
    description text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE purpose (
    code text PRIMARY KEY CHECK (code <> ''),
    newsletter_id uuid UNIQUE REFERENCES newsletter (newsletter_id),
    created_at timestamptz NOT NULL,
    CHECK ((newsletter_id IS NOT NULL) = (code LIKE 'newsletter:%'))
);
INSERT INTO purpose (code, newsletter_id, created_at) VALUES ('privacy-policy', NULL, to_timestamp(0));

-- The words beside one box. A change of words is a new row: events point at the row that was shown.
CREATE TABLE notice (
    notice_id uuid PRIMARY KEY,
    purpose text NOT NULL REFERENCES purpose (code),
    lang text NOT NULL,
    words text NOT NULL CHECK (words <> ''),
    sha256 text NOT NULL CHECK (length(sha256) = 64),
    created_at timestamptz NOT NULL,
    UNIQUE (purpose, lang, sha256)
);

CREATE TRIGGER notice_is_immutable BEFORE UPDATE OR DELETE ON notice
FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE report (
    report_id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug <> ''),
    title text NOT NULL CHECK (title <> ''),
    summary text NOT NULL,
    body text,
    -- Where the file lies in the file store, and what it is.
    file_key text NOT NULL UNIQUE,
    media_type text NOT NULL,
    byte_size bigint NOT NULL CHECK (byte_size > 0),
    sha256 text NOT NULL CHECK (length(sha256) = 64),
    pages bigint CHECK (pages > 0),
    cover_key text,
    cover_media_type text,
    -- Fields that the form requires besides address and consent.
    requires_name boolean NOT NULL,
    requires_organisation boolean NOT NULL,
    requires_job_title boolean NOT NULL,
    status text NOT NULL CHECK (status IN ('draft', 'published', 'withdrawn')),
    created_at timestamptz NOT NULL,
    published_at timestamptz,
    withdrawn_at timestamptz,
    CHECK ((cover_key IS NULL) = (cover_media_type IS NULL)),
    CHECK (status <> 'published' OR published_at IS NOT NULL),
    CHECK ((status = 'withdrawn') = (withdrawn_at IS NOT NULL))
);

-- Which newsletters a report's form offers, in order.
CREATE TABLE report_newsletter (
    report_id uuid NOT NULL REFERENCES report (report_id),
    newsletter_id uuid NOT NULL REFERENCES newsletter (newsletter_id),
    position bigint NOT NULL,
    PRIMARY KEY (report_id, newsletter_id)
);

-- Which address secret this database was written under: another one would recognise nobody.
CREATE TABLE key_fingerprint (
    name text PRIMARY KEY,
    fingerprint text NOT NULL
);
