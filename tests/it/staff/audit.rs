//! The audit as staff read it, narrow it and take it away.

use std::collections::BTreeSet;
use std::time::Duration;

use assent::domain::staff::action::Action;
use assent::domain::staff::member::Role;
use assent::store::staff::audit_entries;
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::desk::{TestDesk, pager};

async fn write(app: &TestApp, actor: &str, action: Action, detail: &Value) {
    app.advance(Duration::from_millis(1));
    let mut tx = app.write().await;
    audit_entries::append(&mut tx, &app.core.moment(), actor, action.with(detail)).await.unwrap();
    tx.commit().await.unwrap();
}

/// What the rows of the table say was done, newest first.
fn actions(page: &str) -> Vec<String> {
    let rows = page.split("<br><span class=\"meta\">").skip(1);
    rows.map(|after| after.split('<').next().unwrap_or_default().to_owned()).collect()
}

async fn records(desk: &TestDesk<'_>, fields: &str) -> Vec<csv::StringRecord> {
    let answer = desk.post("/console/audit/export", &format!("{fields}&format=csv")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/csv; charset=utf-8"));
    assert!(answer.header("content-disposition").contains("audit.csv"));
    let text = answer.text();
    let text = text.strip_prefix('\u{feff}').expect("a byte-order mark");
    csv::Reader::from_reader(text.as_bytes()).records().map(|record| record.unwrap()).collect()
}

#[apply(both_databases!)]
async fn entries_say_who_did_what(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Viewer).await;
    let actor = format!("staff:{}", desk.staff_id);
    write(&app, &actor, Action::ReportPublish, &json!({"slug": "second"})).await;
    write(
        &app,
        "staff:00000000-0000-0000-0000-000000000000",
        Action::StaffRole,
        &json!({"before": {"role": "viewer"}, "after": {"role": "admin"}}),
    )
    .await;
    write(
        &app,
        "command line",
        Action::ReportAdd,
        &json!({"slug": "third", "title": "<script>alert(1)</script>", "fields": ["a", "b"]}),
    )
    .await;
    let page = desk.page("/console/audit").await;
    for told in [
        "viewer@sample.example",
        "published the report second",
        "An account that is gone",
        "<del><span class=\"vh\">before </span>viewer</del>",
        "<ins><span class=\"vh\">after </span>admin</ins>",
        "command line",
        "added the report third",
        "&lt;script&gt;alert(1)",
        "a, b",
    ] {
        assert!(page.contains(told), "{told}");
    }
    assert!(!page.contains("<script>alert"), "titles are text");
    assert_eq!(actions(&page)[..3], ["report.add", "staff.role", "report.publish"], "newest first");
    assert!(!page.contains("/console/audit/export"), "a viewer takes nothing away");
    // What is refused is written down and told as well.
    assert_eq!(desk.post("/console/audit/export", "format=csv").await.status, 403);
    assert!(desk.page("/console/audit").await.contains("was refused"));
}

#[apply(both_databases!)]
async fn the_audit_is_narrowed_and_read_page_by_page(database: Database) {
    let app = TestApp::start(database).await;
    for n in 0..60 {
        write(&app, "command line", Action::ReportAdd, &json!({"slug": format!("r{n}")})).await;
    }
    app.advance(Duration::from_hours(24));
    for n in 0..60 {
        write(&app, "program", Action::ReportEdit, &json!({"slug": format!("r{n}")})).await;
    }
    app.advance(Duration::from_hours(24));
    let desk = app.sign_in(Role::Viewer).await;
    let all = app.count("SELECT count(*) FROM audit_entry").await;
    let (mut path, mut seen, mut count) = ("/console/audit".to_owned(), BTreeSet::new(), 0);
    loop {
        let page = desk.page(&path).await;
        count += i64::try_from(actions(&page).len()).unwrap();
        seen.insert(path.clone());
        match pager(&page, "next") {
            Some(older) => path = older,
            None => break,
        }
    }
    assert_eq!((count, seen.len()), (all, 3));
    for (query, rows) in [
        ("?actor=program", 50),
        ("?actor=program&action=report.add", 0),
        ("?action=report.edit&since=2026-11-24&until=2026-11-24", 50),
        ("?action=report.edit&until=2026-11-23", 0),
        ("?action=report.edit&since=2026-11-25", 0),
        ("?since=2026-11-24", 50),
    ] {
        assert_eq!(
            actions(&desk.page(&format!("/console/audit{query}")).await).len(),
            rows,
            "{query}"
        );
    }
    // The next page keeps the filters.
    let page = desk.page("/console/audit?actor=program&since=2026-11-24").await;
    let rest = desk.page(&pager(&page, "next").unwrap()).await;
    assert_eq!(actions(&rest), vec!["report.edit"; 10]);
    assert!(
        page.contains("<option value=\"program\" selected>")
            && page.contains("value=\"2026-11-24\"")
    );
    assert!(desk.page("/console/audit?actor=nobody").await.contains("No such entry"));
}

