//! From an article to the report, without leaving it.

use fantoccini::Locator;
use serde_json::json;

use super::{ADA, Article, BUTTON, WIDE};
use crate::browser::reader::ENTER;
use crate::support::app::REPORT;
use crate::support::browser::Script;
use crate::support::http_client;
use crate::support::poll;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_had_without_leaving_the_article() {
    let mut article = Article::with("sample?utm_source=review&ref=ada@b.example", &[]).await;
    let begun_at = article.reader.browser.current_url().await.unwrap();
    article.find("#email").await;
    for id in ["#consent", "#newsletter"] {
        assert!(!article.is_ticked(id).await, "{id} starts unticked");
    }
    article.looks_good("form").await;
    article.click("#newsletter").await;
    article.signs_up(ADA).await;
    let waiting = article.text(".box").await.unwrap();
    for said in [ADA, "A sample report", "Privacy policy", "The weekly"] {
        assert!(waiting.contains(said), "{said} in {waiting}");
    }
    assert_eq!(article.focus().await, "title");
    article.looks_good("inbox").await;

    let mail = article.app.next_mail(ADA, 0).await;
    article.fill("#code", &mail.code()).await;
    article.reader.key(ENTER).await;
    article.reads(".heading", "Your report is ready").await;
    assert_eq!(article.focus().await, "title");
    article.looks_good("ready").await;
    let file = article.find("a.button").await.prop("href").await.unwrap().unwrap();
    let file = http_client::get(&file).await.unwrap();
    assert!(file.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
    assert_eq!(file.bytes().await.unwrap(), REPORT);
    assert_eq!(article.reader.browser.current_url().await.unwrap(), begun_at);

    let told = |name| json!([name, "assent-form", { "report": "sample" }]);
    let all = ["ready", "submitted", "confirmed"].map(told);
    assert_eq!(article.heard().await, json!(all), "no more than which report");
    article.kept_to_the_policy().await;
    let app = &article.app;
    let given = "SELECT count(*) FROM consent_event WHERE type = 'given'";
    assert_eq!(app.count(given).await, 2);
    let drawn = "SELECT count(*) FROM signup WHERE drawn_by = 'element'";
    assert_eq!(app.count(drawn).await, 1);
    let came = "SELECT count(*) FROM signup_source
                WHERE utm_source = 'review' AND ref IS NULL AND page_origin LIKE 'http://127.0.0.1:%'";
    assert_eq!(app.count(came).await, 1, "as the address of the article says");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn newsletters_are_signed_up_to_in_an_article() {
    let mut article = Article::with("newsletters", &[]).await;
    article.find("#email").await;
    assert_eq!(article.find(".heading").await.tag_name().await.unwrap(), "h3");
    article.fill("#email", ADA).await;
    article.click("#consent").await;
    article.click(BUTTON).await;
    article.is_refused("newsletter").await;
    article.click("#newsletter").await;
    article.click(BUTTON).await;
    article.reads(".heading", "Check your inbox").await;
    let mail = article.app.next_mail(ADA, 0).await;
    article.fill("#code", &mail.code()).await;
    article.click(BUTTON).await;
    article.reads(".heading", "Your subscription is confirmed").await;
    assert!(article.look("a.button").await.is_none(), "there is no report");
    let heard = article.heard().await;
    assert_eq!(heard[2], json!(["confirmed", "assent-form", { "report": null }]));
    article.looks_good("subscribed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_script_the_link_leads_on() {
    let article = Article::on((Script::Off, WIDE), "sample", &[]).await;
    article.reader.click(Locator::LinkText("Get the report")).await;
    article.reader.sees("A sample report").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keyboard_is_enough() {
    let article = Article::with("sample", &[]).await;
    article.find("#email").await;
    let mut order = Vec::new();
    for _ in 0..6 {
        article.reader.key('\u{e004}').await;
        let focus = "const it = document.activeElement?.shadowRoot?.activeElement;
            return it ? it.id || it.localName : null";
        order.push(article.asks(focus).await);
    }
    assert_eq!(json!(order), json!(["email", "summary", "consent", "a", "newsletter", "button"]));

    article.fill("#email", ADA).await;
    article.reader.key(ENTER).await;
    article.is_refused("privacy policy").await;
    assert_eq!(article.value("#email").await, ADA);
    article.click("#consent").await;
    article.click("#email").await;
    article.reader.key(ENTER).await;
    article.reads(".heading", "Check your inbox").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_in_one_article_keep_to_themselves() {
    let mut article = Article::with("sample+newsletters", &[]).await;
    article.find("#email").await;
    article.which = "assent-form[newsletters]";
    article.fill("#email", "bo@b.example").await;
    article.which = "assent-form[report]";
    article.signs_up(ADA).await;
    article.which = "assent-form[newsletters]";
    assert_eq!(article.value("#email").await, "bo@b.example");
    assert!(!article.is_ticked("#consent").await);
    article.click("label[for=consent]").await;
    assert!(article.is_ticked("#consent").await, "a label is that of its own box");
    article.looks_good("two").await;
    assert!(!article.app.next_mail(ADA, 0).await.links().is_empty());
    // What both tell is told apart by where it comes from.
    let ready = poll::until("two forms", || async {
        let heard = article.heard().await;
        let ready = heard.as_array()?.iter().filter(|told| told[0] == "ready").count();
        (ready == 2).then_some(heard)
    });
    ready.await;
}
