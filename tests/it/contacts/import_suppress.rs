//! What another tool knew of whom not to mail is brought along: it holds here, with its reason and where it comes
//! from, and undoes nothing that somebody decided here later.

use std::time::Duration;

use assent::domain::catalog::purpose::Purpose;
use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::text::Line;
use assent::domain::timestamp::Timestamp;
use assent::flows::contacts::import_suppressions::{
    ListRow, NotSuppressed, RowOutcome, SuppressionImport, import_suppressions,
};
use assent::outside::{EndingReason, Scope};
use assent::store::contacts::suppression_list;
use macro_rules_attribute::apply;

use crate::contacts::import::WEEKLY;
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::operator::Desk;

const SOURCE: &str = "The old tool, 2026";

/// Brings rows along in one transaction, as the command and the console do.
async fn bring(
    app: &TestApp,
    rows: &[(&str, SuppressionReason, Option<Timestamp>)],
) -> Vec<RowOutcome> {
    let source = Line::parse(SOURCE).unwrap().unwrap();
    let purposes: [Purpose; 1] = [WEEKLY.parse().unwrap()];
    let import = SuppressionImport { source: &source, purposes: &purposes };
    let row = |(email, reason, at): &(&str, SuppressionReason, Option<Timestamp>)| {
        let email = EmailAddress::parse(email).unwrap();
        let address_key = app.core.flow_settings.address_secret.key(&email);
        ListRow { address_key, reasons: vec![*reason], at: *at }
    };
    let rows: Vec<ListRow> = rows.iter().map(row).collect();
    let mut tx = app.write().await;
    let at = app.core.moment();
    let case = app.core.flow_settings.at(&at);
    let brought = import_suppressions(&mut tx, case, &import, &rows).await;
    tx.commit().await.unwrap();
    brought.unwrap()
}

async fn sorted(app: &TestApp, purpose: &str) -> Vec<String> {
    let mut emails = app.exported(purpose).await;
    emails.sort();
    emails
}

#[apply(both_databases!)]
async fn a_list_is_brought_along_with_reason_and_source(database: Database) {
    let desk = Desk::with_newsletter(database).await;
    let list = "Email;Reason;Unsubscribed_at\n\
        ada@b.example;unsubscribed;2024-03-01\n\
        BOB@b.example;hard_bounce;\n\
        cyd@b.example;complaint\n\
        nobody;bounced;\n\
        dan@b.example;soft bounce;\n\
        \"eve@b.example;bounced;\n\
        fay@b.example;manual;\n";
    desk.write("list.csv", list.as_bytes());
    let suppress = |more: &[&str]| {
        let output =
            desk.run(&[&["import", "list.csv", "--suppress", "--source", SOURCE], more].concat());
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let refused = "line 5: `email` is not one plain address\n\
        line 6: a soft bounce stops no mail\n\
        line 7: a quotation mark opens a cell here, and none closes it before the next row\n";
    let (code, said, errors) = suppress(&["--dry-run"]);
    let summary = "rows: 7, would be suppressed: 4, already suppressed: 0, refused: 3\n";
    assert_eq!((code, said), (Some(1), format!("{refused}{summary}")), "{errors}");
    assert!(desk.audited("import.suppress").await.is_empty());
    let (code, said, errors) = suppress(&[]);
    let summary = "rows: 7, suppressed: 4, already suppressed: 0, refused: 3\n";
    assert_eq!((code, said), (Some(1), format!("{refused}{summary}")));
    assert!(errors.contains("3 of 7 rows were refused") && !errors.contains('@'), "{errors}");
    // Again it changes nothing.
    let summary = "rows: 7, suppressed: 0, already suppressed: 4, refused: 3\n";
    assert_eq!(suppress(&[]).1, format!("{refused}{summary}"));

    let db = desk.open().await;
    let found = suppression_list::list(&mut db.read().await.unwrap(), None, (None, false), 10)
        .await
        .unwrap();
    db.close().await;
    let mut reasons: Vec<(&str, &str)> =
        found.iter().map(|one| (one.reason.as_str(), one.purpose.as_str())).collect();
    reasons.sort_unstable();
    assert_eq!(
        reasons,
        [("bounced", "*"), ("complained", "*"), ("manual", "*"), ("unsubscribed", WEEKLY)]
    );
    assert!(found.iter().all(|one| one.source.as_deref() == Some(SOURCE)));
    // Each is noted outside, each time.
    let noted = std::fs::read_to_string(desk.path("data/endings.log")).unwrap();
    assert_eq!(noted.matches(" began ").count(), 8, "{noted}");
    let audited = desk.audited("import.suppress").await;
    assert_eq!((audited.len(), desk.audited("import.suppress.start").await.len()), (2, 2));
    assert!(audited.iter().any(|one| one["suppressed"] == 4 && one["already"] == 0));
    assert!(audited.iter().all(|one| one["refused"] == 3 && one["source"] == SOURCE));
    assert!(audited.iter().all(|one| !one.to_string().contains('@')));

    // Who is on it stays out of what is imported later.
    let contacts = "email,consented_at,method\nbob@b.example,2026-01-01,paper\nada@b.example,2026-01-01,paper\n";
    let (_, said, _) = desk.imports(contacts.as_bytes(), &[]);
    assert!(
        said.starts_with("line 2: suppressed: mail bounced\nline 3: suppressed: unsubscribed\n"),
        "{said}"
    );
}

#[apply(both_databases!)]
async fn a_bare_list_has_one_reason(database: Database) {
    let desk = Desk::with_newsletter(database).await;
    desk.write("list.txt", "\u{feff}gil@b.example\r\n\r\nhal@b.example\r\n".as_bytes());
    let run = |more: &[&str]| {
        let output = desk.run(&[&["import", "list.txt"], more].concat());
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr),
        )
    };
    let (code, said) = run(&["--suppress", "--source", SOURCE]);
    assert!(code == Some(1) && said.contains("--reason"), "{said}");
    let (code, said) = run(&["--suppress", "--source", SOURCE, "--reason", "bounced"]);
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "rows: 2, suppressed: 2, already suppressed: 0, refused: 0\n")
    );
    let (code, said) = run(&["--suppress", "--source", "ann@b.example", "--reason", "bounced"]);
    assert!(code == Some(1) && said.contains("without an address"), "{said}");
    let (code, said) = run(&[
        "--suppress",
        "--source",
        SOURCE,
        "--reason",
        "unsubscribed",
        "--purpose",
        "newsletter:none",
    ]);
    assert!(code == Some(1) && said.contains("there is no purpose"), "{said}");
    for wrong in [
        &["--suppress", "--source", SOURCE, "--reason", "erased"][..],
        &["--suppress", "--source", SOURCE, "--policy", "2026-11"],
        &["--source", SOURCE, "--reason", "bounced", "--purpose", WEEKLY, "--policy", "2026-11"],
        &["--source", SOURCE],
        &["--suppress"],
    ] {
        assert_eq!(run(wrong).0, Some(2), "{wrong:?}");
    }
    desk.write("list.txt", b"email\n");
    let (code, said) = run(&["--suppress", "--source", SOURCE, "--reason", "bounced"]);
    assert!(code == Some(1) && said.contains("there is no address"), "{said}");
}

