//! The figures of the first page, held against naive counts; what must be looked at; what is still needed.

use std::time::Duration;

use assent::domain::alarm::MAIL_RELAY;
use assent::domain::mail::bounce::{Bounce, BounceKind};
use assent::domain::staff::member::Role;
use assent::flows::mail::record_bounce::{Recorded, record_bounce};
use assent::flows::raise_alarm::raise;
use assent::store::ledger::verdicts::Verdict;
use futures_util::future::join_all;
use macro_rules_attribute::apply;
use uuid::Uuid;

use crate::support::app::{Database, PATH, TestApp, form};
use crate::support::desk::TestDesk;
use crate::support::{both_databases, poll};

/// Longer than a copy of the figures lasts.
const A_WHILE: Duration = Duration::from_secs(31);

/// The numbers of a row of the table, or of a bar, by the words that name it.
fn row(page: &str, name: &str) -> Option<Vec<i64>> {
    let mut rows = page.split("<tr>").map(|row| row.split("</tr>").next().unwrap_or_default());
    let names = |row: &&str| {
        let head = row.split("</th>").next().unwrap_or_default();
        // Its end closes the name where nothing else stands beside it.
        head.contains("scope=\"row\"") && format!("{head}<").contains(&format!(">{name}<"))
    };
    let row = rows.find(names)?;
    let cells = row.split(" class=\"num\">").skip(1);
    let number = |cell: &str| {
        let digits: String = cell
            .chars()
            .take_while(|c| c.is_ascii_digit() || *c == ',')
            .filter(|c| *c != ',')
            .collect();
        digits.parse().expect("a number")
    };
    Some(cells.map(number).collect())
}

/// The page with new figures, once it says what is expected.
async fn settled(desk: &TestDesk<'_>, path: &str, name: &str, expected: &[i64]) -> String {
    desk.app.advance(A_WHILE);
    poll::until(&format!("{name}: {expected:?} on {path}"), || async {
        let page = desk.page(path).await;
        (row(&page, name).as_deref() == Some(expected)).then_some(page)
    })
    .await
}

/// The number under a label at the head of the page.
fn stat(page: &str, label: &str) -> String {
    let after = page.split_once(&format!(">{label}</p>")).unwrap().1;
    after.split_once("stat-number\">").unwrap().1.split_once('<').unwrap().0.to_owned()
}

/// The part of the page about forms that were dropped.
fn dropped(page: &str) -> &str {
    page.split_once("<h2>Dropped forms</h2>").map_or("", |(_, rest)| rest)
}

async fn came_back(app: &TestApp, kind: BounceKind, email: &str) {
    // A mail is named by its row.
    let name = app.mail_to(email)[0].message_id.clone();
    let id: Uuid = name.split('@').next().unwrap_or_default().parse().expect("a key");
    let mut tx = app.write().await;
    let bounce = Bounce { kind, status: None };
    let recorded =
        record_bounce(&mut tx, app.core.flow_settings.at(&app.core.moment()), id, bounce)
            .await
            .unwrap();
    assert_ne!(recorded, Recorded::Unknown);
    tx.commit().await.unwrap();
}

/// Everything that could be written, counted.
async fn written(app: &TestApp) -> i64 {
    app.count(
        "SELECT (SELECT count(*) FROM audit_entry) + (SELECT count(*) FROM outbox)
              + (SELECT count(*) FROM notice) + (SELECT count(*) FROM alarm)
              + (SELECT count(*) FROM consent_event) + (SELECT count(*) FROM delivery)",
    )
    .await
}

