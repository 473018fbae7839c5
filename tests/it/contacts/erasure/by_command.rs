//! `assent erase`, beside a running server.

use assent::store::staff::audit_entries;
use macro_rules_attribute::apply;

use super::{ADA, TYPED, address_key, choices, noted, state};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;

#[apply(both_databases!)]
async fn a_form_nobody_confirmed_is_erased_too(database: Database) {
    let app = TestApp::start(database).await;
    let link = app.ask_and_read(ADA, TYPED).await.link("/confirm/");
    app.mail_settled().await;
    assert_eq!(app.does(&["erase", ADA]), "erased\n");
    assert_eq!(app.get(&link).await.status, 410);
    assert_eq!(app.post(&link, "").await.status, 410);
    assert_eq!(state(&app).await, [0; 9]);
    assert_eq!(app.count("SELECT count(*) FROM consent_event").await, 2, "leaves");
}

#[apply(both_databases!)]
async fn the_command_erases_beside_a_running_server(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, TYPED).await;
    app.subscribe("bob@b.example", "").await;
    app.mail_settled().await;
    let page = choices(&app, ADA);
    let erase = |email: &'static str| app.does(&["erase", email]);
    // The database may have been made to say so: that it was asked for holds all the same.
    let nothing = "nothing is held of this address; it is noted that it was to be erased\n";
    assert_eq!(erase("nobody@b.example"), nothing);
    assert_eq!(app.count("SELECT count(*) FROM suppression WHERE reason = 'erased'").await, 1);
    assert_eq!(erase("Ada.Byron@Northmoor.example"), "erased\n");
    assert_eq!(erase(ADA), nothing);
    assert_eq!(app.get(&page).await.status, 410);
    assert_eq!(app.exported("privacy-policy").await, ["bob@b.example"]);
    assert!(
        noted(&app).contains(&address_key(&app, ADA))
            && !noted(&app).contains(&address_key(&app, "bob@b.example"))
    );
    let entries = audit_entries::list(&mut app.read().await, "erase").await.unwrap();
    let details: Vec<String> = entries.iter().map(|entry| entry.detail.0.to_string()).collect();
    assert_eq!(
        details,
        [r#"{"held":false}"#, r#"{"held":true}"#, r#"{"held":false}"#],
        "no address"
    );

    let wrong = app.command(&["erase", "no address"]);
    let said = String::from_utf8_lossy(&wrong.stderr);
    assert!(wrong.status.code() == Some(1) && said.trim().lines().count() == 1, "{said}");
    assert_eq!(app.exported("privacy-policy").await, ["bob@b.example"]);
}
