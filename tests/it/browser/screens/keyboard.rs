//! The console without a pointer.

use fantoccini::Locator;

use super::hostile_words::{NAME, READER, store_hostile_words};
use super::{EMAIL, RULES, make_the_first_account, sign_out};
use crate::browser::reader::{ENTER, Reader, Screen};
use crate::support::app::{Database, TestApp};
use crate::support::browser::Script;
use crate::support::desk::PASSWORD;

/// Signs in, finds somebody, opens their page and signs out, without a pointer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_errand_takes_no_more_than_the_keyboard() {
    let app = TestApp::start_empty(Database::Sqlite, &[]).await;
    store_hostile_words(&app).await;
    let screen = Screen { width: 1280, dark: false };
    let mut reader = Reader::visits(&app.base, RULES, Script::On, screen).await;
    make_the_first_account(&app, &mut reader).await;
    sign_out(&mut reader, 1280).await;

    reader.types(Locator::Id("email"), EMAIL).await;
    reader.types(Locator::Id("password"), &PASSWORD.replace('+', " ")).await;
    reader.key(ENTER).await;
    reader.sees("Today").await;
    // The first stop of each page leads past the menu.
    reader.browser.refresh().await.unwrap();
    reader.sees("Today").await;
    reader.keys(Locator::Css(".skip"), ENTER).await;
    let focused = reader.browser.active_element().await.unwrap();
    assert_eq!(focused.attr("id").await.unwrap().as_deref(), Some("main"));

    reader.open("/console").await;
    reader.keys(Locator::Css(".wide a[href='/console/subscribers']"), ENTER).await;
    reader.sees("Subscribers").await;
    reader.types(Locator::Css("input[type=search]"), "northmoor").await;
    reader.key(ENTER).await;
    reader.reads("#results", READER).await;
    reader.keys(Locator::Css("#results tbody a"), ENTER).await;
    reader.reads("main", NAME).await;

    reader.keys(Locator::Css(".wide button"), ENTER).await;
    reader.sees("Sign in").await;
}
