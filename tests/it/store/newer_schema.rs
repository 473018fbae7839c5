//! A newer version brought the schema further while this one still serves, as when several are updated one by one.

use assent::domain::staff::Role;

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

both_databases! {
    async fn the_older_version_goes_on(database: Database) {
        let app = TestApp::start(database).await;
        let desk = app.sign_in(Role::Admin).await;
        walk(&app, &desk, "ada@b.example").await;
        for table in TABLES {
            app.tamper(table).await.unwrap();
        }
        walk(&app, &desk, "bob@b.example").await;
    }
}
