//! The page as the program serves it: one press from a receipt.

use assent::domain::staff::member::Role;
use fantoccini::Locator;

use super::{ADA, RULES, SCREEN, SIGNED, Verifier, given, history, key, receipts};
use crate::browser::reader::Reader;
use crate::support::app::TestApp;
use crate::support::browser::Script;
use crate::support::desk::audit;
use crate::support::poll;

const PRESS: Locator<'static> = Locator::LinkText("Check this receipt");

/// It opens with the receipt in it, which no longer stands in its address.
async fn opens_with_the_receipt(app: &TestApp, page: &Verifier) {
    let verifier = format!("{}/ledger/verify", app.base);
    poll::until("the verifier", || async {
        let url = page.reader.browser.current_url().await.ok()?;
        (url.as_str() == verifier).then_some(())
    })
    .await;
    page.is_ready().await;
    page.says_now().await.is_sound("receipt", "came-along");
    page.reader.reads("#answer", ADA).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_is_one_press_from_its_check() {
    let app = history().await;
    let id = given(&receipts(&app).await, ADA, "newsletter:weekly").event_id;
    let choices = app.mail_to(ADA)[1].link("/preferences/");
    let reader = Reader::visits(&app.base, RULES, Script::On, SCREEN).await;
    let mut page = Verifier { reader };

    let receipt = format!("{choices}/receipts/{id}");
    page.reader.browser.goto(&receipt).await.unwrap();
    page.reader.click(PRESS).await;
    opens_with_the_receipt(&app, &page).await;
    page.knows(&key(&app)).await;
    assert_eq!(page.says_now().await.title, SIGNED);
    page.looks_good("served").await;

    // At the console it is written down, as whatever is taken away.
    let desk = app.sign_in(Role::Admin).await;
    let cookie = format!("{}; path=/", desk.cookie);
    page.reader
        .browser
        .execute("document.cookie = arguments[0]", vec![cookie.into()])
        .await
        .unwrap();
    let receipt = format!("/console/receipts/{id}");
    page.reader.open(&receipt).await;
    let before = audit(&app, "ledger.receipt").await.len();
    page.reader.click(PRESS).await;
    opens_with_the_receipt(&app, &page).await;
    assert_eq!(audit(&app, "ledger.receipt").await.len(), before + 1);
    // What leads there does not stand in the way back.
    page.reader.browser.back().await.unwrap();
    poll::until("the receipt", || async {
        let url = page.reader.browser.current_url().await.ok()?;
        (url.path() == receipt).then_some(())
    })
    .await;
}
