//! A newer version brought the schema further while this one still serves, as when several are updated one by one.

use assent::domain::staff::member::Role;
use assent::flows::Error;
use assent::random::Moments;
use assent::sealing::before_export::allow_to_begin;
use assent::sealing::verify::verify;
use macro_rules_attribute::apply;

use crate::support::app::{Database, PATH, TestApp};
use crate::support::both_databases;
use crate::support::desk::TestDesk;

const TABLES: [&str; 12] = [
    "ALTER TABLE report ADD COLUMN later TEXT",
    "ALTER TABLE newsletter ADD COLUMN later TEXT",
    "ALTER TABLE policy_version ADD COLUMN later TEXT",
    "ALTER TABLE purpose ADD COLUMN later TEXT",
    "ALTER TABLE signup ADD COLUMN later TEXT",
    "ALTER TABLE subscriber ADD COLUMN later TEXT",
    "ALTER TABLE consent ADD COLUMN later TEXT",
    "ALTER TABLE consent_event ADD COLUMN later TEXT",
    "ALTER TABLE download_grant ADD COLUMN later TEXT",
    "ALTER TABLE outbox ADD COLUMN later TEXT",
    "ALTER TABLE staff ADD COLUMN later TEXT",
    "ALTER TABLE audit_entry ADD COLUMN later TEXT",
];

async fn walk(app: &TestApp, desk: &TestDesk<'_>, email: &str) {
    assert_eq!(app.get(PATH).await.status, 200);
    assert_eq!(app.ask(email).await.status, 303);
    let confirmed = app.post(&app.next_mail(email, 0).await.link("/confirm/"), "").await;
    assert_eq!(app.get(confirmed.location()).await.status, 200);
    for page in
        ["/console", "/console/reports", "/console/subscribers", "/console/mail", "/console/audit"]
    {
        desk.page(page).await;
    }
}

const LATER: &str =
    "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                     VALUES (9999, 'later', TRUE, '', 1)";

// What the older version does not know is not another hand's.
#[apply(both_databases!)]
async fn the_older_version_accuses_nobody(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Admin).await;
    walk(&app, &desk, "ada@b.example").await;
    let before = app.export("privacy-policy").await;
    app.tamper(LATER).await.unwrap();
    app.tamper("ALTER TABLE outbox ADD COLUMN later TEXT").await.unwrap();
    let core = &app.core;
    let checked =
        verify(&core.db, &core.flow_settings, Moments::new(&core.clock, &core.random), |_| ())
            .await;
    assert!(matches!(checked, Err(Error::NewerSchema(_))), "{checked:?}");
    let refused =
        allow_to_begin(&core.db, &core.flow_settings, &core.clock, &core.random).await.unwrap_err();
    assert!(refused.to_string().contains("a newer version"), "{refused}");
    // The newer one finds nothing said.
    app.tamper("DELETE FROM _sqlx_migrations WHERE version = 9999").await.unwrap();
    app.tamper("ALTER TABLE outbox DROP COLUMN later").await.unwrap();
    assert!(!app.get("/readyz").await.text().contains("ledger-check"));
    assert_eq!(app.export("privacy-policy").await, before);
}

#[apply(both_databases!)]
async fn the_older_version_goes_on(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Admin).await;
    walk(&app, &desk, "ada@b.example").await;
    for table in TABLES {
        app.tamper(table).await.unwrap();
    }
    walk(&app, &desk, "bob@b.example").await;
}
