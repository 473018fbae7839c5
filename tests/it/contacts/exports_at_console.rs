//! Exports at the console: counted and shown first, taken away on record, made in the background when they
//! are many.

use std::time::Duration;

use assent::domain::catalog::notice::sha256_hex;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::staff::member::Role;
use assent::notary::verify::verify;
use assent::worker::purge::forget_exports;
use macro_rules_attribute::apply;
use serde_json::Value;

use crate::support::app::{Answer, Database, POLICY, TestApp};
use crate::support::copies::{COPIES, add_subscribers};
use crate::support::desk::{TestDesk, audit};
use crate::support::exported::Exported;
use crate::support::{both_databases, poll};

const WEEKLY: &str = "newsletter:weekly";
const TICKED: &str = "&newsletter=weekly";
const CHOSEN: &str = "purpose=newsletter%3Aweekly";
const DOWNLOAD: &str = "/console/exports/consented?purpose=newsletter%3Aweekly";

async fn two_subscribers(app: &TestApp) {
    app.subscribe("ada@b.example", &format!("&name=Ada+Hughes&organisation=%3D1%2B1{TICKED}"))
        .await;
    app.subscribe("bob@b.example", TICKED).await;
}

/// The program with more contacts than go straight to a browser.
async fn with_too_many(database: Database) -> TestApp {
    let app = TestApp::start_tuned(database, &[], |core| core.terms.streamed_most = 1).await;
    app.publish_samples().await;
    two_subscribers(&app).await;
    app
}

