//! Contacts brought in from elsewhere: what comes in stands on its evidence, what does not is named by
//! its line.

use assent::store::consent::events;
use assent::store::staff::audit_entries;
use assent_ledger::digest::sha256_hex;
use assent_ledger::event_type::EventType;
use assent_ledger::leaf::LeafHead;
use macro_rules_attribute::apply;
use serde_json::Value;

use crate::support::app::{Database, POLICY};
use crate::support::both_databases;
use crate::support::operator::Desk;

pub(super) const WEEKLY: &str = "newsletter:weekly";
pub(super) const SOURCE: &str = "Old list, 2024";

impl Desk {
    /// Imports a file of these bytes; returns the exit code and what was said.
    pub(super) fn imports(&self, bytes: &[u8], more: &[&str]) -> (Option<i32>, String, String) {
        self.write("contacts.csv", bytes);
        let import =
            ["import", "contacts.csv", "--purpose", WEEKLY, "--policy", POLICY, "--source", SOURCE];
        let output = self.run(&[&import[..], more].concat());
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    /// The export of the newsletter, a row each.
    pub(super) fn exported(&self) -> Vec<Value> {
        let rows = self.does(&["export", "--purpose", WEEKLY, "--format", "ndjson"]);
        rows.lines().map(|row| serde_json::from_str(row).unwrap()).collect()
    }

    pub(super) async fn audited(&self, action: &str) -> Vec<Value> {
        let db = self.open().await;
        let entries = audit_entries::list(&mut db.read().await.unwrap(), action).await.unwrap();
        db.close().await;
        entries.into_iter().map(|entry| entry.detail.0).collect()
    }
}

#[apply(both_databases!)]
async fn what_comes_in_goes_out_with_its_evidence(database: Database) {
    let desk = Desk::with_newsletter(database).await;
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
    let body = assent_ledger::evidence::read(Some(text), context, words).unwrap().unwrap();
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
    let desk = Desk::with_newsletter(database).await;
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
    let desk = Desk::with_newsletter(database).await;
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
    let desk = Desk::with_newsletter(database).await;
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
