//! Every screen of the console in a real browser, at two widths and in both colour schemes, with hostile
//! words stored wherever somebody can put any.

mod forms;
mod hostile_words;
mod keyboard;
mod pages;

use assent::domain::staff::member::StaffLinkKind;
use assent::flows::staff::add_staff::offer_first_account;
use fantoccini::Locator;

use crate::browser::reader::{Reader, Rules};
use crate::support::app::TestApp;
use crate::support::desk::PASSWORD;

/// At most 45 kB for a page and all that it loads: stylesheet, htmx, script, a cover.
const RULES: Rules =
    Rules { title: "Sample Press console", requests: 5, bytes: 45_000, pictures: "console/" };

const EMAIL: &str = "mar@sample.example";

async fn make_the_first_account(app: &TestApp, reader: &mut Reader) {
    let mut tx = app.write().await;
    let link = offer_first_account(&mut tx, &app.core.moment()).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    let link = app.core.links.staff(StaffLinkKind::First, link);
    reader.browser.goto(&link).await.unwrap();
    reader.looks_at("welcome").await;
    reader.press("Make the account and sign in").await;
    reader.is_refused().await;
    reader.looks_at("welcome-errors").await;
    types_password(reader).await;
    reader.press("Make the account and sign in").await;
    reader.sees("Today").await;
}

async fn types_password(reader: &Reader) {
    reader.fill("email", EMAIL).await;
    reader.fill("password", &PASSWORD.replace('+', " ")).await;
}

/// By the menu, which a small window keeps folded.
async fn sign_out(reader: &mut Reader, width: u32) {
    let place = if width < 960 { "details" } else { "div" };
    if place == "details" {
        reader.click(Locator::Css(".slim > summary")).await;
        reader.looks_at("menu").await;
    }
    let button = format!("//header/{place}//button[normalize-space()='Sign out']");
    reader.click(Locator::XPath(&button)).await;
    reader.sees("Sign in").await;
}
