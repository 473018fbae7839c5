//! Receipts and promises, before the page as a file.

use std::time::Duration;

use assent::domain::policy::version::ChangeClass;
use assent_ledger::event_type::EventType;
use assent_ledger::promise::Promise;
use assent_ledger::receipt::verify;

use super::forgeries::{forgeries, resigned, thief, with_head};
use super::{ADA, Given, SIGNED, Verifier, file, given, history, key, receipts};
use crate::ledger::WEEKLY;
use crate::support::app::{Database, TestApp};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_and_the_program_agree_on_receipts() {
    let app = history().await;
    let receipts = receipts(&app).await;
    for kind in [EventType::Requested, EventType::Given, EventType::Withdrawn, EventType::Erased] {
        assert!(receipts.iter().any(|receipt| receipt.event_type == kind), "{kind:?}");
    }
    let ada = given(&receipts, ADA, "newsletter:weekly");
    let brought_in = given(&receipts, "dee@b.example", "newsletter:weekly");
    assert_eq!(brought_in.payload["ledger"]["context"]["method"], "import");

    let mut page = Verifier::open(&file()).await;
    for receipt in &receipts {
        let said = page.says(&[&receipt.jws]).await;
        said.is_sound("receipt", "came-along");
        assert_ne!(said.title, SIGNED, "whoever signed it is not known yet");
    }
    page.knows(&key(&app)).await;
    for receipt in &receipts {
        let said = page.says(&[&receipt.jws]).await;
        said.is_sound("receipt", "known");
        assert_eq!(said.title, SIGNED);
        // The readable part is written anew for each kind of event.
        assert_eq!(said.steps["step-readable"], "ok", "{said:?}");
    }
    page.says(&[&ada.jws]).await;
    page.reader.reads("#answer", ADA).await;
    page.looks_good("receipt").await;
    all_forgeries_are_seen(&app, &page, [ada, brought_in]).await;
    page.looks_good("receipt-forged").await;
    a_made_up_ledger_is_one_thing_by_itself(&app, &page, ada).await;
    promises_are_held(&app, &page, [ada, brought_in]).await;
    page.looks_good("promise").await;
}

/// A new policy asks everybody again: one agrees, one is silent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_renewed_or_ran_out_is_written_anew_too() {
    let app = TestApp::start(Database::Sqlite).await;
    for email in [ADA, "bob@b.example"] {
        app.subscribe(email, WEEKLY).await;
    }
    app.publish_change("2027-01", ChangeClass::Reconsent, Some(DAY * 30)).await;
    app.work_policies().await;
    let link = app.next_mail(ADA, 2).await.link("/renew/");
    let agreed = app.agree_again(&link, &["privacy-policy", "newsletter:weekly"]).await;
    assert_eq!(agreed.status, 200, "{}", agreed.text());
    app.advance(DAY * 31);
    app.work_policies().await;
    app.work_policies().await;
    app.seal().await;

    let receipts = receipts(&app).await;
    let page = Verifier::open(&file()).await;
    page.knows(&key(&app)).await;
    for kind in [EventType::Renewed, EventType::Expired] {
        let of_kind: Vec<&Given> =
            receipts.iter().filter(|receipt| receipt.event_type == kind).collect();
        assert_eq!(of_kind.len(), 2, "{kind:?}");
        for receipt in of_kind {
            let said = page.says(&[&receipt.jws]).await;
            said.is_sound("receipt", "known");
            assert_eq!(said.steps["step-readable"], "ok", "{said:?}");
        }
    }
}

/// By both.
async fn all_forgeries_are_seen(app: &TestApp, page: &Verifier, [receipt, other]: [&Given; 2]) {
    let ledger = &app.core.flow_settings.ledger_keys;
    let (signing, keys) = (ledger.first(), ledger.trusted());
    // As it is signed anew here, it is believed; so each forgery is seen by what was changed.
    let genuine = resigned(&receipt.payload, signing);
    assert!(verify(&genuine, &keys).is_ok());
    page.says(&[&genuine]).await.is_sound("receipt", "known");
    for forgery in forgeries(&receipt.payload, &other.payload, signing) {
        assert!(verify(&forgery.jws, &keys).is_err(), "{}", forgery.what);
        page.says(&[&forgery.jws]).await.is_forged(forgery.steps, &forgery.what);
    }
    page.reader.reads("#verdict", "Do not rely on this receipt").await;
}

/// Nothing in it disagrees, so only the key tells.
async fn a_made_up_ledger_is_one_thing_by_itself(app: &TestApp, page: &Verifier, receipt: &Given) {
    let ledger = &app.core.flow_settings.ledger_keys;
    let thief = thief(ledger.origin());
    let payload = with_head(&receipt.payload, ledger.origin(), &thief);
    let made_up = resigned(&payload, &thief);
    assert!(verify(&made_up, &[thief.vkey()]).is_ok());
    assert!(verify(&made_up, &ledger.trusted()).is_err());
    page.says(&[&made_up]).await.is_forged(&["key"], "made up with another key");
    page.knows("").await;
    let said = page.says_now().await;
    said.is_sound("receipt", "came-along");
    assert_ne!(said.title, SIGNED);
    page.knows(&key(app)).await;
}

async fn promises_are_held(app: &TestApp, page: &Verifier, [receipt, other]: [&Given; 2]) {
    let ledger = &app.core.flow_settings.ledger_keys;
    let promise = |leaf: &str| {
        let at = receipt.payload["ledger"]["body"]["at"].as_str().unwrap().to_owned();
        let (leaf, origin) = (leaf.to_owned(), ledger.origin().to_owned());
        Promise { at, event_id: receipt.event_id, leaf, merge_delay: 86_400, origin }
            .sign(ledger.first())
    };
    let kept = promise(&receipt.leaf);
    let said = page.says(&[&kept]).await;
    said.is_sound("promise", "known");
    assert_eq!(said.steps["step-kept"], "open", "{said:?}");
    let said = page.says(&[&receipt.jws, &kept]).await;
    said.is_sound("receipt", "known");
    assert_eq!(said.steps["promise-step-kept"], "ok", "{said:?}");
    let said = page.says(&[&receipt.jws, &promise(&other.leaf)]).await;
    said.is_forged(&["kept"], "a promise of another leaf");
    assert_eq!(said.title, "This promise was not kept");
    let stranger = thief(ledger.origin());
    let text = Promise::verify(&kept, &ledger.trusted()).unwrap().sign(&stranger);
    page.says(&[&text]).await.is_forged(&["key"], "a stranger's promise");
}
