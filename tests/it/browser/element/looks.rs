//! How the element looks and reads: on a small screen, with large text, in colours that its reader forces.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::{ADA, Article, BUTTON, Screen};
use crate::support::browser::Script;

const SMALL: Screen = Screen { width: 320, dark: false };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_fits_a_small_screen_with_large_text() {
    let mut article = Article::on((Script::On, SMALL), "sample+newsletters", &[]).await;
    article.find("#email").await;
    article.looks_good("small").await;
    article.asks("document.documentElement.style.fontSize = '200%'").await;
    article.looks_good("small-large-text").await;
    article.click(BUTTON).await;
    article.is_refused("There is a problem").await;
    article.looks_good("small-large-text-errors").await;
    article.signs_up("theodora.featherstonehaugh-blythe@northmoor-council.example").await;
    article.looks_good("small-large-text-inbox").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forced_colours_hide_nothing() {
    let mut article = Article::on((Script::On, SMALL), "sample", &[]).await;
    let forced = json!({ "features": [{ "name": "forced-colors", "value": "active" }] });
    article.reader.browser.devtools("Emulation.setEmulatedMedia", forced).await;
    article.click("#newsletter").await;
    article.click(BUTTON).await;
    article.is_refused("There is a problem").await;
    article.looks_good("forced").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_dark_where_the_page_is_and_takes_its_colours() {
    let mut article = Article::on((Script::On, SMALL), "sample", &[]).await;
    article.find("#email").await;
    let style = "return getComputedStyle(document.querySelector('assent-form').shadowRoot.querySelector('.box')).backgroundColor";
    assert_eq!(article.asks(style).await, "rgb(255, 255, 255)");
    let dark = "document.documentElement.style.colorScheme = 'dark'";
    article.asks(dark).await;
    assert_eq!(article.asks(style).await, "rgb(32, 29, 37)");
    article.looks_good("dark-page").await;
    let own = "document.querySelector('assent-form').style.setProperty('--assent-surface', 'rgb(1, 2, 3)')";
    article.asks(own).await;
    assert_eq!(article.asks(style).await, "rgb(1, 2, 3)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_is_announced_in_one_place() {
    let article = Article::with("sample", &[]).await;
    let same = "const now = document.querySelector('assent-form').shadowRoot.querySelector('[role=status]');
        window.place ??= now; return now === window.place";
    article.find("#email").await;
    assert_eq!(article.asks(same).await, true);
    article.signs_up(ADA).await;
    assert_eq!(article.asks(same).await, true, "it was there before what it says");
}

#[test]
fn it_is_at_most_six_kilobytes() {
    let script = include_bytes!("../../../../assets/embed.js");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(script).unwrap();
    let length = gzip.finish().unwrap().len();
    assert!(length <= 6_000, "{length} bytes");
}
