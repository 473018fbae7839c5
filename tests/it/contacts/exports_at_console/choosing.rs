//! What is chosen is counted and shown, and then taken, by whoever may.

use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::staff::member::Role;
use assent_ledger::digest::sha256_hex;
use macro_rules_attribute::apply;
use serde_json::Value;

use super::{
    CHOSEN, DOWNLOAD, TICKED, WEEKLY, begin, is_attachment, page_with, two_subscribers,
    with_too_many,
};
use crate::support::app::{Database, POLICY, TestApp};
use crate::support::both_databases;
use crate::support::desk::audit;
use crate::support::exported::Exported;

#[apply(both_databases!)]
async fn what_is_chosen_is_counted_and_shown_and_then_taken(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let page = desk.page("/console/exports").await;
    assert!(page.contains("No exports yet") && page.contains("The weekly"));
    two_subscribers(&app).await;
    app.subscribe("sue@b.example", TICKED).await;
    app.suppress("sue@b.example", SuppressionReason::Complained).await;
    let page = desk.page(&format!("/console/exports?{CHOSEN}")).await;
    assert!(
        page.contains("<h2>2 contacts</h2>")
            && page.contains("ada@b.example")
            && !page.contains("sue@")
    );
    assert!(page.contains("These people asked for this newsletter"));
    assert!(
        desk.page("/console/exports?purpose=privacy-policy").await.contains("no leave to write")
    );
    assert_eq!(audit(&app, "export.begin").await.len(), 0, "nothing was taken yet");

    let answer = desk.get(&format!("{DOWNLOAD}&format=csv")).await;
    assert_eq!(answer.status, 200);
    assert!(is_attachment(&answer, "csv"), "{:?}", answer.headers);
    assert_eq!(answer.text(), app.export(WEEKLY).await, "the same as any other export");
    let csv = Exported::read("csv", &answer.body);
    assert_eq!(csv.column("organisation"), ["'=1+1", ""]);
    let run = &audit(&app, "export").await[0];
    assert_eq!((&run["sha256"], &run["rows"]), (&sha256_hex(&answer.body).into(), &2.into()));
    assert_eq!(audit(&app, "export.begin").await[0]["run"], run["run"]);

    let page = desk.page("/console/exports").await;
    assert!(
        page.contains("marketing@sample.example") && page.contains(&sha256_hex(&answer.body)[..12])
    );
    let page = desk.page(&format!("/console/exports/{}", run["run"].as_str().unwrap())).await;
    assert!(
        page.contains(&sha256_hex(&answer.body)) && page.contains("Nobody has withdrawn since")
    );
}

#[apply(both_databases!)]
async fn every_format_comes_whole(database: Database) {
    let app = TestApp::start(database).await;
    two_subscribers(&app).await;
    let marketing = app.sign_in(Role::Marketing).await;
    assert!(!marketing.page("/console/exports").await.contains("name=\"links\""));
    let refused = marketing.get(&format!("{DOWNLOAD}&links=yes")).await;
    assert!(refused.status == 422 && refused.text().contains("Ask an admin for this file"));
    assert_eq!(
        marketing.post("/console/exports", &format!("{CHOSEN}&links=yes")).await.status,
        422
    );
    let desk = app.sign_in(Role::Admin).await;
    let answer = desk.get(&format!("{DOWNLOAD}&format=xlsx&preset=hubspot&links=yes")).await;
    let sheet = Exported::read("xlsx", &answer.body);
    assert!(
        is_attachment(&answer, "xlsx")
            && sheet.strings
            && sheet.column("Company name") == ["=1+1", ""]
    );
    assert!(sheet.column("Consent unsubscribe URL").iter().all(|url| url.starts_with(&app.base)));
    let answer = desk.get(&format!("{DOWNLOAD}&format=ndjson&report=sample&since=2026-11-23&until=2026-11-24&policy={POLICY}")).await;
    assert!(is_attachment(&answer, "ndjson") && answer.text().lines().count() == 2);
    assert!(answer.header("content-disposition").contains("weekly-sample-2026"));
    let answer = desk.get(&format!("{DOWNLOAD}&format=ndjson&until=2026-11-22")).await;
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b""[..]));
    let rows: Vec<Value> =
        audit(&app, "export").await.iter().map(|run| run["rows"].clone()).collect();
    assert_eq!(rows, [2, 2, 0]);
}