#[apply(both_databases!)]
async fn figures_are_those_of_a_naive_count(database: Database) {
    let app = TestApp::start(database).await;
    // Long ago: confirmed, and so still there.
    app.subscribe("old@york.example", "").await;
    app.advance(Duration::from_hours(40 * 24));
    let desk = app.sign_in(Role::Viewer).await;
    // Downloads, is confirmed, waits, is cancelled, comes back, complains.
    let page = app.subscribe("ada@leeds.example", "&newsletter=weekly").await;
    assert_eq!(app.get(&format!("{page}/file")).await.status, 200);
    app.subscribe("bob@leeds.example", "").await;
    app.ask_and_read("cyn@b.example", "").await;
    let mail = app.ask_and_read("dan@b.example", "").await;
    assert_eq!(app.post(&mail.link("/not-me"), "").await.status, 200);
    app.ask_and_read("eve@b.example", "").await;
    app.ask_and_read("fay@b.example", "").await;
    // For the newsletters alone, and one that was not mailed.
    assert_eq!(
        app.post("/newsletters", &form("gil@b.example", "&newsletter=weekly")).await.status,
        303
    );
    app.mail_settled().await;
    app.tamper(
        "UPDATE outbox SET state = 'dropped' WHERE kind = 'confirm' AND signup_id =
                        (SELECT signup_id FROM signup WHERE email = 'gil@b.example')",
    )
    .await
    .unwrap();
    came_back(&app, BounceKind::Hard, "eve@b.example").await;
    came_back(&app, BounceKind::Soft, "eve@b.example").await;
    came_back(&app, BounceKind::Complaint, "fay@b.example").await;

    let naive = [
        app.count("SELECT count(*) FROM signup WHERE report_id IS NOT NULL").await,
        app.count("SELECT count(DISTINCT o.signup_id) FROM outbox o JOIN signup s ON s.signup_id = o.signup_id
                       WHERE o.kind = 'confirm' AND o.state = 'sent' AND s.report_id IS NOT NULL").await,
        app.count("SELECT count(DISTINCT o.signup_id) FROM bounce b JOIN outbox o ON o.outbox_id = b.outbox_id
                       WHERE b.kind <> 'complaint'").await,
        app.count("SELECT count(*) FROM signup WHERE report_id IS NOT NULL AND confirmed_at IS NOT NULL").await,
        app.count("SELECT count(DISTINCT download_grant_id) FROM download").await,
    ];
    assert_eq!(naive, [7, 7, 1, 3, 1]);
    let page = settled(&desk, "/console?days=all", "A sample report", &naive).await;
    assert_eq!(row(&page, "Newsletters alone").unwrap(), [1, 0, 0, 0, 0]);
    assert_eq!(row(&page, "All forms").unwrap(), [8, 7, 1, 3, 1]);
    // Of thirty days the old one is none.
    let page = settled(&desk, "/console", "A sample report", &[6, 6, 1, 2, 1]).await;
    assert!(page.contains("only the confirmed ones are still here"));
    assert_eq!(row(&page, "Submitted").unwrap()[0], 7);
    assert_eq!(row(&page, "leeds.example").unwrap(), [2]);
    assert_eq!(row(&page, "york.example"), None);
    assert_eq!(
        ["Signups today", "Not confirmed yet", "Confirmed today", "Downloads today"]
            .map(|label| stat(&page, label)),
        ["7", "4", "2", "1"]
    );
    // The day of today, as a column's row.
    assert!(
        page.contains("2 Jan 2027</time></th><td class=\"num\">7</td><td class=\"num\">2</td>")
    );
    // One form alone.
    let page = settled(&desk, "/console?days=7&form=newsletters", "Submitted", &[1]).await;
    assert!(page.contains("From form to download: Newsletters alone"));
    let page = desk.page("/console?days=7&form=reports/sample").await;
    assert_eq!(row(&page, "Submitted").unwrap()[0], 6);
}

// Signed up before midnight, confirmed after it: of today is what today's column is of.
#[apply(both_databases!)]
async fn a_number_has_one_source(database: Database) {
    let app = TestApp::start(database).await;
    let link = app.ask_and_read("ada@b.example", "").await.link("/confirm/");
    app.ask_and_read("ben@b.example", "").await;
    app.advance(Duration::from_hours(20));
    let desk = app.sign_in(Role::Viewer).await;
    assert_eq!(app.post(&link, "").await.status, 303);
    app.subscribe("cyn@b.example", "").await;
    app.ask_and_read("dan@b.example", "").await;
    let page = settled(&desk, "/console", "A sample report", &[4, 4, 0, 2, 0]).await;
    assert!(
        page.contains("23 Nov 2026</time></th><td class=\"num\">2</td><td class=\"num\">1</td>"),
        "{page}"
    );
    assert!(
        page.contains("24 Nov 2026</time></th><td class=\"num\">2</td><td class=\"num\">1</td>"),
        "{page}"
    );
    assert_eq!(
        ["Signups today", "Confirmed today", "Not confirmed yet"].map(|label| stat(&page, label)),
        ["2", "1", "2"]
    );
    // Today is another day.
    app.advance(Duration::from_hours(24));
    let desk = app.sign_in(Role::Viewer).await;
    let page = settled(&desk, "/console", "A sample report", &[4, 4, 0, 2, 0]).await;
    assert_eq!(["Signups today", "Confirmed today"].map(|label| stat(&page, label)), ["0", "0"]);
}

#[apply(both_databases!)]
async fn dropped_forms_are_counted_by_form(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Viewer).await;
    assert_eq!(dropped(&desk.page("/console").await), "", "none was");
    let filled =
        |email: &str, more: &str| form(email, more).replace("website=", "website=%3Cscript%3E");
    let sent = (0..12).map(|n| filled(&format!("r{n}@b.example"), ""));
    let answers = join_all(sent.map(async |body| app.post(PATH, &body).await)).await;
    for answer in answers {
        assert_eq!((answer.status, answer.location()), (303, "/check-your-inbox"));
    }
    assert_eq!(
        app.post("/newsletters", &filled("ada@b.example", "&newsletter=weekly")).await.status,
        303
    );
    // What is refused is shown again, and what is faulty is no answer.
    assert_eq!(app.post(PATH, &filled("nonsense", "")).await.status, 422);
    assert_eq!(
        app.post(PATH, &form("ada@b.example", "").replace("website=", "website=%00")).await.status,
        422
    );
    let shown = async |path: &str, expected: &[(&str, Option<i64>)]| {
        app.advance(A_WHILE);
        poll::until(&format!("{expected:?} on {path}"), || async {
            let page = desk.page(path).await;
            let counts =
                |(name, _): &(&str, _)| row(dropped(&page), name).map(|numbers| numbers[0]);
            expected.iter().all(|one| counts(one) == one.1).then_some(page)
        })
        .await
    };
    let page =
        shown("/console", &[("A sample report", Some(12)), ("Newsletters alone", Some(1))]).await;
    assert!(
        page.contains("Nobody signed up in these days")
            && page.contains("nothing was stored or mailed"),
        "{page}"
    );
    assert!(!page.contains("<script>"));
    shown(
        "/console?form=newsletters",
        &[("A sample report", None), ("Newsletters alone", Some(1))],
    )
    .await;
    assert_eq!(
        app.count("SELECT (SELECT count(*) FROM signup) + (SELECT count(*) FROM outbox)").await,
        0
    );
    // A week later it is told of all days alone.
    app.advance(Duration::from_hours(7 * 24));
    let desk = app.sign_in(Role::Viewer).await;
    assert_eq!(app.post(PATH, &filled("eve@b.example", "")).await.status, 303);
    for (path, count) in
        [("/console?days=7", 1), ("/console?days=30", 13), ("/console?days=all", 13)]
    {
        app.advance(A_WHILE);
        poll::until(path, || async {
            let page = desk.page(path).await;
            (row(dropped(&page), "A sample report") == Some(vec![count])).then_some(())
        })
        .await;
    }
}

#[apply(both_databases!)]
async fn a_form_that_cannot_be_counted_is_not_taken(database: Database) {
    let app = TestApp::start(database).await;
    assert_eq!(app.get(PATH).await.status, 200);
    app.core.db.close().await;
    let filled = form("ada@b.example", "").replace("website=", "website=x");
    let (dropped, asked) = (app.post(PATH, &filled).await, app.ask("ada@b.example").await);
    assert_eq!((dropped.status, asked.status), (503, 503), "it is answered like any other");
}

#[apply(both_databases!)]
async fn a_chart_says_what_its_columns_stand_for(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "").await;
    app.advance(Duration::from_hours(24 * 100));
    let desk = app.sign_in(Role::Viewer).await;
    let report = desk.page("/console/reports/sample").await.replace("&#x2f;", "/");
    let form = "/console?form=reports/sample";
    assert!(report.contains(&format!("href=\"{form}\"")), "{report}");
    // Nobody confirmed lately: only the figures of all days have one.
    let page = settled(&desk, &format!("{form}&days=all"), "Confirmed", &[1]).await;
    assert!(
        page.contains("Submitted for each week, at most 1;")
            && page.contains("<th scope=\"col\">Week</th>"),
        "{page}"
    );
    assert!(page.contains("From form to download: A sample report"), "{page}");
}