/// Has a file made; gives the path of its page.
async fn begin(desk: &TestDesk<'_>, fields: &str) -> String {
    let answer = desk.post("/console/exports", fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let (path, word) = answer.location().split_once('?').unwrap();
    assert_eq!(word, "word=started");
    path.to_owned()
}

/// The page of a run once it holds these words.
async fn page_with(desk: &TestDesk<'_>, path: &str, words: &str) -> String {
    poll::within(Duration::from_secs(30), words, || async {
        Some(desk.page(path).await).filter(|page| page.contains(words))
    })
    .await
}

fn is_attachment(answer: &Answer, ending: &str) -> bool {
    let name = answer.header("content-disposition");
    name.starts_with("attachment; filename=\"newsletter-weekly-")
        && name.ends_with(&format!("2026-11-23.{ending}\""))
        && answer.header("cache-control") == "no-store"
}

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
async fn a_file_that_was_changed_is_not_handed_out(database: Database) {
    let app = with_too_many(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let path = begin(&desk, CHOSEN).await;
    page_with(&desk, &path, "Download the file").await;
    let mut files = std::fs::read_dir(app.dir.path().join("files/exports")).unwrap();
    let file = files.next().unwrap().unwrap().path();
    let made = std::fs::read(&file).unwrap();
    let changed = String::from_utf8(made.clone()).unwrap().replace("ada@", "eve@");
    std::fs::write(&file, changed).unwrap();
    let answer = desk.get(&format!("{path}/file")).await;
    assert!(answer.status == 410 && answer.text().contains("not the one that was made"));
    assert!(!answer.text().contains("bob@"));
    assert_eq!(audit(&app, "export.file").await.len(), 0);
    std::fs::write(&file, &made).unwrap();
    assert_eq!(desk.get(&format!("{path}/file")).await.body, made);
}

#[apply(both_databases!)]
async fn another_export_s_file_is_not_handed_out(database: Database) {
    let app = with_too_many(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let path = begin(&desk, &format!("{CHOSEN}&format=csv")).await;
    page_with(&desk, &path, "Download the file").await;
    let other = begin(&desk, &format!("{CHOSEN}&format=xlsx")).await;
    page_with(&desk, &other, "Download the file").await;
    let core = &app.core;
    let findings = || async {
        verify(&core.db, &core.terms, &core.clock, &core.random, |_| ()).await.unwrap().findings
    };
    assert!(findings().await.is_empty());
    app.tamper(
        "UPDATE export_run SET file_key = (SELECT o.file_key FROM export_run o WHERE o.format = 'xlsx'),
                 byte_size = (SELECT o.byte_size FROM export_run o WHERE o.format = 'xlsx'),
                 sha256 = (SELECT o.sha256 FROM export_run o WHERE o.format = 'xlsx')
             WHERE format = 'csv'",
    ).await.unwrap();
    let answer = desk.get(&format!("{path}/file")).await;
    assert!(answer.status == 410 && answer.text().contains("not the one that was made"));
    assert_eq!(audit(&app, "export.file").await.len(), 0);
    assert_eq!(desk.get(&format!("{other}/file")).await.status, 200);
    let told = findings().await;
    assert!(told.iter().any(|what| what.contains("it did not hold what its row says")), "{told:?}");
}

#[apply(both_databases!)]
async fn a_finished_file_lives_for_a_day(database: Database) {
    let app = with_too_many(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let path = begin(&desk, CHOSEN).await;
    page_with(&desk, &path, "Download the file").await;
    let forget = || async {
        forget_exports(&app.core.db, &app.core.files, &app.core.moment()).await.unwrap()
    };
    app.advance(Duration::from_hours(23));
    assert_eq!(forget().await, 0);
    app.advance(Duration::from_hours(1));
    assert_eq!(forget().await, 1);
    // A day later the session is over too.
    let desk = app.sign_in(Role::Marketing).await;
    let gone = desk.get(&format!("{path}/file")).await;
    assert!(gone.status == 410 && gone.text().contains("deleted"));
    assert!(desk.page(&path).await.contains("Expired"));
    let left: Vec<_> = std::fs::read_dir(app.dir.path().join("files/exports")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(audit(&app, "export.expired").await.len(), 1);
    assert_eq!(forget().await, 0);
}

#[apply(both_databases!)]
async fn files_of_workers_that_died_over_them_are_swept(database: Database) {
    let app = TestApp::start(database).await;
    let directory = app.dir.path().join("files/exports");
    std::fs::create_dir_all(&directory).unwrap();
    let now = std::time::SystemTime::UNIX_EPOCH
        + Duration::from_micros(app.clock.now().micros().try_into().unwrap());
    // What a store leaves of a file that never came to its end has a name that it does not list.
    let [old, begun, new] = [(1, "csv"), (2, "csv#1"), (3, "csv")]
        .map(|(claims, ending)| format!("0198a0d1-c9a8-7b3c-8d4e-5f60718293a4-{claims}.{ending}"));
    for (name, hours) in [(&*old, 49), (&*begun, 49), (&*new, 47), ("no-export.csv", 49)] {
        let file = std::fs::File::create(directory.join(name)).unwrap();
        file.set_modified(now - Duration::from_hours(hours)).unwrap();
    }
    // The program may have done so already.
    forget_exports(&app.core.db, &app.core.files, &app.core.moment()).await.unwrap();
    let mut left: Vec<_> =
        std::fs::read_dir(&directory).unwrap().map(|file| file.unwrap().file_name()).collect();
    left.sort_unstable();
    assert_eq!(left, [&*new, "no-export.csv"]);

    // Nothing of what a link leads to goes.
    std::fs::remove_dir_all(&directory).unwrap();
    std::os::unix::fs::symlink("..", &directory).unwrap();
    let bait = app.dir.path().join("files").join(&old);
    let file = std::fs::File::create(&bait).unwrap();
    file.set_modified(now - Duration::from_hours(49)).unwrap();
    let refused =
        forget_exports(&app.core.db, &app.core.files, &app.core.moment()).await.unwrap_err();
    assert!(refused.to_string().contains("files/exports is a link"), "{refused}");
    assert!(bait.exists());
}

#[apply(both_databases!)]
async fn a_row_that_names_another_file_deletes_nothing(database: Database) {
    let app = with_too_many(database).await;
    app.seal().await;
    let desk = app.sign_in(Role::Marketing).await;
    for format in ["csv", "ndjson", "xlsx"] {
        let path = begin(&desk, &format!("{CHOSEN}&format={format}")).await;
        page_with(&desk, &path, "Download the file").await;
    }
    let keys = app.core.files.keys().await.unwrap();
    let head = keys.iter().find(|key| key.starts_with("outside/heads/")).unwrap();
    let names_head = format!("UPDATE export_run SET file_key = '{head}' WHERE format = 'csv'");
    app.tamper(names_head.leak()).await.unwrap();
    app.tamper("UPDATE export_run SET file_key = (SELECT o.file_key FROM export_run o WHERE o.format = 'csv')
                    WHERE format = 'ndjson'").await.unwrap();
    app.advance(Duration::from_hours(24));
    let forget = || async {
        let at = app.core.moment();
        let forgotten = forget_exports(&app.core.db, &app.core.files, &at);
        tokio::time::timeout(Duration::from_mins(1), forgotten).await.expect("an end").unwrap()
    };
    // The one whose row says where its file lies.
    assert_eq!(forget().await, 1);
    let expired = || async { audit(&app, "export.expired").await.len() };
    let kept = "SELECT count(*) FROM export_run WHERE state = 'done' AND file_key IS NOT NULL";
    assert_eq!((expired().await, app.count(kept).await), (1, 2));
    // Whatever the state of such a row is: nothing goes on for ever, or without being written down.
    app.tamper("UPDATE export_run SET state = 'failed', reason = 'x' WHERE format = 'ndjson'")
        .await
        .unwrap();
    app.tamper("UPDATE export_run SET file_key = 'exports/not-a-run-1.csv' WHERE format = 'csv'")
        .await
        .unwrap();
    assert_eq!(forget().await, 0);
    assert_eq!(expired().await, 1);
    assert!(app.core.files.find(head).await.unwrap().is_some());
    let left = std::fs::read_dir(app.dir.path().join("files/exports")).unwrap().count();
    assert_eq!(left, 2, "of the other two");
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
    let filter = assent::store::contacts::exports::ExportFilter {
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
        format: "csv",
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
    let at = app.core.moment();
    let late = assent::flows::contacts::end_export::break_off_export(
        &mut tx, &at, "x", claimed, 1, "late",
    )
    .await;
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
    let filter = assent::store::contacts::exports::ExportFilter {
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
            format: "csv",
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
    assent::notary::seal_all(&core.db, &core.terms, &app.clock, &core.random).await.unwrap();
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
    add_subscribers(&app).await;
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
    assert!(usize::try_from(broken["rows"].as_i64().unwrap()).unwrap() < COPIES, "{broken}");
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
    let filter = assent::store::contacts::exports::ExportFilter {
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
        format: "csv",
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
