//! Contacts brought in from elsewhere: what comes in stands on its evidence, what does not is named by
//! its line, and nobody is brought back who left.

use std::path::PathBuf;
use std::process::Output;
use std::time::Duration;

use assent::app::Core;
use assent::domain::catalog::notice::{LANG, sha256_hex};
use assent::domain::catalog::purpose::Purpose;
use assent::domain::consent::event::EventType;
use assent::domain::contacts::imported_contact::{ContactCells, ImportedContact, ImportedWords};
use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::signup::form_state::Method;
use assent::domain::text::Line;
use assent::flows::consent::withdraw::{Leaving, withdraw};
use assent::flows::contacts::erase::erase;
use assent::flows::contacts::import_contacts::{
    Batch, Import, ImportRow, Refusal, Verdict, consider, import_contacts,
};
use assent::ledger::leaf::LeafHead;
use assent::random::Random;
use assent::store::Db;
use assent::store::consent::events;
use assent::store::contacts::subscribers;
use assent::store::policy::versions;
use assent::store::staff::audit_entries;
use macro_rules_attribute::apply;
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::app::{Database, POLICY, TestApp, open_db};
use crate::support::program::{run, run_well};
use crate::support::{both_databases, poll, postgres};

pub(crate) const WEEKLY: &str = "newsletter:weekly";
pub(crate) const SOURCE: &str = "Old list, 2024";

/// An operator's directory and database, with a policy and a newsletter.
pub(crate) struct Desk {
    dir: TempDir,
    database_url: String,
}

impl Desk {
    pub(crate) async fn new(database: Database) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let database_url = match database {
            Database::Sqlite => format!("sqlite:{}", dir.path().join("desk.db").display()),
            Database::Postgres => {
                let name = format!("import_{:x}", u64::from_be_bytes(Random::System.bytes()));
                postgres::server().create_database(&name, None).await;
                postgres::server().url(&name)
            }
        };
        let desk = Self { dir, database_url };
        desk.write("policy.md", b"# Privacy\n\nWe keep little.\n");
        desk.does(&["policy", "publish", "policy.md", "--version", POLICY]);
        desk.does(&["newsletter", "add", "weekly", "--name", "The weekly"]);
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        run(self.dir.path(), &[("ASSENT_DATABASE_URL", &self.database_url)], arguments)
    }

    pub(crate) fn does(&self, arguments: &[&str]) -> String {
        run_well(self.dir.path(), &[("ASSENT_DATABASE_URL", &self.database_url)], arguments)
    }

    /// Imports a file of these bytes; returns the exit code and what was said.
    pub(crate) fn imports(&self, bytes: &[u8], more: &[&str]) -> (Option<i32>, String, String) {
        self.write("contacts.csv", bytes);
        let import =
            ["import", "contacts.csv", "--purpose", WEEKLY, "--policy", POLICY, "--source", SOURCE];
        let output = self.run(&[&import[..], more].concat());
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    /// The export of the newsletter, a row each.
    pub(crate) fn exported(&self) -> Vec<Value> {
        let rows = self.does(&["export", "--purpose", WEEKLY, "--format", "ndjson"]);
        rows.lines().map(|row| serde_json::from_str(row).unwrap()).collect()
    }

    pub(crate) async fn open(&self) -> Db {
        open_db(&self.database_url).await
    }

    pub(crate) async fn audited(&self, action: &str) -> Vec<Value> {
        let db = self.open().await;
        let entries = audit_entries::list(&mut db.read().await.unwrap(), action).await.unwrap();
        db.close().await;
        entries.into_iter().map(|entry| entry.detail.0).collect()
    }
}

/// Rows for the flow: address and moment of consent.
fn rows(core: &Core, contacts: &[(&str, &str)]) -> Vec<ImportRow> {
    let row = |(email, consented_at): &(&str, &str)| {
        let cells = ContactCells {
            email,
            name: "From the file",
            consented_at,
            method: "ticked a box on paper",
            ..ContactCells::default()
        };
        let contact =
            ImportedContact::parse(&cells, core.clock.now(), &core.terms.timezone).unwrap();
        ImportRow { address_key: core.terms.address_secret.key(&contact.email), contact }
    };
    contacts.iter().map(row).collect()
}

