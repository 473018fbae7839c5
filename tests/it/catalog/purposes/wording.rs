//! The words of a purpose: new ones are a new notice, read before they are agreed to, and written down.

use assent::flows::catalog::edit_purpose::{PurposeEdit, edit_purpose};
use assent::flows::catalog::offer_purpose::offer_purpose;
use assent::flows::catalog::purpose_error::PurposeError;
use assent::store::catalog::notices;
use assent::store::staff::audit_entries;
use assent_ledger::digest::sha256_hex;
use macro_rules_attribute::apply;

use super::{CODE, NAME, NEW_WORDS, TICKED, WORDS, add, notice, offering, own, page_with, reword};
use crate::support::app::{Database, PATH, SLUG, form};
use crate::support::both_databases;
use crate::support::page_form::is_ticked;

#[apply(both_databases!)]
async fn new_words_are_a_new_notice(database: Database) {
    let app = offering(database).await;
    app.subscribe("before@b.example", TICKED).await;
    let link = app.ask_and_read("between@b.example", TICKED).await.link("/confirm/");
    reword(&app, NEW_WORDS).await;
    assert!(!page_with(&app, PATH, NEW_WORDS).await.contains(WORDS));
    app.subscribe("after@b.example", TICKED).await;
    // What was read and ticked on the form stands, whatever the form says now.
    let page = app.get(&link).await.text();
    assert!(page.contains(WORDS) && !page.contains(NEW_WORDS));
    assert_eq!(
        app.post(&link, &format!("choices=shown{TICKED}{}", notice(WORDS))).await.status,
        303
    );

    let words: Vec<String> = notices::list(&mut app.read().await)
        .await
        .unwrap()
        .into_iter()
        .filter(|notice| notice.purpose.as_str() == CODE)
        .map(|n| n.words)
        .collect();
    assert_eq!(words, [WORDS, NEW_WORDS], "the old ones are kept");
    let export = app.export(CODE).await;
    for (email, words) in [("before", WORDS), ("between", WORDS), ("after", NEW_WORDS)] {
        let row = export.lines().find(|row| row.contains(&format!("{email}@b.example"))).unwrap();
        assert!(row.contains(&sha256_hex(words.as_bytes())), "{row}");
    }
    reword(&app, WORDS).await;
    page_with(&app, PATH, WORDS).await;
    assert_eq!(app.count("SELECT count(*) FROM notice WHERE purpose = 'partner-offers'").await, 2);
}

#[apply(both_databases!)]
async fn words_that_changed_meanwhile_are_read_before_they_are_agreed_to(database: Database) {
    let app = offering(database).await;
    let link = app.ask_and_read("grace@b.example", "").await.link("/confirm/");
    let open = notice(WORDS);
    assert!(
        app.get(PATH).await.text().contains(&open[8..])
            && app.get(&link).await.text().contains(&open[8..])
    );
    reword(&app, NEW_WORDS).await;
    page_with(&app, PATH, NEW_WORDS).await;

    let answer =
        app.post(PATH, &form("ada@b.example", &format!("&newsletter=weekly{TICKED}{open}"))).await;
    let page = answer.text();
    assert!(
        answer.status == 422
            && page.contains("<title>Error: ")
            && page.contains("href=\"#purpose\"")
    );
    assert!(page.contains(NEW_WORDS) && !is_ticked(&page, CODE), "a fresh tick is needed");
    assert!(page.contains("value=\"weekly\" checked"), "the others stay");
    assert_eq!(app.post(PATH, &form("ada@b.example", &open)).await.status, 303, "or none");

    let pressed = app.post(&link, &format!("choices=shown&newsletter=weekly{TICKED}{open}")).await;
    let page = pressed.text();
    assert!(pressed.status == 422 && page.contains("<title>Error: ") && page.contains(NEW_WORDS));
    assert!(!is_ticked(&page, CODE) && page.contains("value=\"weekly\" checked"));
    assert!(app.exported("privacy-policy").await.is_empty(), "nothing is confirmed yet");
    let again = format!("choices=shown{TICKED}{}", notice(NEW_WORDS));
    assert_eq!(app.post(&link, &again).await.status, 303);
    assert!(app.export(CODE).await.contains(&sha256_hex(NEW_WORDS.as_bytes())));
}

#[apply(both_databases!)]
async fn what_was_done_is_written_down(database: Database) {
    let app = offering(database).await;
    reword(&app, NEW_WORDS).await;
    for taken in [CODE, "privacy-policy", "newsletter:weekly", "newsletter:none"] {
        let refused = add(&app, &own(taken, NAME, WORDS), &[]).await.unwrap_err();
        assert!(
            matches!(refused, PurposeError::Taken(_) | PurposeError::NotOwn(_)),
            "{taken}: {refused}"
        );
    }
    let refused = add(&app, &own("research", NAME, WORDS), &[SLUG, "none"]).await.unwrap_err();
    assert!(matches!(refused, PurposeError::UnknownReport(_)), "{refused}");
    let mut tx = app.write().await;
    for code in ["privacy-policy", "newsletter:weekly", "research"] {
        let (code, report) = (code.parse().unwrap(), SLUG.parse().unwrap());
        let offered = offer_purpose(&mut tx, &app.act(), &code, &report).await;
        assert!(matches!(offered, Err(PurposeError::Unknown(_))), "{code}");
        let edit = PurposeEdit { name: None, words: Some(NEW_WORDS.parse().unwrap()) };
        let edited = edit_purpose(&mut tx, &app.act(), &code, &edit).await;
        assert!(matches!(edited, Err(PurposeError::Unknown(_))), "{code}");
    }
    drop(tx);
    let mut tx = app.read().await;
    for (action, detail) in [
        ("purpose.add", r#"{"purpose":"partner-offers"}"#),
        ("purpose.offer", r#"{"purpose":"partner-offers","report":"sample"}"#),
        (
            "purpose.edit",
            &format!(
                r#"{{"after":{{"words":"{NEW_WORDS}"}},"before":{{"words":"{WORDS}"}},"changed":["words"],"purpose":"partner-offers"}}"#
            ),
        ),
    ] {
        let entries = audit_entries::list(&mut tx, action).await.unwrap();
        let details: Vec<String> = entries.iter().map(|entry| entry.detail.0.to_string()).collect();
        assert_eq!(details, [detail], "{action}, and nothing of what was refused");
    }
}
