//! The bot check on our own page: done while the form is filled in, and not missed without script.

use fantoccini::Locator;

use super::reader::{Reader, Rules, Screen};
use crate::support::app::{Database, PATH, TestApp};
use crate::support::browser::Script;

const ON: [(&str, &str); 2] = [("ASSENT_BOT_CHECK", "on"), ("ASSENT_LIMIT_SIGNUPS_PER_IP", "off")];
/// The page, its styles, two scripts and the challenge.
const RULES: Rules =
    Rules { title: "Sample Press", requests: 5, bytes: 20_000, pictures: "bot_check/" };
const ADA: &str = "ada@b.example";
const SOLVED: &str = "SELECT count(*) FROM solved_check";

async fn our_page(script: Script) -> (TestApp, Reader) {
    let app = TestApp::start_with(Database::Sqlite, &ON).await;
    let reader = Reader::visits(&app.base, RULES, script, Screen { width: 800, dark: false }).await;
    reader.open(PATH).await;
    reader.fill("email", ADA).await;
    reader.tick("consent").await;
    (app, reader)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_page_does_the_work_while_it_is_filled_in() {
    let (app, reader) = our_page(Script::On).await;
    let field = reader.browser.find(Locator::Id("email")).await.unwrap();
    // Enter sends it, as without script.
    field.send_keys("\u{e007}").await.unwrap();
    reader.sees("Check your inbox").await;
    assert_eq!(app.count(SOLVED).await, 1);
    // Whoever comes back sends with another answer.
    reader.browser.back().await.unwrap();
    reader.fill("email", ADA).await;
    if !reader.is_ticked("consent").await {
        reader.tick("consent").await;
    }
    reader.press("Email me the report").await;
    reader.sees("Check your inbox").await;
    assert_eq!((app.count(SOLVED).await, app.count("SELECT count(*) FROM signup").await), (2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_script_the_form_is_sent_all_the_same() {
    let (app, reader) = our_page(Script::Off).await;
    reader.press("Email me the report").await;
    reader.sees("Check your inbox").await;
    assert_eq!((app.count(SOLVED).await, app.count("SELECT count(*) FROM signup").await), (0, 1));
}
