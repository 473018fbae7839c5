//! How the form in the frame looks and reads: by itself, for pictures show nothing of what is in a frame.

use super::{Article, SMALL, Screen, WIDE};
use crate::support::browser::Script;

const LONG: &str = "theodora.featherstonehaugh-blythe@northmoor-council.example";

async fn every_step(screen: Screen) {
    let mut article = Article::with((Script::On, screen), &[]).await;
    article.reader.open("/embed/newsletters").await;
    article.looks_good("newsletters").await;
    article.reader.open("/embed/sample").await;
    article.looks_good("form").await;
    article.reader.press("Email me the report").await;
    article.reader.is_refused().await;
    article.looks_good("errors").await;
    article.signs_up(LONG).await;
    article.looks_good("inbox").await;
    article.reader.press("Confirm").await;
    article.reader.is_refused().await;
    article.looks_good("inbox-errors").await;
    let mail = article.app.next_mail(LONG, 0).await;
    article.app.mail_settled().await;
    article.reader.fill("code", &mail.code()).await;
    article.reader.press("Confirm").await;
    article.reader.sees("Your report is ready").await;
    article.looks_good("ready").await;
    article.reader.open("/embed/none").await;
    article.looks_good("error").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_sound_on_a_small_light_screen() {
    every_step(SMALL).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn it_is_sound_on_a_small_dark_screen() {
    every_step(Screen { dark: true, ..SMALL }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn it_is_sound_on_a_large_light_screen() {
    every_step(WIDE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_fits_a_small_screen_with_large_text() {
    let mut article = Article::with((Script::On, SMALL), &["/embed/sample"]).await;
    article.enters(0).await;
    article.asks("document.documentElement.style.fontSize = '200%'").await;
    article.is_as_tall_as_it_says(0).await;
    article.looks_good("large-text").await;
}
