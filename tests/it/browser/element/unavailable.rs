//! Where the form cannot be shown, or cannot be sent: the link within the element leads on.

use assent::domain::alarm::confirmations;
use assent::flows::raise_alarm::raise;
use fantoccini::Locator;
use serde_json::json;

use super::{ADA, Article, BUTTON};
use crate::support::poll;

const LINK: Locator<'static> = Locator::LinkText("Get the report");

async fn leads_on(article: &Article) {
    let link = article.reader.find(LINK).await;
    assert!(link.is_displayed().await.unwrap());
    link.click().await.unwrap();
    poll::until("the landing page", || async {
        let url = article.reader.browser.current_url().await.ok()?;
        (url.path() == "/reports/sample").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_that_is_not_allowed_shows_the_link() {
    let mut article = Article::with("sample", &[]).await;
    // The same article by another name is another origin.
    let elsewhere = article.host.url("").replace("127.0.0.1", "localhost");
    let path = format!("{elsewhere}/{}/sample", article.app.address.port());
    article.reader.browser.goto(&path).await.unwrap();
    article.reads(".box", "can’t be reached").await;
    article.looks_good("blocked").await;
    leads_on(&article).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_that_is_not_offered_shows_the_link() {
    let article = Article::with("no-such-report", &[]).await;
    article.reads(".box", "no longer offered").await;
    assert!(article.reader.find(LINK).await.is_displayed().await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_our_server_the_link_stands_and_the_form_comes_back() {
    let article = Article::with("sample", &[]).await;
    let blocked = json!({ "urls": ["*/api/v1/*"] });
    let browser = &article.reader.browser;
    browser.devtools("Network.enable", json!({})).await;
    browser.devtools("Network.setBlockedURLs", blocked).await;
    article.open("sample").await;
    article.reads(".box", "can’t be reached").await;
    assert!(article.reader.find(LINK).await.is_displayed().await.unwrap());
    browser.devtools("Network.setBlockedURLs", json!({ "urls": [] })).await;
    // As a browser says when it is connected again.
    article.asks("dispatchEvent(new Event('online'))").await;
    article.find("#email").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_typed_survives_an_answer_that_never_came() {
    let article = Article::with("sample", &[]).await;
    article.fill("#email", ADA).await;
    article.click("#consent").await;
    let browser = &article.reader.browser;
    browser.devtools("Network.enable", json!({})).await;
    browser.devtools("Network.setBlockedURLs", json!({ "urls": ["*/api/v1/*"] })).await;
    article.click(BUTTON).await;
    article.is_refused("We got no answer").await;
    assert!(article.reader.find(LINK).await.is_displayed().await.unwrap());
    assert_eq!(article.value("#email").await, ADA);
    assert!(article.is_ticked("#consent").await);
    browser.devtools("Network.setBlockedURLs", json!({ "urls": [] })).await;
    article.click(BUTTON).await;
    article.reads(".heading", "Check your inbox").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_rests_says_so_and_loses_nothing() {
    let set = [("ASSENT_LIMIT_CONFIRMATIONS_COLLAPSE", "pause")];
    let mut article = Article::with("sample", &set).await;
    article.fill("#email", ADA).await;
    article.click("#consent").await;
    let mut tx = article.app.write().await;
    let slug = "sample".parse().unwrap();
    let form = confirmations(Some(&slug));
    raise(&mut tx, &article.app.core.moment(), &form, "few").await.unwrap();
    tx.commit().await.unwrap();
    poll::until("a form that rests", || async {
        let page = article.app.get("/reports/sample").await.text();
        page.contains("This form is paused").then_some(())
    })
    .await;
    article.click(BUTTON).await;
    article.is_refused("paused for now").await;
    assert_eq!(article.value("#email").await, ADA);
    article.open("sample").await;
    article.reads(".box", "paused for now").await;
    article.looks_good("resting").await;
    leads_on(&article).await;
}