#[apply(both_databases!)]
async fn hostile_filters_are_told_or_narrow_to_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    for query in [
        "?since=yesterday",
        "?until=2026-13-40",
        "?since=2026-11-25&until=2026-11-24",
        "?since=%FF",
        "?actor=%3Cscript%3E&actor=b",
        &format!("?action={}", "x".repeat(5000)),
    ] {
        let answer = desk.get(&format!("/console/audit{query}")).await;
        assert_eq!(answer.status, 422, "{query}");
        assert!(answer.text().contains("<title>Error: ") && !answer.text().contains("<script>"));
    }
    for query in ["?before=x", "?before=%27--", "?action=never.heard-of", "?until=9999-12-31"] {
        let page = desk.page(&format!("/console/audit{query}")).await;
        assert!(!page.contains("<script>"), "{query}");
    }
    for fields in ["", "format=xlsx", "format=csv&since=nonsense", "format="] {
        assert_eq!(desk.post("/console/audit/export", fields).await.status, 422, "{fields}");
    }
    assert_eq!(
        app.count("SELECT count(*) FROM audit_entry WHERE action = 'audit.export'").await,
        0
    );
}

#[apply(both_databases!)]
async fn the_audit_is_taken_away_whole_and_that_is_an_entry(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    // More than are read at once.
    let mut tx = app.write().await;
    for n in 0..1100 {
        app.advance(Duration::from_millis(1));
        let detail = json!({"slug": format!("r{n}")});
        audit_entries::append(&mut tx, &app.core.moment(), "=1+1", Action::ReportAdd.with(&detail))
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let before = app.count("SELECT count(*) FROM audit_entry").await;
    let all = records(&desk, "").await;
    assert_eq!(i64::try_from(all.len()).unwrap(), before + 1, "its own entry is the first");
    assert_eq!((&all[0][3], &all[0][4]), ("marketing@sample.example", "audit.export"));
    let ids: BTreeSet<&str> = all.iter().map(|record| &record[0]).collect();
    assert_eq!(ids.len(), all.len(), "each once");
    assert!(all.is_sorted_by(|one, other| one[0] > other[0]), "newest first");
    assert_eq!(
        (&all[1][2], &all[1][4], &all[1][5]),
        ("'=1+1", "report.add", r#"{"slug":"r1099"}"#)
    );

    let some = records(&desk, "action=report.publish&since=2026-11-23").await;
    assert_eq!((some.len(), &some[0][4]), (1, "report.publish"));
    let none = records(&desk, "actor=nobody").await;
    assert!(none.is_empty());

    let answer = desk.post("/console/audit/export", "format=ndjson&action=audit.export").await;
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    let lines: Vec<Value> =
        answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0]["detail"]["format"], "ndjson");
    assert_eq!(lines[0]["detail"]["action"], "audit.export");
    assert_eq!(lines[2]["detail"]["since"], "2026-11-23T00:00:00.000000Z");
    assert_eq!(lines[0]["actor"], format!("staff:{}", desk.staff_id));
}
