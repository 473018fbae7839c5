//! `GET /api/v1/exports/consented`.

use std::time::Duration;

use assent::domain::staff::member::Role;
use assent::store::ledger::verdicts::Verdict;
use assent_ledger::digest::sha256_hex;
use macro_rules_attribute::apply;
use serde_json::Value;

use crate::ledger::seal;
use crate::support::api::{Program, problem, refusal, refused};
use crate::support::app::{Database, POLICY, TestApp};
use crate::support::copies::{BEYOND_SOCKETS, add_subscribers};
use crate::support::desk::audit;
use crate::support::exported::Exported;
use crate::support::{both_databases, poll};

const WEEKLY: &str = "newsletter:weekly";
const PATH: &str = "/api/v1/exports/consented?purpose=newsletter%3Aweekly";

async fn two_subscribers(app: &TestApp) {
    app.subscribe("ada@b.example", "&name=Ada+Hughes&organisation=%3D1%2B1&newsletter=weekly")
        .await;
    app.subscribe("bob@b.example", "&newsletter=weekly").await;
}

#[apply(both_databases!)]
async fn a_program_takes_what_the_console_would_give(database: Database) {
    // More than go straight to a browser.
    let app =
        TestApp::start_tuned(database, &[], |core| core.flow_settings.streamed_most = 1).await;
    app.publish_samples().await;
    two_subscribers(&app).await;
    let program = Program::with(&app, &["exports"]).await;
    let head = program.send("HEAD", PATH).await;
    assert!(head.status == 200 && head.body.is_empty());
    assert_eq!(app.count("SELECT count(*) FROM export_run").await, 0, "nothing was taken");

    let answer = program.send("GET", PATH).await;
    assert_eq!((answer.status, answer.text()), (200, app.export(WEEKLY).await));
    assert_eq!(head.header("content-disposition"), answer.header("content-disposition"));
    assert!(answer.header("content-disposition").contains("newsletter-weekly-2026-11-23.csv"));
    let sql = "SELECT count(*) FROM export_run WHERE staff_id IS NULL AND actor LIKE 'token:%' AND state = 'done'";
    assert_eq!(app.count(sql).await, 1);
    let run = &audit(&app, "export").await[0];
    assert_eq!((&run["sha256"], &run["rows"]), (&sha256_hex(&answer.body).into(), &2.into()));
    assert_eq!(audit(&app, "export.begin").await[0]["run"], run["run"]);
    // It names itself up front, and says how it ended to whoever asks.
    let id = answer.header("x-export-id");
    assert_eq!(run["run"], id);
    let path = format!("/api/v1/exports/{id}");
    let ended = program.read(&path).await;
    assert_eq!((&ended["state"], &ended["rows"]), (&"done".into(), &2.into()), "{ended}");
    assert_eq!(
        (&ended["id"], &ended["sha256"]),
        (&id.into(), &sha256_hex(&answer.body).into()),
        "{ended}"
    );
    assert!(ended["reason"].is_null() && ended["ended_at"].is_string(), "{ended}");
    let other = Program::with(&app, &["subscribers", "erase"]).await;
    assert_eq!(other.send("GET", &path).await.status, 403);
    let none = format!("/api/v1/exports/{}", uuid::Uuid::nil());
    for path in [&*none, "/api/v1/exports/x", "/api/v1/exports/%00"] {
        assert_eq!(program.send("GET", path).await.status, 404, "{path}");
    }
    let sql =
        "SELECT count(*) FROM audit_entry WHERE action LIKE 'export%' AND actor LIKE 'token:%'";
    assert_eq!(app.count(sql).await, 2);
    let desk = app.sign_in(Role::Marketing).await;
    for path in [
        "/console/exports".to_owned(),
        format!("/console/exports/{}", run["run"].as_str().unwrap()),
    ] {
        let page = desk.page(&path).await;
        assert!(page.contains("Newsletter tool") && !page.contains("token:"), "{page}");
    }

    let narrowed = format!(
        "{PATH}&format=ndjson&report=sample&since=2026-11-23&until=2026-11-24&policy={POLICY}"
    );
    let rows = program.send("GET", &narrowed).await.text();
    assert_eq!(rows.lines().count(), 2);
    let row: Value = serde_json::from_str(rows.lines().next().unwrap()).unwrap();
    assert_eq!(row["email"], "ada@b.example");
    let preset = program.send("GET", &format!("{PATH}&preset=hubspot")).await;
    assert_eq!(Exported::read("csv", &preset.body).column("Company name"), ["'=1+1", ""]);
    let none = program.send("GET", &format!("{PATH}&format=ndjson&until=2026-11-22")).await;
    assert_eq!((none.status, none.body.len()), (200, 0));
}