#[apply(both_databases!)]
async fn a_fresh_link_does_not_unmake_a_download(database: Database) {
    let app = TestApp::start_with(database, &[("ASSENT_DOWNLOAD_LIMIT", "1")]).await;
    let desk = app.sign_in(Role::Viewer).await;
    let page = app.subscribe("ada@b.example", "").await;
    assert_eq!(app.get(&format!("{page}/file")).await.status, 200);
    assert_eq!(app.post(&format!("{page}/fresh"), "").await.status, 303);
    assert_eq!(
        app.count("SELECT count(*) FROM download_grant WHERE used = 0 AND generation = 2").await,
        1
    );
    settled(&desk, "/console", "A sample report", &[1, 1, 0, 1, 1]).await;
    // Who asked for a fresh link and never used the first did not download.
    let page = app.subscribe("bob@b.example", "").await;
    app.advance(Duration::from_hours(31 * 24));
    assert_eq!(app.post(&format!("{page}/fresh"), "").await.status, 303);
    let desk = app.sign_in(Role::Viewer).await;
    settled(&desk, "/console?days=90", "A sample report", &[2, 2, 0, 2, 1]).await;
}

#[apply(both_databases!)]
async fn a_new_installation_is_told_what_it_needs(database: Database) {
    let app = TestApp::start_empty(database, &[]).await;
    let viewer = app.sign_in(Role::Viewer).await;
    let page = viewer.page("/console").await;
    for needed in
        ["Publish your privacy policy", "An admin publishes it", "Add a newsletter", "Add a report"]
    {
        assert!(page.contains(needed), "{needed}");
    }
    assert!(!page.contains("ASSENT_CONTROLLER"), "that is set");
    assert!(
        !app.sign_in(Role::Admin).await.page("/console").await.contains("An admin publishes it")
    );
    app.publish_samples().await;
    let before = written(&app).await;
    let page = viewer.page("/console").await;
    assert!(!page.contains("What is still needed"));
    assert!(page.contains("Nobody signed up in these days"));
    assert_eq!(written(&app).await, before, "looking writes nothing");
}

