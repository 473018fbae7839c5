//! What somebody agreed to, as they see and change it: by keyboard without script, and every page as it
//! looks and reads.

use assent::demo::texts::NEWSLETTER_NAME;
use fantoccini::Locator;

use super::reader::{ENTER, Reader, SPACE};
use super::{COMPARISON, CONFIRM, LEAVE, MANAGE, RENEW, report};
use crate::support::browser::Script;
use crate::support::poll;

const ASK: &str = "Email me the report";
const PRIVACY: &str = "purpose";
const NEWSLETTER: &str = "purpose-2";
const RECEIPT: &str = "Your report and receipt";
/// Another mail again at once.
const SET: [(&str, &str); 1] = [("ASSENT_LIMIT_MAIL_PER_ADDRESS", "off")];

/// Agrees to everything that the report's form offers, and opens the receipt.
async fn agrees(reader: &Reader, email: &str) {
    reader.asks(&report(), email, ASK).await;
    reader.open_mail(email, "Your link to").await;
    reader.click(Locator::Css(CONFIRM)).await;
    reader.sees("Confirm and get the report").await;
    reader.press("Confirm and get the report").await;
    reader.sees("Your report is ready").await;
    reader.open_mail(email, RECEIPT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_with_a_keyboard_and_no_script_leaves() {
    let reader = Reader::start(Script::Off, 1280, false, &SET).await;
    let email = "ada.lane@northmoor.example";
    agrees(&reader, email).await;
    let (manage, leave) = (reader.href(MANAGE).await, reader.href(LEAVE).await);

    reader.keys(Locator::Css(MANAGE), ENTER).await;
    reader.sees("What you agreed to").await;
    assert!(reader.is_ticked(PRIVACY).await && reader.is_ticked(NEWSLETTER).await);
    let state = format!("#{NEWSLETTER}-state");
    reader.reads(&state, "Agreed since").await;
    reader.keys(Locator::Id(NEWSLETTER), SPACE).await;
    assert!(!reader.is_ticked(NEWSLETTER).await);
    reader.keys_to_button("Save my choices").await;
    reader.reads("[role=status]", "Your choices are saved").await;
    assert!(reader.is_ticked(PRIVACY).await && !reader.is_ticked(NEWSLETTER).await);
    reader.reads(&state, "Withdrawn since").await;
    reader.open_mail(email, "Receipt: your choices").await;
    let told = reader.text(".mail-text").await.unwrap();
    assert!(told.contains("What has ended") && told.contains(NEWSLETTER_NAME), "{told}");

    reader.keys(Locator::Css(MANAGE), ENTER).await;
    reader.sees("What you agreed to").await;
    reader.keys(Locator::Id(NEWSLETTER), SPACE).await;
    reader.keys_to_button("Save my choices").await;
    reader.reads(&state, "Agreed since").await;

    reader.open_mail(email, RECEIPT).await;
    reader.keys(Locator::Css(LEAVE), ENTER).await;
    reader.sees("Unsubscribe").await;
    reader.reads("main", NEWSLETTER_NAME).await;
    reader.keys_to_button("Unsubscribe").await;
    reader.sees("You are unsubscribed").await;

    reader.browser.goto(&manage).await.unwrap();
    reader.reads(&state, "Withdrawn since").await;
    reader.keys_to_button("Erase my details").await;
    reader.is_refused().await;
    reader.keys(Locator::Id("confirm"), SPACE).await;
    reader.keys_to_button("Erase my details").await;
    reader.sees("Your details are erased").await;
    reader.browser.goto(&manage).await.unwrap();
    reader.sees("We hold nothing under this link").await;
    reader.browser.goto(&leave).await.unwrap();
    reader.reads("main", "What this link was for was deleted").await;
}

/// Whatever the browser restores of a page (the page itself, or its ticks in a page that was fetched anew), what was
/// left meanwhile stays left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_back_button_brings_nothing_back() {
    let reader = Reader::start(Script::On, 1280, false, &SET).await;
    let email = "ada.lane@northmoor.example";
    agrees(&reader, email).await;
    let (manage, leave) = (reader.href(MANAGE).await, reader.href(LEAVE).await);
    let state = format!("#{NEWSLETTER}-state");
    let left_by_the_mail = async || {
        reader.browser.goto(&leave).await.unwrap();
        reader.press("Unsubscribe").await;
        reader.sees("You are unsubscribed").await;
    };

    // Back to the page as it was before.
    reader.browser.goto(&manage).await.unwrap();
    reader.reads(&state, "Agreed since").await;
    left_by_the_mail().await;
    for _ in 0..2 {
        reader.browser.back().await.unwrap();
    }
    reader.sees("What you agreed to").await;
    reader.fill("name", "Ada Lane").await;
    reader.press("Save my choices").await;
    reader.reads("[role=status]", "saved").await;
    reader.reads(&state, "Withdrawn since").await;
    assert!(!reader.is_ticked(NEWSLETTER).await && reader.value("name").await == "Ada Lane");

    // Back to the page on which it was agreed to again.
    reader.tick(NEWSLETTER).await;
    reader.press("Save my choices").await;
    reader.reads(&state, "Agreed since").await;
    left_by_the_mail().await;
    for _ in 0..2 {
        reader.browser.back().await.unwrap();
    }
    reader.sees("What you agreed to").await;
    reader.fill("name", "Ada").await;
    reader.press("Save my choices").await;
    reader.reads(&state, "Withdrawn since").await;
    assert!(!reader.is_ticked(NEWSLETTER).await && reader.value("name").await == "Ada");

    // A tick that was not saved does not outlive the page.
    reader.tick(NEWSLETTER).await;
    reader.browser.refresh().await.unwrap();
    reader.sees("What you agreed to").await;
    assert!(!reader.is_ticked(NEWSLETTER).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn every_page_of_choices_is_sound_on_a_small_light_screen() {
    every_page_of_choices(320, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn every_page_of_choices_is_sound_on_a_small_dark_screen() {
    every_page_of_choices(320, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn every_page_of_choices_is_sound_on_a_large_light_screen() {
    every_page_of_choices(1280, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn every_page_of_choices_is_sound_on_a_large_dark_screen() {
    every_page_of_choices(1280, true).await;
}

async fn every_page_of_choices(width: u32, dark: bool) {
    let mut reader = Reader::start(Script::On, width, dark, &SET).await;
    let email = "theodora.featherstonehaugh-blythe@northmoor-council.example";
    agrees(&reader, email).await;
    let leave = reader.href(LEAVE).await;

    ask_for_a_lost_link(&mut reader, email).await;
    let manage = reader.href(MANAGE).await;
    reader.click(Locator::Css(MANAGE)).await;
    reader.sees("What you agreed to").await;
    reader.looks_at("preferences").await;
    look_at_what_is_held(&mut reader).await;

    reader.browser.goto(&leave).await.unwrap();
    reader.sees("Unsubscribe").await;
    reader.looks_at("unsubscribe").await;
    reader.press("Unsubscribe").await;
    reader.sees("You are unsubscribed").await;
    reader.looks_at("unsubscribed").await;
    reader.browser.goto(&leave).await.unwrap();
    reader.sees("This is not being sent to you").await;
    reader.looks_at("unsubscribe-nothing").await;

    reader.browser.goto(&manage).await.unwrap();
    change(&mut reader).await;
    reader.open_mail(email, "Receipt: what you agreed to has ended").await;
    reader.looks_at("mail-change").await;
    reader.browser.goto(&manage).await.unwrap();
    reader.tick("confirm").await;
    reader.press("Erase my details").await;
    reader.sees("Your details are erased").await;
    reader.looks_at("erased").await;
    reader.browser.goto(&manage).await.unwrap();
    reader.sees("We hold nothing under this link").await;
    reader.looks_at("preferences-erased").await;

    stay(&mut reader).await;
    let faults = reader.faults.join("\n");
    assert!(faults.is_empty(), "{faults}");
}

async fn ask_for_a_lost_link(reader: &mut Reader, email: &str) {
    reader.open("/preferences").await;
    reader.looks_at("preferences-ask").await;
    reader.press("Send me the link").await;
    reader.is_refused().await;
    reader.looks_at("preferences-ask-errors").await;
    reader.fill("email", email).await;
    reader.press("Send me the link").await;
    reader.reads("[role=status]", "on its way").await;
    reader.looks_at("preferences-ask-sent").await;
    reader.open_mail(email, "Your link to what you agreed to").await;
    reader.looks_at("mail-preferences-link").await;
}

/// From the page of choices, and back to it.
async fn look_at_what_is_held(reader: &mut Reader) {
    reader.click(Locator::Css("#purpose-2-state a[href*='/receipts/']")).await;
    reader.sees("Consent receipt").await;
    // It is sealed within seconds.
    poll::until("a sealed receipt", || async {
        reader.browser.refresh().await.unwrap();
        reader.text("main").await?.contains("holds this entry").then_some(())
    })
    .await;
    reader.looks_at("receipt").await;
    reader.click(Locator::Css(".back a")).await;
    reader.sees("What you agreed to").await;
    reader.click(Locator::LinkText("See everything that we hold")).await;
    reader.sees("What we hold about you").await;
    reader.looks_at("my-data").await;
}

/// On the page of choices, whose newsletter was left.
async fn change(reader: &mut Reader) {
    reader.looks_at("preferences-left").await;
    reader.press("Erase my details").await;
    reader.is_refused().await;
    reader.looks_at("preferences-erase-errors").await;
    reader.tick(NEWSLETTER).await;
    reader.press("Save my choices").await;
    reader.reads("[role=status]", "Your choices are saved").await;
    reader.looks_at("preferences-saved").await;
    reader.press("Withdraw everything").await;
    reader.reads("[role=status]", "You have withdrawn everything").await;
    reader.looks_at("preferences-withdrawn").await;
    reader.tick(NEWSLETTER).await;
    reader.press("Save my choices").await;
    reader.is_refused().await;
    reader.looks_at("preferences-errors").await;
}

/// Somebody else is asked again under a new policy.
async fn stay(reader: &mut Reader) {
    let email = "bo@northmoor.example";
    agrees(reader, email).await;
    reader.is_asked_again(&SET).await;
    let question = format!("Would you like to keep {NEWSLETTER_NAME}?");
    reader.open_mail(email, &question).await;
    reader.looks_at("mail-renewal").await;
    let (comparison, renew) = (reader.href(COMPARISON).await, reader.href(RENEW).await);
    reader.browser.goto(&comparison).await.unwrap();
    reader.sees("What changed in our privacy policy").await;
    reader.looks_at("policy-changes").await;
    reader.browser.goto(&renew).await.unwrap();
    reader.sees(&question).await;
    assert!(!reader.is_ticked(PRIVACY).await && !reader.is_ticked(NEWSLETTER).await);
    reader.looks_at("renew").await;
    let leave = reader.href("main .aside a[href*='/unsubscribe/']").await;
    reader.tick(NEWSLETTER).await;
    reader.press("Agree to what I ticked").await;
    reader.is_refused().await;
    reader.looks_at("renew-errors").await;
    assert!(reader.is_ticked(NEWSLETTER).await, "what was ticked is kept");
    reader.tick(PRIVACY).await;
    reader.press("Agree to what I ticked").await;
    reader.sees("You agreed again").await;
    reader.looks_at("renewed").await;
    reader.browser.goto(&leave).await.unwrap();
    reader.sees("Withdraw what you agreed to").await;
    reader.looks_at("withdraw").await;
    reader.press("Withdraw").await;
    reader.sees("You have withdrawn").await;
    reader.looks_at("withdrawn").await;
}