/// Imports contacts in one batch, as the command does.
async fn bring_in(core: &Core, purpose: &str, contacts: &[(&str, &str)]) -> Vec<Verdict> {
    let rows = rows(core, contacts);
    let rows: Vec<&ImportRow> = rows.iter().collect();
    let purpose: Purpose = purpose.parse().unwrap();
    let source = Line::parse(SOURCE).unwrap().unwrap();
    let words = ImportedWords::unknown(&source);
    let policies = versions::list(&mut core.db.read().await.unwrap(), LANG).await.unwrap();
    let import = Import { purpose: &purpose, policy: &policies[0], source: &source, words: &words };
    loop {
        let mut tx = core.db.write().await.unwrap();
        let batch =
            import_contacts(&mut tx, &core.moment(), &core.terms, &import, &rows).await.unwrap();
        if let Batch::Done(verdicts) = batch {
            tx.commit().await.unwrap();
            return verdicts;
        }
    }
}

async fn subscriber_id(core: &Core, email: &str) -> Uuid {
    let key = rows(core, &[(email, "2020-01-01")]).remove(0).address_key;
    let mut tx = core.db.read().await.unwrap();
    subscribers::find_id(&mut tx, &key).await.unwrap().unwrap()
}

async fn leaves(app: &TestApp, email: &str, what: Leaving) {
    let id = subscriber_id(&app.core, email).await;
    let mut tx = app.write().await;
    let ended = withdraw(&mut tx, &app.core.moment(), &app.core.terms, id, &what, "/preferences")
        .await
        .unwrap();
    assert!(!ended.is_empty());
    tx.commit().await.unwrap();
}

fn suppressed(reason: SuppressionReason) -> Verdict {
    Verdict::Refused(Refusal::Suppressed(reason))
}

#[apply(both_databases!)]
async fn what_comes_in_goes_out_with_its_evidence(database: Database) {
    let desk = Desk::new(database).await;
    let file = "\u{feff}\"consented_at\",method,email,name,job_title\r\n\
        2024-02-29T23:59:59.123456+01:00,\"Paper form, \"\"yes\"\" ticked\",Ada@B.example,\"O'Neill, Ada\",=1+1\r\n\
        \r\n\
        2023-05-01, web form ,bob@b.example,,\r\n";
    let (code, said, errors) = desk.imports(file.as_bytes(), &[]);
    assert_eq!(said, "rows: 2, imported: 2, already agreed: 0, refused: 0\n", "{errors}");
    assert_eq!((code, errors.as_str()), (Some(0), ""));

    let out = desk.exported();
    assert_eq!(out.len(), 2);
    let (bob, ada) = (&out[0], &out[1]);
    assert_eq!(
        (&ada["email"], &ada["name"], &ada["job_title"]),
        (&"Ada@b.example".into(), &"O'Neill, Ada".into(), &"=1+1".into())
    );
    assert_eq!(
        (&bob["email"], &bob["name"], &bob["organisation"]),
        (&"bob@b.example".into(), &Value::Null, &Value::Null)
    );
    for (row, at) in [(ada, "2024-02-29T22:59:59.123456Z"), (bob, "2023-05-01T00:00:00.000000Z")] {
        assert_eq!((&row["requested_at"], &row["confirmed_at"]), (&at.into(), &at.into()));
        assert_eq!(
            (&row["source"], &row["policy_version"], &row["state"]),
            (&SOURCE.into(), &POLICY.into(), &"given".into())
        );
        assert_eq!((&row["purpose"], &row["report"]), (&WEEKLY.into(), &Value::Null));
    }
    let csv = desk.does(&["export", "--purpose", WEEKLY, "--format", "csv"]);
    assert!(csv.contains("\"O'Neill, Ada\",,'=1+1,"), "{csv}");

    let db = desk.open().await;
    let id = ada["subscriber_id"].as_str().unwrap().parse().unwrap();
    let events = events::list(&mut db.read().await.unwrap(), id).await.unwrap();
    db.close().await;
    assert_eq!((events.len(), events[0].event_type), (1, EventType::Given));
    let text = events[0].body.as_deref().unwrap();
    let salt: [u8; 32] = events[0].salt.as_deref().unwrap().try_into().unwrap();
    assert_eq!(LeafHead::of_event(EventType::Given).leaf(&salt, text), events[0].leaf);
    let (context, words) = (events[0].context.as_deref(), events[0].words.as_deref());
    let body =
        assent::domain::consent::evidence::read(Some(text), context, words).unwrap().unwrap();
    assert_eq!(
        (&body["method"], &body["evidence"]),
        (&"import".into(), &"Paper form, \"yes\" ticked".into())
    );
    assert_eq!(
        (&body["requested_at"], &body["source"], &body["event_id"]),
        (&ada["requested_at"], &SOURCE.into(), &ada["receipt_id"])
    );
    assert_eq!(
        (&body["email"], &body["policy"]["label"]),
        (&"Ada@b.example".into(), &POLICY.into())
    );
    assert!(body["at"].as_str() > body["requested_at"].as_str() && body["signup_id"].is_null());
    let words = body["notice"]["text"].as_str().unwrap();
    assert_eq!(
        words,
        format!("Consent given elsewhere and brought in with this evidence: {SOURCE}")
    );
    assert_eq!(ada["notice_sha256"], sha256_hex(words.as_bytes()));

    // Bodies, leaves and what is exported agree.
    desk.does(&["ledger", "verify"]);

    let audited = desk.audited("import").await;
    assert_eq!(audited.len(), 1);
    assert_eq!(
        (&audited[0]["sha256"], &audited[0]["imported"]),
        (&sha256_hex(file.as_bytes()).into(), &2.into())
    );
    assert_eq!(
        (&audited[0]["purpose"], &audited[0]["policy"], &audited[0]["source"]),
        (&WEEKLY.into(), &POLICY.into(), &SOURCE.into())
    );
    assert!(!audited[0].to_string().contains('@'));
    assert_eq!(desk.audited("import.start").await.len(), 1);
}