#[apply(both_databases!)]
async fn what_must_be_looked_at_stands_first(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Viewer).await;
    assert!(!desk.page("/console").await.contains("note-bad"));
    let mut tx = app.write().await;
    let at = app.core.moment();
    raise(&mut tx, &at, MAIL_RELAY, "it refuses <b>us</b>").await.unwrap();
    raise(&mut tx, &at, "confirmations:reports/sample", "only 0 of 100").await.unwrap();
    raise(&mut tx, &at, "something:new", "which this page does not know").await.unwrap();
    let finding = Some("row 7: its leaf is not the one that was sealed".to_owned());
    let verdict = Verdict { checked_at: at.now, size: 9, finding, warning: None };
    tx.commit().await.unwrap();
    app.says_of_ledger(&verdict).await;
    let page = desk.page("/console").await;
    for told in [
        "Mail waits: the mail relay cannot be used",
        "it refuses &lt;b&gt;us",
        "Since <time",
        "through the form of the report sample",
        "only 0 of 100",
        "something:new",
        "The consent ledger is not what it was",
        "row 7: its leaf",
        "/console/ledger",
    ] {
        assert!(page.contains(told), "{told}");
    }
    assert!(desk.page("/console/mail").await.contains("Mail waits: the mail relay cannot be used"));
}

#[apply(both_databases!)]
async fn hostile_addresses_show_the_usual_page(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Viewer).await;
    app.subscribe("ada@xn--bcher-kva.example", "").await;
    for query in [
        "?days=<script>",
        "?days=7&days=90",
        "?form=reports/%3Cscript%3E",
        "?days=%FF%00",
        "?form=%27%20OR%201=1",
    ] {
        let page = desk.page(&format!("/console{query}")).await;
        assert!(page.contains("Figures as of") && !page.contains("<script>"), "{query}");
    }
}
