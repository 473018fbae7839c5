//! Stories in a real browser, with the built program and its demo: the journey with and without
//! script, and every page as it looks and reads at two widths, in both colour schemes. They take longest, and are told
//! first: stories are told in the order of their names.

mod bot_check;
mod brand;
mod choices;
mod element;
mod first_screen;
mod frame;
mod journey;
mod pages;
pub mod reader;
mod screens;
mod verifier;

use assent::demo::texts::REPORT_SLUG;

// Links under a mail in the demo's mailbox.
const CONFIRM: &str = "main li a[href*='/confirm/']:not([href$='/not-me'])";
const NOT_ME: &str = "main li a[href$='/not-me']";
const MANAGE: &str = "main li a[href*='/preferences/']";
const LEAVE: &str = "main li a[href*='/unsubscribe/']";
const COMPARISON: &str = "main li a[href*='/changes?']";
const RENEW: &str = "main li a[href*='/renew/']";

fn report() -> String {
    format!("/reports/{REPORT_SLUG}")
}

/// A text without its line breaks.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
