//! From an article to the report, in the frame.

use fantoccini::Locator;
use serde_json::json;

use super::{ADA, Article, WIDE};
use crate::support::app::REPORT;
use crate::support::browser::Script;
use crate::support::http_client;
use crate::support::poll;

const FRAME: &str = "/embed/sample";
/// What has the focus.
const FOCUS: &str = "return document.activeElement?.id || document.activeElement?.localName";

async fn gets_the_report(article: &Article) {
    let file = article.reader.href("a.button").await;
    let file = http_client::get(&file).await.unwrap();
    assert!(file.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
    assert_eq!(file.bytes().await.unwrap(), REPORT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_had_without_leaving_the_article() {
    let mut article = Article::with((Script::On, WIDE), &[FRAME]).await;
    article.enters(0).await;
    for id in ["consent", "newsletter"] {
        assert!(!article.reader.is_ticked(id).await, "{id} starts unticked");
    }
    article.is_as_tall_as_it_says(0).await;
    article.leaves().await;
    let focus = article.asks("return document.activeElement.localName").await;
    assert_eq!(focus, "body", "whoever reads the article goes on reading");
    article.enters(0).await;
    article.reader.press("Email me the report").await;
    article.reader.is_refused().await;
    assert_eq!(article.asks(FOCUS).await, "errors", "whoever cannot see it is told");
    article.is_as_tall_as_it_says(0).await;
    article.looks_good("framed-errors").await;
    article.signs_up(ADA).await;
    assert_eq!(article.asks(FOCUS).await, "h1");
    article.is_as_tall_as_it_says(0).await;
    let top = "return document.querySelector('iframe').getBoundingClientRect().top";
    article.leaves().await;
    poll::until("the beginning of the next step", || async {
        let top = article.asks(top).await.as_f64()?;
        (0.0..900.0).contains(&top).then_some(())
    })
    .await;
    article.enters(0).await;
    let mail = article.app.next_mail(ADA, 0).await;
    article.app.mail_settled().await;
    article.reader.fill("code", &mail.code()).await;
    article.reader.press("Confirm").await;
    article.reader.sees("Your report is ready").await;
    gets_the_report(&article).await;
    article.looks_good("framed-ready").await;
    assert!(article.reader.browser.get_all_cookies().await.unwrap().is_empty());

    article.leaves().await;
    assert_eq!(article.asks("return location.origin").await, article.url);
    assert_eq!(article.asks("return window.refused").await, json!([]));
    // The page is told how tall the frame is, and nothing about its reader.
    let heard = article.asks("return window.heard").await;
    for told in heard.as_array().unwrap() {
        assert_eq!(told["origin"], article.app.base);
        let names: Vec<&String> = told["data"].as_object().unwrap().keys().collect();
        assert!(names.iter().all(|name| ["assent", "height", "next"].contains(&name.as_str())));
    }
    assert!(heard.as_array().unwrap().len() >= 3);
    let page =
        "SELECT count(*) FROM signup WHERE drawn_by = 'ours' AND page LIKE 'http://localhost:%'";
    assert_eq!(article.app.count(page).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_script_it_is_the_same() {
    let article = Article::with((Script::Off, WIDE), &[FRAME]).await;
    article.enters(0).await;
    article.reader.press("Email me the report").await;
    article.reader.is_refused().await;
    article.signs_up(ADA).await;
    let mail = article.app.next_mail(ADA, 0).await;
    article.app.mail_settled().await;
    article.reader.fill("code", "123").await;
    article.reader.press("Confirm").await;
    article.reader.is_refused().await;
    article.reader.fill("code", &mail.code()).await;
    article.reader.press("Confirm").await;
    article.reader.sees("Your report is ready").await;
    gets_the_report(&article).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_keeps_back_its_name_is_told_nothing() {
    let article = Article::with((Script::On, WIDE), &[]).await;
    let base = &article.app.base;
    let frame = format!(
        "<iframe src=\"{base}{FRAME}\" title=\"A form\" height=\"600\" referrerpolicy=\"no-referrer\"></iframe>
        <script src=\"{base}/frame.js\" async></script>"
    );
    article.shows(&frame).await;
    article.enters(0).await;
    article.signs_up(ADA).await;
    article.leaves().await;
    assert_eq!(article.asks("return window.heard").await, json!([]));
    assert_eq!(article.asks("return document.querySelector('iframe').clientHeight").await, 600);
    assert_eq!(article.app.count("SELECT count(*) FROM signup WHERE page IS NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_that_is_not_allowed_shows_no_form() {
    let article = Article::with((Script::On, WIDE), &[FRAME]).await;
    article.enters(0).await;
    // The same article by another name is another site.
    let elsewhere = article.url.replace("localhost", "127.0.0.1");
    article.reader.browser.goto(&elsewhere).await.unwrap();
    // By then its frames are loaded, whatever is in them.
    poll::until("the whole article", || async {
        (article.asks("return document.readyState").await == "complete").then_some(())
    })
    .await;
    let frame = article.reader.find(Locator::Css("iframe")).await;
    frame.enter_frame().await.unwrap();
    assert!(article.reader.browser.find(Locator::Id("email")).await.is_err());
    let shown = article.reader.text("body").await.unwrap_or_default();
    assert!(!shown.contains("Get the report"), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_in_one_article_keep_to_themselves() {
    let article = Article::with((Script::On, WIDE), &[FRAME, "/embed/newsletters"]).await;
    article.enters(1).await;
    article.reader.fill("email", "bo@b.example").await;
    article.is_as_tall_as_it_says(1).await;
    article.leaves().await;
    article.enters(0).await;
    article.is_as_tall_as_it_says(0).await;
    article.signs_up(ADA).await;
    article.is_as_tall_as_it_says(0).await;
    article.leaves().await;
    article.enters(1).await;
    assert_eq!(article.reader.value("email").await, "bo@b.example");
    article.is_as_tall_as_it_says(1).await;
}