#[apply(both_databases!)]
async fn one_that_is_broken_off_says_so(database: Database) {
    let app = TestApp::start(database).await;
    two_subscribers(&app).await;
    add_subscribers(&app, BEYOND_SOCKETS).await;
    let program = Program::with(&app, &["exports"]).await;
    let mut answer = program.request("GET", PATH).send().await.unwrap();
    assert!(answer.chunk().await.unwrap().is_some());
    let id = answer.headers()["x-export-id"].to_str().unwrap().to_owned();
    let path = format!("/api/v1/exports/{id}");
    let under_way = program.read(&path).await;
    assert_eq!((&under_way["state"], &under_way["sha256"]), (&"running".into(), &Value::Null));
    drop(answer);
    let broken = poll::within(Duration::from_secs(30), "it to be written down", || async {
        let told = program.read(&path).await;
        (told["state"] == "failed").then_some(told)
    })
    .await;
    assert!(
        usize::try_from(broken["rows"].as_i64().unwrap()).unwrap() < BEYOND_SOCKETS,
        "{broken}"
    );
    assert!(broken["sha256"].is_null() && broken["reason"].is_string(), "{broken}");
}

#[apply(both_databases!)]
async fn links_take_a_token_that_may_erase(database: Database) {
    let app = TestApp::start(database).await;
    two_subscribers(&app).await;
    let with_links = format!("{PATH}&links=yes&format=ndjson");
    let program = Program::with(&app, &["exports", "subscribers", "withdrawals"]).await;
    for path in [&with_links, &format!("{PATH}&links=%20yes"), &format!("{PATH}&links=&links=yes")]
    {
        assert_eq!(
            refusal(&program.send("GET", path).await),
            refused(403, "links", "scope"),
            "{path}"
        );
    }
    assert_eq!(audit(&app, "refused").await.len(), 3);
    assert_eq!(app.count("SELECT count(*) FROM export_run").await, 0);
    let rows =
        Program::with(&app, &["exports", "erase"]).await.send("GET", &with_links).await.text();
    assert!(
        rows.lines().count() == 2 && rows.contains(&format!("{}/unsubscribe/", app.base)),
        "{rows}"
    );
}

#[apply(both_databases!)]
async fn what_is_not_understood_is_named_by_its_field(database: Database) {
    let app = TestApp::start(database).await;
    two_subscribers(&app).await;
    let program = Program::with(&app, &["exports", "erase"]).await;
    let long = "x".repeat(10_000);
    for (query, field, code) in [
        ("", "purpose", "required"),
        ("purpose=", "purpose", "required"),
        (&*format!("purpose={long}"), "purpose", "unknown"),
        ("purpose=%00privacy-policy", "purpose", "not-once"),
        ("purpose=privacy-policy&purpose=newsletter%3Aweekly", "purpose", "not-once"),
        ("purpose=privacy-policy&report='%20OR%201=1", "report", "unknown"),
        ("purpose=privacy-policy&policy=1999", "policy", "unknown"),
        ("purpose=privacy-policy&since=yesterday", "since", "not-a-day"),
        ("purpose=privacy-policy&since=2026-12-01&until=2026-11-01", "until", "not-after"),
        ("purpose=privacy-policy&format=xlsx", "format", "unknown"),
        ("purpose=privacy-policy&preset=%3Cscript%3E", "preset", "unknown"),
        ("purpose=privacy-policy&links=maybe", "links", "unknown"),
        ("purpose=privacy-policy&sinse=2026-11-01", "query", "unknown-field"),
    ] {
        let answer = program.send("GET", &format!("/api/v1/exports/consented?{query}")).await;
        assert_eq!(refusal(&answer), refused(422, field, code), "{query}");
    }
    let many = program.send("GET", "/api/v1/exports/consented?format=pdf&since=x").await;
    let fields: Vec<String> = problem(&many).1.into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["purpose", "since", "format"]);
    assert_eq!(app.count("SELECT count(*) FROM export_run").await, 0);
}