#[apply(both_databases!)]
async fn every_row_refused_is_named_by_its_line(database: Database) {
    let desk = Desk::new(database).await;
    let file: Vec<u8> = [
        &b"email,name,consented_at,method\n"[..],
        b"ada@b.example,\"=HYPERLINK(\"\"http://x\"\")\",2024-01-01,paper\n", // 2
        b"not-an-address,x,2024-01-01,paper\n",
        b"c@b.example,x,,paper\n",
        b"d@b.example,x,yesterday,paper\n", // 5
        b"e@b.example,x,2999-01-01,paper\n",
        b"f@b.example,x,2024-01-01,\n",
        b"g@b.example,\"two\nlines\",2024-01-01,paper\n", // 8 and 9
        b"h@b.example,x,2024-01-01\n",                    // 10
        b"\n   \n",
        b"i@b.example,x\0y,2024-01-01,paper\r\n", // 13
        b"j@b.example,x,2024-01-01,caf\xe9\n",
        b"ADA@b.example,x,2024-01-01,paper\n", // 15
        b"k@b.example,x,2024-01-01,paper,more\n",
        b"l@b.example,\"a \"\"quoted\"\" name\",2024-01-01,\"paper, signed\"", // 17, without an end
    ]
    .concat();
    let expected = [
        "line 3: `email`",
        "line 4: `consented_at` is blank",
        "line 5: `consented_at` is neither",
        "line 6: `consented_at` is in the future",
        "line 7: `method` is blank",
        "line 8: `name` holds a line break",
        "line 10: `method` is blank",
        "line 13: `name` holds",
        "line 14: `method` is not UTF-8",
        "line 15: the same address as on line 2",
        "line 16: has 5 cells",
        "rows: 13, imported: 2, already agreed: 0, refused: 11",
    ];
    let check = |(code, said, errors): (Option<i32>, String, String)| {
        assert!(code == Some(1) && errors.contains("11 of 13 rows were refused"), "{errors}");
        assert_eq!(said.lines().count(), expected.len(), "{said}");
        let said = said.replace("would be imported", "imported");
        for (line, words) in said.lines().zip(expected) {
            assert!(line.starts_with(words), "{line} is not {words}");
        }
        assert!(!said.contains('@') && !said.contains("not-an-address"), "{said}");
        said
    };
    let dry = check(desk.imports(&file, &["--dry-run"]));
    assert!(desk.exported().is_empty() && desk.audited("import").await.is_empty());
    let done = check(desk.imports(&file, &[]));
    assert_eq!(done, dry);
    let names: Vec<Value> = desk.exported().iter().map(|row| row["name"].clone()).collect();
    assert!(
        names.contains(&"=HYPERLINK(\"http://x\")".into())
            && names.contains(&"a \"quoted\" name".into()),
        "{names:?}"
    );
    assert_eq!(desk.audited("import").await[0]["refused"], 11);

    // With CRLF the lines are the same.
    let crlf =
        b"email,consented_at,method\r\n\r\nx,2024-01-01,\"a\r\nb\"\r\ny,2024-01-01,paper\r\n";
    let (code, said, errors) = desk.imports(crlf, &[]);
    assert!(said.starts_with("line 3: `email`") && said.contains("\nline 5: `email`"), "{said}");
    assert!(code == Some(1) && errors.contains("every row was refused"), "{errors}");
}

