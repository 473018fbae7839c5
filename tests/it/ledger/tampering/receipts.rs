//! What is changed in the database is given no signature: no receipt says what was never sealed.

use assent::flows::Error;
use assent::flows::consent::receipt::read_receipt;
use assent_ledger::event_type::EventType;
use assent_ledger::leaf::LeafHead;
use assent_ledger::receipt::{Compared, verify};
use macro_rules_attribute::apply;

use super::{healed, history};
use crate::ledger::{Row, put, rows};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;

/// The receipt of an event, or why there is none.
async fn receipt_of(app: &TestApp, row: &Row) -> Result<String, Error> {
    let (settings, at) = (&app.core.flow_settings, app.core.moment());
    let mut tx = app.read().await;
    let made = read_receipt(&mut tx, row.event_id).await?.unwrap();
    drop(tx);
    Ok(made.issue(settings.at(&at), &app.core.links)?.sealed()?.unwrap().jws)
}

async fn is_signed(app: &TestApp, row: &Row) {
    let jws = receipt_of(app, row).await.unwrap();
    let keys = app.core.flow_settings.ledger_keys.trusted();
    assert_eq!(verify(&jws, &keys).unwrap().compared, Compared::Whole);
}

async fn is_refused(app: &TestApp, row: &Row, what: &str) {
    match receipt_of(app, row).await {
        Err(Error::Changed("event", id)) => assert_eq!(id, row.event_id, "{what}"),
        other => panic!("{what}: {other:?}"),
    }
}

#[apply(both_databases!)]
async fn a_changed_row_is_given_no_receipt(database: Database) {
    let app = history(database).await;
    let given = |row: &&Row| row.event_type == EventType::Given;
    let rows = rows(&app.core.db).await;
    let row = rows.iter().find(given).unwrap();
    is_signed(&app, row).await;

    let body = row.body.as_ref().unwrap().replace("ada@", "eve@");
    assert_ne!(Some(&body), row.body.as_ref());
    let edited = Row { body: Some(body.clone()), ..row.clone() };
    // A leaf that fits the new body was never sealed.
    let salt = [7; 32];
    let leaf = LeafHead::of_event(EventType::Given).leaf(&salt, &body);
    let made_up = Row { salt: Some(salt.to_vec()), leaf, ..edited.clone() };
    for (changed, what) in [(edited, "the body"), (made_up, "body, salt and leaf")] {
        put(&app.core.db, &changed).await;
        is_refused(&app, row, what).await;
        let page = app.mail_to("ada@b.example")[1].link("/preferences/");
        let file = app.get(&format!("{page}/receipts/{}.jws", row.event_id)).await;
        assert_eq!(file.status, 500, "{what}");
        put(&app.core.db, row).await;
    }

    for (doing, undoing) in [
        (
            "UPDATE notice SET words = 'You may sell it. ' || words",
            "UPDATE notice SET words = substr(words, 18)",
        ),
        (
            "UPDATE policy_version SET body = 'We sell it. ' || body",
            "UPDATE policy_version SET body = substr(body, 13)",
        ),
        (
            "UPDATE consent_context SET body = replace(body, 'Sample Press', 'Another Press')",
            "UPDATE consent_context SET body = replace(body, 'Another Press', 'Sample Press')",
        ),
        (
            "UPDATE blank_form SET html = html || '<p>'",
            "UPDATE blank_form SET html = substr(html, 1, length(html) - 3)",
        ),
    ] {
        assert!(app.tamper(doing).await.unwrap() > 0, "{doing}");
        is_refused(&app, row, doing).await;
        assert!(app.tamper(undoing).await.unwrap() > 0, "{undoing}");
        is_signed(&app, row).await;
    }
    healed(&app).await;
}

#[apply(both_databases!)]
async fn a_receipt_of_a_damaged_tree_does_not_wait(database: Database) {
    let app = history(database).await;
    let rows = rows(&app.core.db).await;
    let row = rows.iter().find(|row| row.event_type == EventType::Given).unwrap();
    let page = app.mail_to("ada@b.example")[1].link("/preferences/");
    let page = format!("{page}/receipts/{}", row.event_id);
    app.tamper("CREATE TABLE kept AS SELECT * FROM ledger_tile").await.unwrap();
    app.tamper("CREATE TABLE heads AS SELECT * FROM checkpoint").await.unwrap();
    for (doing, undoing) in [
        ("DELETE FROM ledger_tile", "INSERT INTO ledger_tile SELECT * FROM kept"),
        (
            "UPDATE checkpoint SET note = 'none'",
            "UPDATE checkpoint SET note = (SELECT h.note FROM heads h WHERE h.size = checkpoint.size)",
        ),
    ] {
        assert!(app.tamper(doing).await.unwrap() > 0, "{doing}");
        assert!(matches!(receipt_of(&app, row).await, Err(Error::Tree)), "{doing}");
        let shown = app.get(&page).await;
        assert_eq!(shown.status, 200, "{doing}");
        let shown = shown.text();
        assert!(shown.contains("is damaged") && !shown.contains("within a minute"), "{doing}");
        assert_eq!(app.get(&format!("{page}.jws")).await.status, 500, "{doing}");
        assert!(app.tamper(undoing).await.unwrap() > 0, "{undoing}");
        is_signed(&app, row).await;
    }
    healed(&app).await;
}