#[apply(both_databases!)]
async fn who_left_elsewhere_leaves_here_and_nobody_is_mailed(database: Database) {
    let app = TestApp::start(database).await;
    for email in ["ada@b.example", "bob@b.example", "cyd@b.example"] {
        app.subscribe(email, "&newsletter=weekly").await;
    }
    app.mail_settled().await;
    let mails = app.inbox().len();
    let before = app.clock.now().minus(Duration::from_hours(24));
    let brought = bring(
        &app,
        &[
            ("ADA@b.example", SuppressionReason::Unsubscribed, None),
            ("bob@b.example", SuppressionReason::Complained, None),
            // They agreed here later than they left there.
            ("cyd@b.example", SuppressionReason::Unsubscribed, Some(before)),
            ("dan@b.example", SuppressionReason::Bounced, Some(before)),
        ],
    )
    .await;
    assert_eq!(brought[..2], [RowOutcome::Suppressed; 2]);
    assert!(matches!(brought[2], RowOutcome::Refused(NotSuppressed::CameBack(_))), "{brought:?}");
    assert_eq!(brought[3], RowOutcome::Suppressed);
    assert_eq!(sorted(&app, WEEKLY).await, ["cyd@b.example"]);
    assert_eq!(sorted(&app, "privacy-policy").await, ["ada@b.example", "cyd@b.example"]);
    assert_eq!(app.count("SELECT count(*) FROM consent_event WHERE type = 'withdrawn'").await, 2);
    assert_eq!(app.count("SELECT count(*) FROM suppression WHERE source IS NOT NULL").await, 3);
    app.mail_settled().await;
    assert_eq!(app.inbox().len(), mails, "nobody is mailed about it");
    let email = EmailAddress::parse("dan@b.example").unwrap();
    let scope = Scope {
        address_key: app.core.flow_settings.address_secret.key(&email),
        reason: EndingReason::Suppressed(SuppressionReason::Bounced),
        purpose: None,
    };
    assert!(app.core.db.outside().endings().await.unwrap().began(scope).is_some());
}

#[apply(both_databases!)]
async fn a_list_brought_twice_stops_nobody_who_came_back(database: Database) {
    let app = TestApp::start(database).await;
    let ada = |at| [("ada@b.example", SuppressionReason::Unsubscribed, at)];
    assert_eq!(bring(&app, &ada(None)).await, [RowOutcome::Suppressed]);
    assert_eq!(bring(&app, &ada(None)).await, [RowOutcome::Already]);
    app.advance(Duration::from_hours(24));
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    assert_eq!(app.exported(WEEKLY).await, ["ada@b.example"]);
    let lifted = RowOutcome::Refused(NotSuppressed::Lifted(SuppressionReason::Unsubscribed));
    assert_eq!(bring(&app, &ada(None)).await, [lifted]);
    assert_eq!(app.exported(WEEKLY).await, ["ada@b.example"]);
    // Unless the list says that they left again.
    app.advance(Duration::from_hours(24));
    assert_eq!(bring(&app, &ada(Some(app.clock.now()))).await, [RowOutcome::Suppressed]);
    assert!(app.exported(WEEKLY).await.is_empty());
}

#[apply(both_databases!)]
async fn of_two_lists_at_once_each_address_counts_once(database: Database) {
    let app = TestApp::start(database).await;
    let emails: Vec<String> = (0..50).map(|n| format!("r{n}@b.example")).collect();
    let forth: Vec<_> =
        emails.iter().map(|email| (email.as_str(), SuppressionReason::Bounced, None)).collect();
    let back: Vec<_> = forth.iter().rev().copied().collect();
    let (one, other) = tokio::join!(bring(&app, &forth), bring(&app, &back));
    let new =
        one.iter().chain(&other).filter(|brought| **brought == RowOutcome::Suppressed).count();
    assert_eq!((new, app.count("SELECT count(*) FROM suppression").await), (50, 50));
}