#[apply(both_databases!)]
async fn a_file_that_is_refused_brings_nobody_in(database: Database) {
    let desk = Desk::new(database).await;
    let header = "email,consented_at,method\n";
    let good = "ada@b.example,2024-01-01,paper\n";
    for (file, words) in [
        ("", "it is empty"),
        (header, "no contact below the header"),
        (good, "the first line is not a header"),
        ("email,consented_at\n", "--method"),
        ("PK\u{3}\u{4}", "save the sheet"),
        ("email,method\n", "lacks `consented_at`"),
        ("email,method,consented_at,email\n", "names `email` twice"),
    ] {
        let (code, said, errors) = desk.imports(file.as_bytes(), &[]);
        assert_eq!((code, said.as_str()), (Some(1), ""), "{errors}");
        assert!(errors.contains(words) && errors.trim().lines().count() == 1, "{errors}");
        assert!(errors.contains("contacts.csv") && !errors.contains('@'), "{errors}");
    }
    desk.write("contacts.csv", format!("{header}{good}").as_bytes());
    desk.write("empty.txt", b" \n");
    desk.write("long.txt", "a".repeat(5000).as_bytes());
    let import =
        |file: &'static str, purpose: &'static str, policy: &'static str, words: &'static str| {
            desk.run(&[
                "import",
                file,
                "--purpose",
                purpose,
                "--policy",
                policy,
                "--source",
                SOURCE,
                "--words",
                words,
            ])
        };
    for (output, words) in [
        (import("none.csv", WEEKLY, POLICY, "policy.md"), "none.csv"),
        (import(".", WEEKLY, POLICY, "policy.md"), "directory"),
        (import("contacts.csv", "newsletter:none", POLICY, "policy.md"), "assent newsletter list"),
        (import("contacts.csv", WEEKLY, "none", "policy.md"), "assent policy list"),
        (import("contacts.csv", WEEKLY, POLICY, "none.txt"), "none.txt"),
        (import("contacts.csv", WEEKLY, POLICY, "empty.txt"), "--words is empty"),
        (import("contacts.csv", WEEKLY, POLICY, "long.txt"), "4 KiB"),
    ] {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains(words), "{said}");
    }
    let blank = desk.run(&[
        "import",
        "contacts.csv",
        "--purpose",
        WEEKLY,
        "--policy",
        POLICY,
        "--source",
        " ",
    ]);
    assert_eq!(blank.status.code(), Some(2));
    assert!(desk.exported().is_empty());
    assert!(
        desk.audited("import").await.is_empty() && desk.audited("import.start").await.is_empty()
    );

    // The words of a file stand as they were written there.
    desk.write("words.txt", "\n Write to me,\n  now and then.\n\n".as_bytes());
    assert!(import("contacts.csv", WEEKLY, POLICY, "words.txt").status.success());
    assert_eq!(desk.exported()[0]["notice_sha256"], sha256_hex(b"Write to me,\n  now and then."));
}

