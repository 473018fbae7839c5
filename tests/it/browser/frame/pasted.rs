//! What the console gives to paste, as a page holds it.

use assent::domain::staff::member::Role;
use fantoccini::Locator;
use serde_json::json;

use super::{ADA, Article, WIDE};
use crate::support::app::TestApp;
use crate::support::browser::Script;

const SCREEN: &str = "/console/reports/sample/embed";

/// Signs the browser in at the console, and opens the screen there.
async fn opens_the_screen(article: &Article) {
    let app: &TestApp = &article.app;
    let desk = app.sign_in(Role::Viewer).await;
    article.reader.open("/livez").await;
    let cookie = format!("{}; path=/", desk.cookie);
    let set = "document.cookie = arguments[0]";
    article.reader.browser.execute(set, vec![cookie.into()]).await.unwrap();
    article.reader.open(SCREEN).await;
    article.reader.sees("On other pages").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_copied_works_as_it_is() {
    let article = Article::with((Script::On, WIDE), &[]).await;
    opens_the_screen(&article).await;
    let origin = article.app.base.clone();
    let may = json!({ "origin": origin, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
    article.reader.browser.devtools("Browser.grantPermissions", may).await;
    article.reader.click(Locator::Css("[data-copy=frame-code]")).await;
    article.reader.reads("#frame-code ~ p, .copy [role=status]", "Copied").await;
    let read = "const done = arguments[0]; navigator.clipboard.readText().then(done, String)";
    let copied = article.reader.browser.execute_async(read, vec![]).await.unwrap();
    assert_eq!(copied, article.reader.value("frame-code").await);
    let copied = copied.as_str().unwrap().to_owned();
    let base = &article.app.base;
    let site = article.app.core.flow_settings.site();
    // It names our address as readers know it, and here that is another port.
    assert!(copied.contains(&format!("src=\"{site}/embed/sample\"")), "{copied}");
    article.shows(&copied.replace(site, base)).await;
    article.enters(0).await;
    article.is_as_tall_as_it_says(0).await;
    article.signs_up(ADA).await;
    article.leaves().await;
    assert_eq!(article.asks("return window.refused").await, json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_preview_shows_the_form_and_sends_nothing() {
    let article = Article::with((Script::On, WIDE), &[]).await;
    opens_the_screen(&article).await;
    article.enters(0).await;
    article.reader.fill("email", ADA).await;
    article.reader.tick("consent").await;
    article.reader.press("Email me the report").await;
    article.reader.tick("newsletter").await;
    assert_eq!(article.reader.value("email").await, ADA);
    assert_eq!(article.app.count("SELECT count(*) FROM signup").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_script_the_code_stands_there_to_be_marked() {
    let article = Article::with((Script::Off, WIDE), &[]).await;
    opens_the_screen(&article).await;
    let button = article.reader.find(Locator::Css("[data-copy=frame-code]")).await;
    assert!(!button.is_displayed().await.unwrap());
    assert!(article.reader.value("frame-code").await.starts_with("<iframe src="));
}
