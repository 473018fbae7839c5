//! Contacts brought in bring nobody back who left, and a file changes nothing that people said of themselves.

use std::time::Duration;

use assent::app::Core;
use assent::domain::catalog::notice::LANG;
use assent::domain::catalog::purpose::Purpose;
use assent::domain::contacts::imported_contact::{ContactCells, ImportedContact, ImportedWords};
use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::signup::submitted_form::Method;
use assent::domain::text::Line;
use assent::flows::By;
use assent::flows::consent::withdraw::{Leave, Leaving, withdraw};
use assent::flows::contacts::erase::{Erasing, erase};
use assent::flows::contacts::import_contacts::{
    Batch, Import, ImportRow, Refusal, Verdict, consider, import_contacts,
};
use assent::store::consent::events;
use assent::store::contacts::subscribers;
use assent::store::policy::versions;
use macro_rules_attribute::apply;
use uuid::Uuid;

use crate::contacts::import::{SOURCE, WEEKLY};
use crate::support::app::{Database, TestApp};
use crate::support::{both_databases, poll};

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
            ImportedContact::parse(&cells, core.clock.now(), &core.flow_settings.timezone).unwrap();
        ImportRow { address_key: core.flow_settings.address_secret.key(&contact.email), contact }
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
        let batch = import_contacts(&mut tx, core.flow_settings.at(&core.moment()), &import, &rows)
            .await
            .unwrap();
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
    let leave = Leave { subscriber_id: id, leaving: &what };
    let (at, by) = (app.core.moment(), By::form("/preferences"));
    let ended = withdraw(&mut tx, app.core.flow_settings.at(&at), leave, by).await.unwrap();
    assert!(!ended.is_empty());
    tx.commit().await.unwrap();
}

fn suppressed(reason: SuppressionReason) -> Verdict {
    Verdict::Refused(Refusal::Suppressed(reason))
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
            &app.core.flow_settings,
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
    let at = app.core.moment();
    let how = Erasing { at: &at, method: Method::Staff, source: "test", actor: None };
    assert!(erase(&mut tx, &app.core.flow_settings, &key, how).await.unwrap());
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
    let at = app.core.moment();
    let how = Erasing { at: &at, method: Method::Staff, source: "test", actor: None };
    assert!(erase(&mut erasing, &app.core.flow_settings, &key, how).await.unwrap());
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