#[apply(both_databases!)]
async fn a_second_run_goes_on_where_the_first_ended(database: Database) {
    let desk = Desk::new(database).await;
    let rows = |count: usize| {
        let row = |n| format!("r{n}@b.example,2024-01-01,paper\n");
        format!("email,consented_at,method\n{}", (0..count).map(row).collect::<String>())
    };
    // More than one batch, and not a whole number of them.
    assert_eq!(
        desk.imports(rows(1500).as_bytes(), &[]).1,
        "rows: 1500, imported: 1500, already agreed: 0, refused: 0\n"
    );
    assert_eq!(
        desk.imports(rows(2200).as_bytes(), &["--dry-run"]).1,
        "rows: 2200, would be imported: 700, already agreed: 1500, refused: 0\n"
    );
    assert_eq!(
        desk.imports(rows(2200).as_bytes(), &[]).1,
        "rows: 2200, imported: 700, already agreed: 1500, refused: 0\n"
    );
    let (code, said, _) = desk.imports(rows(2200).as_bytes(), &[]);
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "rows: 2200, imported: 0, already agreed: 2200, refused: 0\n")
    );
    assert_eq!(desk.exported().len(), 2200);

    // The same address twice, two batches apart.
    let twice = format!("{}R7@b.example,2024-01-01,paper\n", rows(2200));
    let (_, said, _) = desk.imports(twice.as_bytes(), &[]);
    assert!(said.starts_with("line 2202: the same address as on line 9\n"), "{said}");
}

#[apply(both_databases!)]
async fn suppression_wins_each_reason_in_its_scope(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "").await;
    for (insert, reason) in [
        (
            "INSERT INTO suppression (address_key, reason, purpose, since) SELECT address_key, 'bounced', '*', created_at FROM subscriber",
            Some(SuppressionReason::Bounced),
        ),
        (
            "INSERT INTO suppression (address_key, reason, purpose, since) SELECT address_key, 'complained', '*', created_at FROM subscriber",
            Some(SuppressionReason::Complained),
        ),
        (
            "INSERT INTO suppression (address_key, reason, purpose, since) SELECT address_key, 'manual', '*', created_at FROM subscriber",
            Some(SuppressionReason::Manual),
        ),
        (
            "INSERT INTO suppression (address_key, reason, purpose, since) SELECT address_key, 'erased', '*', created_at FROM subscriber",
            Some(SuppressionReason::Erased),
        ),
        (
            "INSERT INTO suppression (address_key, reason, purpose, since) SELECT address_key, 'unsubscribed', 'newsletter:weekly', created_at FROM subscriber",
            Some(SuppressionReason::Unsubscribed),
        ),
        // Nothing stands without the privacy policy.
        (
            "INSERT INTO suppression (address_key, reason, purpose, since) SELECT address_key, 'unsubscribed', 'privacy-policy', created_at FROM subscriber",
            Some(SuppressionReason::Unsubscribed),
        ),
        (
            "INSERT INTO suppression (address_key, reason, purpose, since) SELECT address_key, 'unsubscribed', 'newsletter:other', created_at FROM subscriber",
            None,
        ),
        (
            "INSERT INTO suppression (address_key, reason, purpose, since) SELECT address_key, 'not-me', '*', created_at FROM subscriber",
            None,
        ),
    ] {
        assert_eq!(app.tamper(insert).await.unwrap(), 1);
        let found = rows(&app.core, &[("ada@b.example", "2024-01-01")]);
        let verdict = consider(
            &mut app.read().await,
            &app.core.terms,
            &WEEKLY.parse().unwrap(),
            &[&found[0]],
        )
        .await
        .unwrap();
        let expected = reason.map_or(Verdict::Imported, suppressed);
        assert_eq!(verdict, [expected], "{insert}");
        if reason.is_some() {
            assert_eq!(
                bring_in(&app.core, WEEKLY, &[("ADA@b.example", "2024-01-01")]).await,
                [expected]
            );
            assert_eq!(app.tamper("DELETE FROM suppression").await.unwrap(), 1);
        }
    }
    // Neither is lifted by coming in.
    assert_eq!(
        bring_in(&app.core, WEEKLY, &[("ada@b.example", "2024-01-01")]).await,
        [Verdict::Imported]
    );
    assert_eq!(app.count("SELECT count(*) FROM suppression").await, 2);
    assert_eq!(app.exported(WEEKLY).await, ["ada@b.example"]);
}

