//! What somebody left behind in the database, to keep decisions from being written.

use macro_rules_attribute::apply;

use super::{EXPORT, WEEKLY, check, command, seal};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;

const LEFT: &str = "SELECT count(*) FROM consent WHERE state = 'withdrawn'";
const MISSING: &str = "the trigger audit_entry_is_claimed of table audit_entry is missing";

/// Nothing is exported and the check finds it, by these words.
async fn told(app: &TestApp, words: &str) {
    let findings = check(app).await.findings;
    assert!(findings.iter().any(|what| what.contains(words)), "{words}: {findings:?}");
    app.tamper("DELETE FROM ledger_verdict").await.unwrap();
    let output = command(app, &EXPORT);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && output.stdout.is_empty(), "{words}: {said}");
}

/// Puts consents back to what they were, unseen by whoever leaves.
fn swallowing(database: Database) -> &'static [&'static str] {
    match database {
        Database::Sqlite => &[
            "CREATE TRIGGER swallow AFTER UPDATE ON consent WHEN NEW.state = 'withdrawn'
             BEGIN
                 UPDATE consent SET state = OLD.state, event_id = OLD.event_id, mac = OLD.mac
                 WHERE subscriber_id = OLD.subscriber_id AND purpose = OLD.purpose;
             END",
            "CREATE TRIGGER forget AFTER INSERT ON suppression
             BEGIN DELETE FROM suppression WHERE address_key = NEW.address_key; END",
            "CREATE TRIGGER lose BEFORE INSERT ON consent_event WHEN NEW.type = 'withdrawn'
             BEGIN SELECT RAISE(IGNORE); END",
        ],
        Database::Postgres => &[
            "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
            "CREATE TRIGGER swallow BEFORE UPDATE ON consent FOR EACH ROW WHEN (NEW.state = 'withdrawn')
             EXECUTE FUNCTION swallow()",
            "CREATE TRIGGER forget BEFORE INSERT ON suppression FOR EACH ROW EXECUTE FUNCTION swallow()",
            "CREATE TRIGGER lose BEFORE INSERT ON consent_event FOR EACH ROW WHEN (NEW.type = 'withdrawn')
             EXECUTE FUNCTION swallow()",
        ],
    }
}

#[apply(both_databases!)]
async fn who_left_is_not_exported_though_the_database_forgot_it(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    seal(&app).await;
    for sql in swallowing(database) {
        app.tamper(sql).await.unwrap();
    }
    let manage = app.mail_to("ada@b.example").pop().unwrap().link("/preferences/");
    assert_eq!(app.post(&format!("{manage}/withdraw-all"), "").await.status, 303);
    let output = command(&app, &EXPORT);
    assert!(output.status.code() == Some(1) && output.stdout.is_empty());
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .contains("the trigger swallow is not of this program")
    );
    let told = check(&app).await.findings;
    assert!(
        told.iter().any(|what| what.contains("the trigger swallow is not of this program")),
        "{told:?}"
    );
    // Taken away again, so that nobody sees them: what was ended is known outside.
    let drop: &[&'static str] = match database {
        Database::Sqlite => &["DROP TRIGGER swallow", "DROP TRIGGER forget", "DROP TRIGGER lose"],
        Database::Postgres => &["DROP FUNCTION swallow CASCADE"],
    };
    for sql in drop {
        app.tamper(sql).await.unwrap();
    }
    app.tamper("DELETE FROM ledger_verdict").await.unwrap();
    let told = command(&app, &EXPORT);
    assert!(!String::from_utf8_lossy(&told.stdout).contains("ada@"));
    assert_eq!(app.count(LEFT).await, 2, "ended again by the next start");
}