#[apply(both_databases!)]
async fn nothing_is_given_while_the_ledger_is_wrong(database: Database) {
    let app = TestApp::start(database).await;
    two_subscribers(&app).await;
    let finding = Some("row 3: its body is not that of its leaf".to_owned());
    let verdict = Verdict { checked_at: app.clock.now(), size: 4, finding, warning: None };
    app.says_of_ledger(&verdict).await;
    let answer = Program::with(&app, &["exports"]).await.send("GET", PATH).await;
    assert_eq!(refusal(&answer), refused(409, "export", "ledger"));
    assert!(answer.text().contains("row 3"));
    assert_eq!(app.count("SELECT count(*) FROM export_run").await, 0);
}

#[apply(both_databases!)]
async fn nothing_is_given_while_the_database_is_behind(database: Database) {
    let app = TestApp::start(database).await;
    two_subscribers(&app).await;
    seal(&app).await;
    let (app, dump) = app.copied().await;
    app.subscribe("cyd@b.example", "&newsletter=weekly").await;
    seal(&app).await;
    let app = app.gone_back(&dump).await;
    let program = Program::with(&app, &["exports", "withdrawals"]).await;
    for (path, field) in [(PATH, "export"), ("/api/v1/withdrawals?after=-1", "after")] {
        let answer = program.send("GET", path).await;
        assert_eq!(refusal(&answer), refused(409, field, "ledger"));
        assert!(answer.text().contains("the database is behind"));
    }
    assert_eq!(app.count("SELECT count(*) FROM export_run").await, 0);
    // The console says so, and refuses too.
    let desk = app.sign_in(Role::Admin).await;
    let page = desk.page("/console").await;
    assert!(page.contains("The database is not the newest") && page.contains("database is behind"));
    let answer = desk.post("/console/exports", &format!("purpose={WEEKLY}&format=csv")).await;
    assert!(
        answer.status == 422 && answer.text().contains("database is behind"),
        "{}",
        answer.text()
    );
}

#[apply(both_databases!)]
async fn a_copy_comes_whole_compressed(database: Database) {
    let app = TestApp::start(database).await;
    two_subscribers(&app).await;
    let program = Program::with(&app, &["exports"]).await;
    let plain = program.send("GET", PATH).await;
    let packed = app.send(program.request("GET", PATH).header("accept-encoding", "gzip")).await;
    assert_eq!((packed.status, packed.header("content-encoding")), (200, "gzip"));
    // The last four bytes say how long it is unpacked (RFC 1952 §2.3.1).
    let length = packed.body.last_chunk().map(|last| u32::from_le_bytes(*last));
    assert_eq!(length, u32::try_from(plain.body.len()).ok());
    assert_eq!(audit(&app, "export").await.len(), 2);
}

#[apply(both_databases!)]
async fn a_program_waits_its_turn_and_one_that_goes_away_is_on_record(database: Database) {
    let app = TestApp::start(database).await;
    two_subscribers(&app).await;
    add_subscribers(&app, BEYOND_SOCKETS).await;
    let program = Program::with(&app, &["exports", "erase", "subscribers"]).await;
    let path = format!("{PATH}&links=yes");
    // Both take their first piece, and no more.
    let mut open = vec![];
    for _ in 0..2 {
        let mut answer = program.request("GET", &path).send().await.unwrap();
        assert!(answer.status() == 200 && answer.chunk().await.unwrap().is_some());
        open.push(answer);
    }
    assert_eq!(audit(&app, "export.begin").await.len(), 2, "before the first byte");
    let (busy, ()) = tokio::join!(program.send("GET", PATH), async {
        assert_eq!(
            program.read("/api/v1/subscribers").await["subscribers"].as_array().unwrap().len(),
            100
        );
    });
    assert_eq!(refusal(&busy), refused(503, "export", "busy"));
    assert!(busy.header("retry-after").parse::<u64>().unwrap() > 0);
    assert_eq!(audit(&app, "export.begin").await.len(), 2, "it was never begun");

    drop(open);
    let broken = poll::within(Duration::from_secs(30), "both to be written down", || async {
        Some(audit(&app, "export.broken").await).filter(|broken| broken.len() == 2)
    })
    .await;
    assert!(
        broken
            .iter()
            .all(|run| usize::try_from(run["rows"].as_i64().unwrap()).unwrap() < BEYOND_SOCKETS),
        "{broken:?}"
    );
    assert!(audit(&app, "export").await.is_empty(), "none was whole");
    assert_eq!(
        program.send("GET", &format!("{PATH}&format=ndjson&until=2026-11-22")).await.status,
        200
    );
}
