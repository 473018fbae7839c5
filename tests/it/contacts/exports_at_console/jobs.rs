//! Exports made in the background, by workers that may die.

use std::time::Duration;

use assent::domain::staff::member::Role;
use assent::flows::contacts::end_export::break_off_export;
use assent::store::contacts::export_runs::BrokenExport;
use assent_ledger::digest::sha256_hex;
use macro_rules_attribute::apply;

use super::{CHOSEN, DOWNLOAD, WEEKLY, begin, is_attachment, page_with, with_too_many};
use crate::support::app::Database;
use crate::support::both_databases;
use crate::support::desk::audit;
use crate::support::exported::Exported;

#[apply(both_databases!)]
async fn too_many_for_a_browser_are_a_job(database: Database) {
    let app = with_too_many(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let page = desk.page(&format!("/console/exports?{CHOSEN}")).await;
    assert!(page.contains("More than 1 contacts") && !page.contains(&DOWNLOAD[..26]), "{page}");
    let answer = desk.get(DOWNLOAD).await;
    assert!(answer.status == 422 && answer.text().contains("made in the background"));

    let path = begin(&desk, &format!("{CHOSEN}&format=csv")).await;
    let page = page_with(&desk, &path, "Download the file").await;
    let file = desk.get(&format!("{path}/file")).await;
    assert!(file.status == 200 && is_attachment(&file, "csv"), "{:?}", file.headers);
    assert_eq!(file.text(), app.export(WEEKLY).await);
    assert!(page.contains(&sha256_hex(&file.body)));
    let run = &audit(&app, "export").await[0];
    assert_eq!((&run["sha256"], &run["rows"]), (&sha256_hex(&file.body).into(), &2.into()));
    assert_eq!(audit(&app, "export.file").await.len(), 1, "who fetched it is known");
    let head = app.send(desk.request("HEAD", &format!("{path}/file"))).await;
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, file.body.len().to_string().as_str())
    );
    assert_eq!(audit(&app, "export.file").await.len(), 1);

    let sheet = begin(&desk, &format!("{CHOSEN}&format=xlsx&preset=mailchimp")).await;
    page_with(&desk, &sheet, "Download the file").await;
    let file = desk.get(&format!("{sheet}/file")).await;
    assert_eq!(
        Exported::read("xlsx", &file.body).column("Email Address"),
        ["ada@b.example", "bob@b.example"]
    );
}

#[apply(both_databases!)]
async fn a_file_of_nobody_is_a_file(database: Database) {
    let app = with_too_many(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let nobody = "purpose=newsletter%3Aweekly&since=2199-01-01&format=";
    let header = app.export(WEEKLY).await.lines().next().unwrap().len() + 2;
    for (format, bytes) in [("ndjson", 0), ("csv", header)] {
        let path = begin(&desk, &format!("{nobody}{format}")).await;
        page_with(&desk, &path, "Download the file").await;
        let file = desk.get(&format!("{path}/file")).await;
        assert_eq!((file.status, file.body.len()), (200, bytes), "{format}");
    }
}

#[apply(both_databases!)]
async fn a_job_whose_worker_died_begins_again(database: Database) {
    let app = with_too_many(database).await;
    app.check().await;
    let desk = app.sign_in(Role::Marketing).await;
    // As a worker leaves it that was killed in the middle: claimed, its lease not over.
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
        is_job: true,
    };
    let held =
        assent::flows::contacts::begin_export::begin_export(&mut tx, &app.core.moment(), new)
            .await
            .unwrap();
    let claimed = assent::store::contacts::export_runs::claim(&mut tx, app.clock.now())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(claimed.export_run_id, held.export_run_id);
    tx.commit().await.unwrap();
    let path = format!("/console/exports/{}", held.export_run_id);
    assert!(desk.page(&path).await.contains("Running"));
    // Its lease runs out: by the test's clock on SQLite, by the server's own on PostgreSQL.
    match database {
        Database::Sqlite => app.advance(Duration::from_secs(31)),
        Database::Postgres => {
            app.tamper("UPDATE export_run SET lease_until = now() - interval '1 second'")
                .await
                .unwrap();
        }
    }
    page_with(&desk, &path, "Download the file").await;
    assert_eq!(app.count("SELECT CAST(claims AS bigint) FROM export_run").await, 2);
    // Whoever comes back from the dead finds it taken.
    let mut tx = app.write().await;
    assert!(
        !assent::store::contacts::export_runs::renew(&mut tx, app.clock.now(), claimed, 1)
            .await
            .unwrap()
    );
    let broken = BrokenExport { held: claimed, rows: 1, reason: "late" };
    let late = break_off_export(&mut tx, &app.act(), broken).await;
    assert!(!late.unwrap());
    drop(tx);
    assert_eq!(audit(&app, "export").await.len(), 1);
    assert_eq!(audit(&app, "export.broken").await.len(), 0);
}

#[apply(both_databases!)]
async fn jobs_do_not_pile_up(database: Database) {
    let app = with_too_many(database).await;
    app.check().await;
    let desk = app.sign_in(Role::Marketing).await;
    let mut tx = app.write().await;
    let filter = assent::store::contacts::exportable::ExportFilter {
        purpose: WEEKLY.parse().unwrap(),
        report: None,
        since: None,
        until: None,
        policy: None,
    };
    for _ in 0..10 {
        let new = assent::store::contacts::export_runs::NewExportRun {
            actor: "staff:somebody",
            staff_id: None,
            filter: &filter,
            format: assent::export::Format::Csv,
            preset: None,
            links: false,
            is_job: true,
        };
        assent::store::contacts::export_runs::insert(&mut tx, &app.core.moment(), new)
            .await
            .unwrap();
        assent::store::contacts::export_runs::claim(&mut tx, app.clock.now())
            .await
            .unwrap()
            .unwrap();
    }
    tx.commit().await.unwrap();
    let answer = desk.post("/console/exports", CHOSEN).await;
    assert!(answer.status == 422 && answer.text().contains("Ten files are being made already"));
}