#[apply(both_databases!)]
async fn other_triggers_rules_and_policies_are_told(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    let ways: &[(&'static str, &'static str)] = match database {
        Database::Sqlite => &[
            ("CREATE TRIGGER wipe AFTER INSERT ON ledger_verdict BEGIN DELETE FROM ledger_verdict; END",
             "DROP TRIGGER wipe"),
            // Under another type it is a trigger all the same.
            ("CREATE TRIGGER hidden AFTER INSERT ON ledger_verdict BEGIN DELETE FROM ledger_verdict; END;
                  PRAGMA writable_schema = ON;
                  UPDATE sqlite_schema SET type = 'TRIGGER' WHERE name = 'hidden';
                  PRAGMA writable_schema = OFF",
             "DROP TRIGGER hidden;
                  PRAGMA writable_schema = ON;
                  DELETE FROM sqlite_schema WHERE name = 'hidden';
                  PRAGMA writable_schema = OFF"),
            // What an index answers need not be what its table says.
            ("CREATE INDEX stale ON policy_version (change_class, lang, renew_until)", "DROP INDEX stale"),
            ("ALTER TABLE consent_event ADD COLUMN kept TEXT GENERATED ALWAYS AS (nullif(type, 'withdrawn'))",
             "ALTER TABLE consent_event DROP COLUMN kept"),
        ],
        Database::Postgres => &[
            ("CREATE RULE lose AS ON INSERT TO suppression DO INSTEAD NOTHING", "DROP RULE lose ON suppression"),
            ("ALTER TABLE consent ENABLE ROW LEVEL SECURITY", "ALTER TABLE consent DISABLE ROW LEVEL SECURITY"),
            ("CREATE TRIGGER keep BEFORE INSERT ON consent_event FOR EACH ROW WHEN (NEW.type = 'withdrawn')
                  EXECUTE FUNCTION refuse_change()", "DROP TRIGGER keep ON consent_event"),
            ("CREATE TRIGGER claim BEFORE UPDATE ON consent FOR EACH ROW EXECUTE FUNCTION be_claimed('event_id')",
             "DROP TRIGGER claim ON consent"),
            // Its types fit better than those of the server's own, which comes first.
            ("CREATE FUNCTION array_position(name[], name) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT 1'",
             "DROP FUNCTION array_position(name[], name)"),
            ("DO $do$ BEGIN
                      CREATE FUNCTION never(varchar, varchar) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT false';
                      CREATE OPERATOR = (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = never);
                  END $do$", "DROP FUNCTION never CASCADE"),
            ("ALTER TABLE consent_event ADD COLUMN kept text GENERATED ALWAYS AS (nullif(type, 'withdrawn')) STORED",
             "ALTER TABLE consent_event DROP COLUMN kept"),
            ("DO $do$ BEGIN
                      CREATE DOMAIN class AS text;
                      ALTER TABLE policy_version ADD COLUMN kept class;
                  END $do$", "ALTER TABLE policy_version DROP COLUMN kept"),
            ("DO $do$ BEGIN
                      CREATE FUNCTION ours(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
                      ALTER TABLE consent ADD CONSTRAINT asks CHECK (ours(state));
                  END $do$", "DROP FUNCTION ours CASCADE"),
            ("DO $do$ BEGIN
                      CREATE FUNCTION ours(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1';
                      CREATE INDEX asks ON consent (ours(state));
                  END $do$", "DROP FUNCTION ours CASCADE"),
            ("DO $do$ BEGIN
                      CREATE FUNCTION compare(text, text) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT 1';
                      CREATE OPERATOR CLASS bad FOR TYPE text USING btree AS OPERATOR 1 <, OPERATOR 2 <=,
                          OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 compare(text, text);
                      CREATE INDEX asks ON policy_version (change_class bad);
                  END $do$", "DROP FUNCTION compare CASCADE"),
        ],
    };
    for (doing, undoing) in ways {
        app.tamper(doing).await.unwrap();
        let told = check(&app).await.findings;
        assert!(
            told.iter().any(|what| what.contains("is not of this program")),
            "{doing}: {told:?}"
        );
        let output = command(&app, &EXPORT);
        assert!(output.status.code() == Some(1) && output.stdout.is_empty(), "{doing}");
        app.tamper(undoing).await.unwrap();
        assert!(check(&app).await.is_sound());
    }
}

#[apply(both_databases!)]
async fn what_stands_in_the_place_of_a_table_is_told(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    let (view, words) = match database {
        Database::Sqlite => (
            "CREATE VIEW consent AS SELECT * FROM consent_ WHERE state <> 'withdrawn'",
            "the view consent is not of this program",
        ),
        Database::Postgres => (
            "CREATE VIEW consent AS SELECT * FROM consent_ WHERE state <> 'withdrawn'",
            "the relation consent is no table, which is not of this program",
        ),
    };
    app.tamper("ALTER TABLE consent RENAME TO consent_").await.unwrap();
    app.tamper(view).await.unwrap();
    told(&app, words).await;
    app.tamper("DROP VIEW consent").await.unwrap();
    app.tamper("ALTER TABLE consent_ RENAME TO consent").await.unwrap();
    // SQLite writes it down in other words than the migrations.
    let left = check(&app).await.findings;
    let renamed =
        |what: &String| database == Database::Sqlite && what.contains("is not of this program");
    assert!(left.iter().all(renamed), "{left:?}");
}

#[apply(both_databases!)]
async fn a_trigger_of_ours_that_is_gone_or_another_is_told(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    let ways: &[(&'static str, &str, &'static str)] = match database {
        Database::Sqlite => &[
            ("DROP TRIGGER audit_entry_is_claimed", MISSING,
             "CREATE TRIGGER audit_entry_is_claimed AFTER INSERT ON audit_entry
BEGIN INSERT INTO claim (claim_id) VALUES (NEW.audit_entry_id); END"),
        ],
        Database::Postgres => &[
            ("DROP TRIGGER audit_entry_is_claimed ON audit_entry", MISSING,
             "CREATE TRIGGER audit_entry_is_claimed AFTER INSERT ON audit_entry
                  FOR EACH ROW EXECUTE FUNCTION be_claimed('audit_entry_id')"),
            ("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_is_claimed", MISSING,
             "ALTER TABLE audit_entry ENABLE TRIGGER audit_entry_is_claimed"),
            // Under the name of ours that refuses, the text of ours that claims.
            ("DO $do$ BEGIN
                      CREATE SCHEMA evil;
                      EXECUTE (SELECT 'CREATE FUNCTION evil.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$'
                                   || prosrc || '$$' FROM pg_proc WHERE proname = 'be_claimed');
                      CREATE TRIGGER keep BEFORE UPDATE ON consent FOR EACH ROW
                      EXECUTE FUNCTION evil.refuse_change('event_id');
                  END $do$", "the trigger keep is not of this program", "DROP SCHEMA evil CASCADE"),
            ("CREATE TRIGGER keep AFTER INSERT ON suppression FOR EACH ROW
                  EXECUTE FUNCTION be_claimed('purpose')", "the trigger keep is not of this program",
             "DROP TRIGGER keep ON suppression"),
        ],
    };
    for (doing, words, undoing) in ways {
        app.tamper(doing).await.unwrap();
        told(&app, words).await;
        app.tamper(undoing).await.unwrap();
        let found = check(&app).await.findings;
        // What was written down meanwhile was not claimed.
        let other = found.iter().find(|what| what.contains("trigger"));
        assert_eq!(other, None, "{doing}");
    }
}

#[apply(both_databases!)]
async fn what_stands_before_a_table_in_the_search_path_is_told(database: Database) {
    if database == Database::Sqlite {
        return;
    }
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    app.tamper("CREATE SCHEMA evil").await.unwrap();
    app.tamper("CREATE VIEW evil._sqlx_migrations AS SELECT * FROM _sqlx_migrations")
        .await
        .unwrap();
    app.tamper("DO $$ BEGIN
                        EXECUTE format('ALTER DATABASE %I SET search_path = evil, public', current_database());
                    END $$").await.unwrap();
    // A command has a connection of its own, which begins with that.
    let output = command(&app, &["ledger", "verify"]);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(!output.status.success() && said.contains("does not exist"), "{said}");
    let output = command(&app, &EXPORT);
    assert!(!output.status.success() && output.stdout.is_empty());
}