#[apply(both_databases!)]
async fn what_is_not_understood_is_refused_with_words(database: Database) {
    let app = TestApp::start(database).await;
    two_subscribers(&app).await;
    let desk = app.sign_in(Role::Marketing).await;
    let long = "x".repeat(10_000);
    for (query, words) in [
        ("", "Choose a purpose from the list"),
        ("purpose=", "Choose a purpose from the list"),
        ("purpose=newsletter%3Anone", "Choose a purpose from the list"),
        (&format!("purpose={long}"), "Choose a purpose from the list"),
        ("purpose=%00privacy-policy", "once, in plain characters"),
        ("purpose=privacy-policy&purpose=newsletter%3Aweekly", "once, in plain characters"),
        ("purpose=privacy-policy&report=none", "no report of that name"),
        ("purpose=privacy-policy&report='%20OR%201=1", "no report of that name"),
        ("purpose=privacy-policy&policy=1999", "no policy version"),
        ("purpose=privacy-policy&since=yesterday", "Write a day such as"),
        ("purpose=privacy-policy&since=2026-12-01&until=2026-11-01", "not before the beginning"),
        ("purpose=privacy-policy&format=pdf", "Choose CSV"),
        ("purpose=privacy-policy&preset=%3Cscript%3E", "Choose a tool"),
        ("purpose=privacy-policy&links=maybe", "Tick the box"),
    ] {
        for path in ["/console/exports/consented", "/console/exports"] {
            if query.is_empty() && path == "/console/exports" {
                continue;
            }
            let answer = desk.get(&format!("{path}?{query}")).await;
            let page = answer.text();
            assert_eq!(answer.status, 422, "{query}");
            assert!(
                page.contains("<title>Error: ")
                    && page.contains(words)
                    && !page.contains("<script>"),
                "{query}"
            );
        }
        let posted = desk.post("/console/exports", query).await;
        assert_eq!(posted.status, 422, "{query}");
    }
    assert_eq!(app.count("SELECT count(*) FROM export_run").await, 0);
    for path in ["/console/exports/none", "/console/exports/0198a0d1-c9a8-7b3c-8d4e-5f60718293a4"] {
        for more in ["", "/file", "/withdrawn"] {
            assert_eq!(desk.get(&format!("{path}{more}")).await.status, 404, "{path}{more}");
        }
    }
}

#[apply(both_databases!)]
async fn a_look_at_the_head_exports_nothing(database: Database) {
    let app = TestApp::start(database).await;
    two_subscribers(&app).await;
    let desk = app.sign_in(Role::Marketing).await;
    let answer = app.send(desk.request("HEAD", DOWNLOAD)).await;
    assert!(answer.status == 200 && is_attachment(&answer, "csv") && answer.body.is_empty());
    assert_eq!(app.count("SELECT count(*) FROM export_run").await, 0);
    assert_eq!(app.count("SELECT count(*) FROM audit_entry WHERE action LIKE 'export%'").await, 0);
}

#[apply(both_databases!)]
async fn a_viewer_takes_nothing_away(database: Database) {
    let app = TestApp::start(database).await;
    two_subscribers(&app).await;
    let desk = app.sign_in(Role::Viewer).await;
    for path in ["/console/exports", DOWNLOAD] {
        let answer = desk.get(path).await;
        assert!(answer.status == 403 && !answer.text().contains("ada@"), "{path}");
    }
    assert_eq!(desk.post("/console/exports", CHOSEN).await.status, 403);
    assert_eq!(app.count("SELECT count(*) FROM export_run").await, 0);
}

#[apply(both_databases!)]
async fn nothing_is_exported_while_the_ledger_is_wrong(database: Database) {
    let app = TestApp::start(database).await;
    two_subscribers(&app).await;
    let desk = app.sign_in(Role::Marketing).await;
    let verdict = assent::store::ledger::verdicts::Verdict {
        checked_at: app.clock.now(),
        size: 4,
        finding: Some("row 3: its body is not that of its leaf".to_owned()),
        warning: None,
    };
    app.says_of_ledger(&verdict).await;
    let answer = desk.get(DOWNLOAD).await;
    assert!(
        answer.status == 422 && answer.text().contains("row 3") && !answer.text().contains("=1+1")
    );
    assert_eq!(desk.post("/console/exports", CHOSEN).await.status, 422);
    assert_eq!(app.count("SELECT count(*) FROM export_run").await, 0);
}

#[apply(both_databases!)]
async fn every_file_comes_whole_where_a_browser_takes_it_compressed(database: Database) {
    let app = with_too_many(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let job = begin(&desk, CHOSEN).await;
    page_with(&desk, &job, "Download the file").await;
    let one = "/console/exports/consented?purpose=newsletter%3Aweekly&since=2199-01-01&format=";
    let paths = [format!("{one}csv"), format!("{job}/file"), format!("{job}/withdrawn")];
    for path in paths {
        let plain = desk.get(&path).await;
        let packed = app.send(desk.request("GET", &path).header("accept-encoding", "gzip")).await;
        assert_eq!((packed.status, packed.header("content-encoding")), (200, "gzip"), "{path}");
        // The last four bytes say how long it is unpacked (RFC 1952 §2.3.1).
        let length = packed.body.last_chunk().map(|last| u32::from_le_bytes(*last));
        assert_eq!(length, u32::try_from(plain.body.len()).ok(), "{path}");
    }
}
