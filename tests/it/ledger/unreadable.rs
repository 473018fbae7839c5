//! A row that cannot be read keeps no check from saying so.

use assent::domain::staff::member::Role;
use assent::flows::ledger::keep_verdict::find_verdict;
use macro_rules_attribute::apply;

use super::{EXPORT, WEEKLY, assert_sound, check, command, seal, unguard};
use crate::support::app::{Database, TestApp};
use crate::support::{both_databases, poll};

async fn history(database: Database) -> TestApp {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", WEEKLY).await;
    seal(&app).await;
    unguard(&app).await;
    assert_sound(&app).await;
    app
}

#[apply(both_databases!)]
async fn it_is_a_finding_and_nothing_is_exported(database: Database) {
    let record = match database {
        Database::Sqlite => "INSERT INTO ledger_record (ledger_record_id, type, body, salt, leaf, mac, recorded_at)
                 SELECT randomblob(16), type, 'x', salt, leaf, mac, recorded_at FROM ledger_record LIMIT 1",
        Database::Postgres => "INSERT INTO ledger_record (ledger_record_id, type, body, salt, leaf, mac, recorded_at)
                 SELECT gen_random_uuid(), type, 'x', salt, leaf, mac, recorded_at FROM ledger_record LIMIT 1",
    };
    let words = match database {
        Database::Sqlite => "UPDATE notice SET words = CAST(x'ff' AS TEXT)",
        Database::Postgres => "UPDATE notice SET words = words || '.'",
    };
    for change in [record, words, "UPDATE ledger_record SET body = 'x'"] {
        let app = history(database).await;
        assert!(app.tamper(change).await.is_ok_and(|rows| rows > 0), "{change}");
        assert!(!check(&app).await.is_sound(), "{change}");
        let verdict = find_verdict(&mut app.read().await, &app.core.flow_settings.evidence_key)
            .await
            .unwrap()
            .unwrap();
        assert!(verdict.finding.is_some(), "{change}");
        let output = command(&app, &EXPORT);
        assert!(output.status.code() == Some(1) && output.stdout.is_empty(), "{change}");
    }
}

#[apply(both_databases!)]
async fn a_verdict_of_another_hand_is_none(database: Database) {
    let app = history(database).await;
    app.tamper("UPDATE consent SET source = '/elsewhere'").await.unwrap();
    assert!(!check(&app).await.is_sound());
    for change in ["UPDATE ledger_verdict SET finding = NULL", "DELETE FROM ledger_verdict"] {
        app.tamper(change).await.unwrap();
        assert!(
            find_verdict(&mut app.read().await, &app.core.flow_settings.evidence_key)
                .await
                .unwrap()
                .is_none()
        );
        let output = command(&app, &EXPORT);
        assert!(output.status.code() == Some(1) && output.stdout.is_empty(), "{change}");
        assert!(
            String::from_utf8_lossy(&output.stderr)
                .contains("the consent ledger is not what it was")
        );
    }
}

#[apply(both_databases!)]
async fn what_people_were_asked_for_is_claimed(database: Database) {
    let app = history(database).await;
    for change in [
        "UPDATE policy_version SET change_class = 'notify', changes = 'All.'",
        "UPDATE policy_version SET published_at = (SELECT max(recorded_at) FROM consent_event)",
    ] {
        app.tamper("CREATE TABLE kept AS SELECT * FROM policy_version").await.unwrap();
        assert!(app.tamper(change).await.is_ok_and(|rows| rows > 0), "{change}");
        let told = check(&app).await.findings;
        assert!(
            told.iter().any(|what| what.contains("something was changed")),
            "{change}: {told:?}"
        );
        app.tamper("UPDATE policy_version SET change_class = (SELECT change_class FROM kept), changes = (SELECT changes FROM kept),
                        published_at = (SELECT published_at FROM kept)").await.unwrap();
        app.tamper("DROP TABLE kept").await.unwrap();
        assert_sound(&app).await;
    }
}

#[apply(both_databases!)]
async fn where_an_export_began_is_held_against_the_audit(database: Database) {
    let app = history(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    assert_eq!(
        desk.get("/console/exports/consented?purpose=newsletter:weekly&format=csv").await.status,
        200
    );
    poll::until("the export on record", || async {
        (app.count("SELECT count(*) FROM audit_entry WHERE action = 'export'").await == 1)
            .then_some(())
    })
    .await;
    seal(&app).await;
    assert_sound(&app).await;
    app.tamper("UPDATE export_run SET ledger_cursor = ledger_cursor + 1000").await.unwrap();
    let told = check(&app).await.findings;
    assert!(
        told.iter().any(|what| what.contains("it did not begin where its row says")),
        "{told:?}"
    );
}

#[apply(both_databases!)]
async fn a_number_taken_ahead_is_a_finding(database: Database) {
    let app = history(database).await;
    app.tamper("CREATE TABLE last AS SELECT max(number) AS number FROM claim").await.unwrap();
    app.tamper("DELETE FROM claim WHERE number = 1").await.unwrap();
    app.tamper("INSERT INTO claim (claim_id, number) SELECT event_id, (SELECT number + 1 FROM last) FROM consent_event LIMIT 1").await.unwrap();
    app.ask_and_read("bob@b.example", "").await;
    assert!(!check(&app).await.is_sound());
}