#[apply(both_databases!)]
async fn who_left_is_not_brought_back(database: Database) {
    let app = TestApp::start(database).await;
    for email in ["ada@b.example", "bob@b.example", "cyd@b.example"] {
        app.subscribe(email, "&newsletter=weekly").await;
    }
    let left = app.clock.now();
    leaves(&app, "ada@b.example", Leaving::One(WEEKLY.parse().unwrap())).await;
    app.advance(Duration::from_hours(48));
    let unsubscribed = suppressed(SuppressionReason::Unsubscribed);
    assert_eq!(
        bring_in(&app.core, WEEKLY, &[("ada@b.example", "2024-01-01")]).await,
        [unsubscribed]
    );
    // The state alone says it too.
    app.tamper("DELETE FROM suppression").await.unwrap();
    for (consented_at, refusal) in [
        ("2026-11-23T08:59:00Z", Refusal::LeftAfter(left)),
        ("2026-11-24", Refusal::Withdrew(left)),
    ] {
        let verdicts = bring_in(
            &app.core,
            WEEKLY,
            &[("ada@b.example", consented_at), ("bob@b.example", consented_at)],
        )
        .await;
        assert_eq!(verdicts, [Verdict::Refused(refusal), Verdict::AlreadyAgreed]);
    }
    // Taken from the state too, it is known outside.
    app.tamper("UPDATE consent SET state = 'expired' WHERE state = 'withdrawn'").await.unwrap();
    assert_eq!(
        bring_in(&app.core, WEEKLY, &[("ada@b.example", "2026-11-24")]).await,
        [unsubscribed]
    );
    // What lapsed may be given again, later.
    let lapsed = "UPDATE consent SET state = 'expired' WHERE purpose = 'newsletter:weekly' AND subscriber_id =
                          (SELECT subscriber_id FROM subscriber WHERE email = 'cyd@b.example')";
    assert_eq!(app.tamper(lapsed).await.unwrap(), 1);
    let early = bring_in(&app.core, WEEKLY, &[("cyd@b.example", "2026-11-23")]).await;
    assert!(matches!(early[..], [Verdict::Refused(Refusal::LeftAfter(_))]), "{early:?}");
    assert_eq!(app.count("SELECT count(*) FROM consent_event WHERE type = 'given'").await, 6);
    let late = bring_in(&app.core, WEEKLY, &[("cyd@b.example", "2026-11-24")]).await;
    assert_eq!(late, [Verdict::Imported]);
    assert_eq!(app.count("SELECT count(*) FROM consent_event WHERE type = 'given'").await, 7);
}

#[apply(both_databases!)]
async fn who_was_erased_stays_out_though_the_database_forgot_it(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    let key = rows(&app.core, &[("ada@b.example", "2024-01-01")]).remove(0).address_key;
    let mut tx = app.write().await;
    let by = (Method::Staff, "test");
    assert!(erase(&mut tx, &app.core.moment(), &app.core.terms, &key, by).await.unwrap());
    tx.commit().await.unwrap();
    app.advance(Duration::from_hours(48));
    assert_eq!(app.tamper("DELETE FROM suppression").await.unwrap(), 1);
    let contacts = [("ada@b.example", "2026-11-24"), ("bob@b.example", "2026-11-24")];
    let verdicts = bring_in(&app.core, WEEKLY, &contacts).await;
    assert_eq!(verdicts, [suppressed(SuppressionReason::Erased), Verdict::Imported]);
    assert_eq!(app.exported(WEEKLY).await, ["bob@b.example"]);
    // Who comes back by themselves lifts nothing that is not there; by then they agreed.
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    assert_eq!(bring_in(&app.core, WEEKLY, &contacts).await, [Verdict::AlreadyAgreed; 2]);
}

#[apply(both_databases!)]
async fn what_people_said_of_themselves_wins_over_a_file(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "&name=Ada").await;
    app.subscribe("bob@b.example", "").await;
    app.advance(Duration::from_hours(24));
    let both = [
        ("ADA@b.example", "2024-01-01"),
        ("bob@b.example", "2024-01-01"),
        ("new@b.example", "2024-01-01"),
    ];
    assert_eq!(bring_in(&app.core, WEEKLY, &both).await, [Verdict::Imported; 3]);
    for (email, kept, name, events) in [
        ("ada@b.example", "ada@b.example", "Ada", 2),
        ("bob@b.example", "bob@b.example", "From the file", 2),
        ("new@b.example", "new@b.example", "From the file", 1),
    ] {
        let id = subscriber_id(&app.core, email).await;
        let person = subscribers::find(&mut app.read().await, id).await.unwrap().unwrap();
        assert_eq!((person.email.as_str(), person.name.as_deref()), (kept, Some(name)));
        assert_eq!(person.verified_at == app.clock.now(), email == "new@b.example");
        assert_eq!(events::list(&mut app.read().await, id).await.unwrap().len(), events);
    }
    // Who already agreed is left alone, blanks and all.
    app.tamper("UPDATE subscriber SET name = NULL").await.unwrap();
    assert_eq!(bring_in(&app.core, WEEKLY, &both).await, [Verdict::AlreadyAgreed; 3]);
    assert_eq!(app.count("SELECT count(*) FROM subscriber WHERE name IS NULL").await, 3);
    assert_eq!(
        app.count("SELECT count(*) FROM consent_event WHERE subscriber_id IS NOT NULL").await,
        5
    );
}

