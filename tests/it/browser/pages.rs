//! Every page of the journey, as it looks and reads.

use fantoccini::Locator;

use super::reader::Reader;
use super::{CONFIRM, NOT_ME, report};
use crate::support::browser::Script;
use crate::support::http_client;
use crate::support::poll;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_sound_on_a_small_light_screen() {
    every_page(320, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn every_page_is_sound_on_a_small_dark_screen() {
    every_page(320, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn every_page_is_sound_on_a_large_light_screen() {
    every_page(1280, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn every_page_is_sound_on_a_large_dark_screen() {
    every_page(1280, true).await;
}

async fn every_page(width: u32, dark: bool) {
    // A mail again at once, and a link that one download uses up.
    let set = [("ASSENT_LIMIT_MAIL_PER_ADDRESS", "off"), ("ASSENT_DOWNLOAD_LIMIT", "1")];
    let mut reader = Reader::start(Script::On, width, dark, &set).await;
    let plain = [
        ("/dev/mailbox", "mailbox-empty"),
        ("/", "index"),
        ("/policies/privacy", "policy"),
        ("/it", "it"),
        ("/api", "api"),
        ("/purposes/privacy-policy", "purpose"),
        ("/complaints", "complaint"),
        ("/ledger", "ledger"),
        ("/nowhere", "error"),
        ("/check-your-inbox", "check-your-inbox-unknown"),
        ("/unsubscribe/cut", "broken-link"),
        (&report(), "report"),
    ];
    for (path, name) in plain {
        reader.open(path).await;
        reader.looks_at(name).await;
    }
    reader.press("Email me the report").await;
    reader.is_refused().await;
    reader.looks_at("report-errors").await;

    complain(&mut reader).await;
    ask_for_a_fresh_link(&mut reader).await;
    get_a_report(&mut reader).await;
    sign_up_to_a_newsletter(&mut reader).await;
    cancel_a_request(&mut reader).await;
    mistype_an_address(&mut reader).await;
    type_another_forms_code(&mut reader).await;

    let faults = reader.faults.join("\n");
    assert!(faults.is_empty(), "{faults}");
}

/// About data protection.
async fn complain(reader: &mut Reader) {
    reader.open("/complaints").await;
    reader.press("Send the complaint").await;
    reader.is_refused().await;
    reader.looks_at("complaint-errors").await;
    reader.fill("email", "theodora.featherstonehaugh-blythe@northmoor-council.example").await;
    reader.fill("words", "You write to me again and again.").await;
    reader.press("Send the complaint").await;
    reader.sees("We have your complaint").await;
    reader.looks_at("complaint-received").await;
}

/// By a link of which nothing but its beginning is left.
async fn ask_for_a_fresh_link(reader: &mut Reader) {
    reader.open("/confirm/").await;
    reader.sees("This link is not whole").await;
    reader.press("Email me a fresh link").await;
    reader.is_refused().await;
    reader.looks_at("fresh-link-errors").await;
    reader.fill("email", "nobody@northmoor.example").await;
    reader.press("Email me a fresh link").await;
    reader.reads("[role=status]", "on its way").await;
    reader.looks_at("fresh-link-sent").await;
}

async fn get_a_report(reader: &mut Reader) {
    let email = "theodora.featherstonehaugh-blythe@northmoor-council.example";
    reader.asks(&report(), email, "Email me the report").await;
    reader.looks_at("check-your-inbox").await;
    reader.open_mail(email, "Your link to").await;
    let confirm = reader.href(CONFIRM).await;
    reader.looks_at("mail").await;

    reader.open("/check-your-inbox").await;
    reader.press("Send it again").await;
    poll::until("the word that it was sent", || reader.text("[role=status]")).await;
    reader.looks_at("check-your-inbox-again").await;
    reader.press("Confirm").await;
    reader.is_refused().await;
    reader.looks_at("check-your-inbox-errors").await;

    reader.browser.goto(&confirm).await.unwrap();
    reader.looks_at("confirm").await;
    reader.press("Confirm and get the report").await;
    reader.sees("Your report is ready").await;
    reader.looks_at("download").await;
    let file = reader.href("main a.button").await;
    let file = http_client::get(&file).await.unwrap();
    assert!(file.status().is_success());
    // Whoever comes back within the hour takes it once more.
    reader.browser.refresh().await.unwrap();
    reader.sees("Your report is ready").await;
    reader.browser.goto(&confirm).await.unwrap();
    reader.sees("You have already confirmed").await;
    reader.looks_at("confirmed").await;
    reader.open_mail(email, "Your report and receipt").await;
    reader.looks_at("mail-receipt").await;
}

async fn sign_up_to_a_newsletter(reader: &mut Reader) {
    let email = "bo@northmoor.example";
    reader.open("/newsletters").await;
    reader.looks_at("newsletters").await;
    reader.press("Sign up").await;
    reader.is_refused().await;
    reader.looks_at("newsletters-errors").await;
    reader.asks("/newsletters", email, "Sign up").await;
    reader.open_mail(email, "Confirm your newsletter sign-up").await;
    reader.click(Locator::Css(CONFIRM)).await;
    reader.sees("Confirm your subscription").await;
    reader.looks_at("confirm-newsletter").await;
    reader.press("Confirm").await;
    reader.sees("Your subscription is confirmed").await;
    reader.looks_at("thank-you").await;
}

async fn type_another_forms_code(reader: &mut Reader) {
    let email = "di@northmoor.example";
    reader.asks(&report(), email, "Email me the report").await;
    reader.open_mail(email, "Your link to").await;
    let code = reader.code_of_the_mail().await;
    reader.asks("/newsletters", email, "Sign up").await;
    reader.looks_at("check-your-inbox-newsletter").await;
    reader.fill("code", &code).await;
    reader.press("Confirm").await;
    reader.sees("That code belongs to another form").await;
    reader.looks_at("code-of-another-form").await;
    reader.press("Confirm and get the report").await;
    reader.sees("Your report is ready").await;
}

async fn mistype_an_address(reader: &mut Reader) {
    reader.asks(&report(), "fay@gmial.com", "Email me the report").await;
    reader.looks_at("check-your-inbox-misspelt").await;
    reader.press("Send it to fay@gmail.com instead").await;
    reader.reads("[role=status]", "We use this address instead").await;
    reader.looks_at("check-your-inbox-instead").await;
    reader.open_mail("fay@gmail.com", "Your link to").await;
}

async fn cancel_a_request(reader: &mut Reader) {
    let email = "cy@northmoor.example";
    reader.asks(&report(), email, "Email me the report").await;
    reader.open("/dev/mailbox").await;
    reader.looks_at("mailbox").await;
    reader.open_mail(email, "Your link to").await;
    let confirm = reader.href(CONFIRM).await;
    reader.click(Locator::Css(NOT_ME)).await;
    reader.sees("You did not ask for this?").await;
    reader.looks_at("not-me").await;
    reader.press("Cancel the request").await;
    reader.sees("The request is cancelled").await;
    reader.looks_at("not-me-done").await;
    reader.browser.goto(&confirm).await.unwrap();
    reader.sees("This request was cancelled").await;
    reader.looks_at("gone").await;
}
