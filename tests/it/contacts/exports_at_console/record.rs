//! What is on record of an export: who left since, and whether it came whole.

use std::time::Duration;

use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::staff::member::Role;
use assent::worker::tasks::forget_exports::forget_exports;
use macro_rules_attribute::apply;
use serde_json::Value;

use super::{DOWNLOAD, TICKED, WEEKLY, two_subscribers};
use crate::support::app::{Database, TestApp};
use crate::support::copies::{BEYOND_SOCKETS, add_subscribers};
use crate::support::desk::audit;
use crate::support::exported::Exported;
use crate::support::{both_databases, poll};

#[apply(both_databases!)]
async fn who_withdraws_is_named_for_each_copy(database: Database) {
    let app = TestApp::start(database).await;
    two_subscribers(&app).await;
    let desk = app.sign_in(Role::Marketing).await;
    assert_eq!(desk.get(DOWNLOAD).await.status, 200);
    let run = audit(&app, "export").await[0]["run"].as_str().unwrap().to_owned();
    let path = format!("/console/exports/{run}");
    // Came and left after it: was never in it.
    app.advance(Duration::from_secs(1));
    app.subscribe("eve@b.example", TICKED).await;
    for email in ["eve@b.example", "ada@b.example"] {
        let link = app.mail_to(email)[1].link("/unsubscribe/");
        assert_eq!(app.post(&link, "").await.status, 200);
    }
    assert!(desk.page(&path).await.contains("1 person may not be written to any more"));
    let answer = desk.get(&format!("{path}/withdrawn?format=csv")).await;
    let gone = Exported::read("csv", &answer.body);
    assert_eq!(
        (gone.column("email"), gone.column("event")),
        (vec!["ada@b.example"], vec!["withdrawn"])
    );
    let erase = app.mail_to("bob@b.example")[1].link("/preferences/");
    assert_eq!(app.post(&format!("{erase}/erase"), "confirm=yes").await.status, 200);
    let answer = desk.get(&format!("{path}/withdrawn?format=ndjson")).await;
    let rows: Vec<Value> =
        answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows[1]["email"].is_null() && rows[1]["event"] == "erased");
    assert_eq!(desk.get(&format!("{path}/withdrawn?format=xlsx")).await.status, 404);
    let told: Vec<Value> =
        audit(&app, "export.withdrawn").await.iter().map(|entry| entry["rows"].clone()).collect();
    assert_eq!(told, [1, 2]);
    // Whose address may not be written to any more is named as well, and only in the copy they are in.
    app.subscribe("cyd@b.example", TICKED).await;
    app.advance(Duration::from_secs(1));
    let core = &app.core;
    assent::sealing::seal_all(&core.db, &core.flow_settings, &app.clock, &core.random)
        .await
        .unwrap();
    assert_eq!(desk.get(DOWNLOAD).await.status, 200);
    let later = audit(&app, "export").await.pop().unwrap()["run"].as_str().unwrap().to_owned();
    for reason in [SuppressionReason::Manual, SuppressionReason::Bounced] {
        app.suppress("cyd@b.example", reason).await;
    }
    assert!(!desk.page(&path).await.contains("cyd@b.example"));
    let path = format!("/console/exports/{later}");
    let page = desk.page(&path).await;
    assert!(
        page.contains("1 person may not be written to any more") && page.contains("cyd@b.example"),
        "{page}"
    );
    let answer = desk.get(&format!("{path}/withdrawn?format=ndjson")).await;
    let stopped: Value = serde_json::from_str(answer.text().trim()).unwrap();
    assert_eq!(
        (&stopped["email"], &stopped["event"]),
        (&"cyd@b.example".into(), &"bounced".into())
    );
    // And who left is in no later one.
    assert_eq!(desk.get(&format!("{DOWNLOAD}&format=ndjson")).await.text(), "");
}

#[apply(both_databases!)]
async fn a_download_that_is_broken_off_is_on_record_as_that(database: Database) {
    let app = TestApp::start(database).await;
    two_subscribers(&app).await;
    add_subscribers(&app, BEYOND_SOCKETS).await;
    let desk = app.sign_in(Role::Admin).await;
    let mut answer = desk.request("GET", &format!("{DOWNLOAD}&links=yes")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.chunk().await.unwrap().is_some());
    assert_eq!(audit(&app, "export.begin").await.len(), 1, "before the first byte");
    drop(answer);
    let broken = poll::within(Duration::from_secs(30), "it to be written down", || async {
        audit(&app, "export.broken").await.pop()
    })
    .await;
    assert!(
        usize::try_from(broken["rows"].as_i64().unwrap()).unwrap() < BEYOND_SOCKETS,
        "{broken}"
    );
    assert!(audit(&app, "export").await.is_empty(), "it was never whole");
    let page = desk.page(&format!("/console/exports/{}", broken["run"].as_str().unwrap())).await;
    assert!(
        page.contains("stopped before it was whole") && page.contains("the browser went away"),
        "{page}"
    );
}

#[apply(both_databases!)]
async fn a_download_whose_server_died_is_ended_by_the_purge(database: Database) {
    let app = TestApp::start(database).await;
    let mut tx = app.write().await;
    let filter = assent::store::contacts::exportable::ExportFilter {
        purpose: WEEKLY.parse().unwrap(),
        report: None,
        since: None,
        until: None,
        policy: None,
    };
    let new = assent::store::contacts::export_runs::NewExportRun {
        actor: "staff:somebody",
        staff_id: None,
        filter: &filter,
        format: assent::export::Format::Csv,
        preset: None,
        links: false,
        is_job: false,
    };
    assent::store::contacts::export_runs::insert(&mut tx, &app.core.moment(), new).await.unwrap();
    tx.commit().await.unwrap();
    let forget = || async {
        forget_exports(&app.core.db, &app.core.files, &app.core.moment()).await.unwrap();
        audit(&app, "export.broken").await
    };
    assert!(forget().await.is_empty(), "it may be under way");
    app.tamper("UPDATE export_run SET lease_until = NULL").await.unwrap();
    assert_eq!(forget().await[0]["reason"], "the server stopped on the way");
    assert_eq!(forget().await.len(), 1);
}