#[apply(both_databases!)]
async fn an_import_and_a_press_at_once_agree(database: Database) {
    let app = TestApp::start(database).await;
    let emails: Vec<String> = (0..8).map(|n| format!("r{n}@b.example")).collect();
    let mut links = Vec::new();
    for email in &emails {
        links.push(app.ask_and_read(email, "&newsletter=weekly").await.link("/confirm/"));
    }
    let contacts: Vec<(&str, &str)> =
        emails.iter().map(|email| (email.as_str(), "2024-01-01")).collect();
    let presses = futures_util::future::join_all(links.iter().map(|link| app.post(link, "")));
    let one_by_one = async {
        let mut verdicts = Vec::new();
        for contact in contacts.iter().rev() {
            verdicts.append(&mut bring_in(&app.core, WEEKLY, &[*contact]).await);
        }
        verdicts
    };
    let (answers, verdicts) = tokio::join!(presses, one_by_one);
    assert!(answers.iter().all(|answer| answer.status == 303));
    assert!(
        verdicts
            .iter()
            .all(|verdict| matches!(verdict, Verdict::Imported | Verdict::AlreadyAgreed)),
        "{verdicts:?}"
    );
    let imported =
        i64::try_from(verdicts.iter().filter(|v| **v == Verdict::Imported).count()).unwrap();
    // Consent begins once: whoever came second renewed it, or found it in force.
    assert_eq!(app.count("SELECT count(*) FROM subscriber").await, 8);
    assert_eq!(app.count("SELECT count(*) FROM consent_event WHERE type = 'given' AND purpose = 'newsletter:weekly'").await, 8);
    assert_eq!(
        app.count("SELECT count(*) FROM consent_event WHERE type = 'renewed'").await,
        imported
    );
    assert_eq!(app.count(
        "SELECT count(*) FROM consent c JOIN consent_event e ON e.event_id = c.event_id
             WHERE c.purpose = 'newsletter:weekly' AND c.state = e.type AND NOT EXISTS (
                 SELECT 1 FROM consent_event l WHERE l.subject_id = e.subject_id AND l.purpose = e.purpose
                   AND l.seq > e.seq)"
    ).await, 8);
    assert_eq!(app.exported(WEEKLY).await.len(), 8);
}

#[apply(both_databases!)]
async fn who_is_erased_meanwhile_stays_erased(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "").await;
    let key = rows(&app.core, &[("ada@b.example", "2024-01-01")]).remove(0).address_key;
    let mut erasing = app.write().await;
    let by = (Method::Staff, "test");
    assert!(erase(&mut erasing, &app.core.moment(), &app.core.terms, &key, by).await.unwrap());
    let core = app.core.clone();
    let import = tokio::spawn(async move {
        bring_in(&core, WEEKLY, &[("ada@b.example", "2024-01-01"), ("bob@b.example", "2024-01-01")])
            .await
    });
    if database == Database::Postgres {
        // It has looked, and waits for the row that is about to go.
        poll::until("the import to wait", || async {
            let waiting = "SELECT count(*) FROM pg_stat_activity
                               WHERE datname = current_database() AND wait_event_type = 'Lock'";
            (app.count(waiting).await > 0).then_some(())
        })
        .await;
    }
    erasing.commit().await.unwrap();
    assert_eq!(import.await.unwrap(), [suppressed(SuppressionReason::Erased), Verdict::Imported]);
    assert_eq!(app.count("SELECT count(*) FROM subscriber").await, 1);
    assert_eq!(app.exported(WEEKLY).await, ["bob@b.example"]);
}
