//! Forms of the console as somebody at a browser meets them: refused, filled in, done.

use assent::domain::staff::two_factor::CodeSecret;
use data_encoding::BASE32_NOPAD;
use fantoccini::Locator;

use super::hostile_words::{DRAFT, NAME, ORGANISATION, TITLE};
use super::{EMAIL, RULES, sign_out, types_password};
use crate::browser::reader::Reader;
use crate::support::app::{NEWSLETTER, TestApp};
use crate::support::desk::PASSWORD;

/// Forms of reports, newsletters and policies that were refused, and a policy on its way.
pub(super) async fn offers(reader: &mut Reader) {
    reader.open("/console/reports/new").await;
    reader.press("Add as a draft").await;
    reader.is_refused().await;
    reader.looks_at("reports-new-errors").await;
    let draft = format!("/console/reports/{DRAFT}");
    reader.open(&draft).await;
    reader.looks_at("reports-draft").await;
    reader.open(&format!("{draft}/preview")).await;
    reader.rules.title = "Sample Press";
    reader.looks_at("reports-draft-preview").await;
    reader.rules.title = RULES.title;
    reader.open(&format!("/console/newsletters/{NEWSLETTER}/edit")).await;
    reader.press("Stop offering it").await;
    reader.reads(".word", "The newsletter is archived").await;
    reader.looks_at("newsletters-set-aside").await;
    reader.open("/console/newsletters/new").await;
    reader.press("Add the newsletter").await;
    reader.is_refused().await;
    reader.looks_at("newsletters-new-errors").await;
    reader.open("/console/newsletters/purposes/new").await;
    reader.press("Add the purpose").await;
    reader.is_refused().await;
    reader.looks_at("newsletters-purposes-new-errors").await;
    reader.open("/console/policies/new").await;
    reader.press("Look at what changes").await;
    reader.is_refused().await;
    reader.looks_at("policies-new-errors").await;
    reader.fill("label", "2027-01").await;
    reader
        .fill("text", &format!("# Privacy\n\nVersion 2027-01: we keep very little.\n\n{TITLE}"))
        .await;
    reader.click(Locator::Id("change-2")).await;
    reader.fill("changes", "We keep your details for one year, no longer for two.").await;
    reader.press("Look at what changes").await;
    reader.sees("Version 2027-01").await;
    reader.looks_at("policies-new-preview").await;
    // Back, by the browser's own button, loses nothing of what was written.
    reader.press("Go on writing").await;
    reader.sees("Write the next privacy policy").await;
    reader.browser.back().await.unwrap();
    reader.sees("Version 2027-01").await;
    reader.browser.back().await.unwrap();
    reader.sees("Write the next privacy policy").await;
    assert!(reader.value("text").await.contains("we keep very little"), "the text is there again");
    assert_eq!(reader.value("label").await, "2027-01");
    reader.press("Look at what changes").await;
    reader.sees("Version 2027-01").await;
    reader.press("Publish").await;
    reader.is_refused().await;
    reader.tick("sure").await;
    reader.press("Publish").await;
    reader.reads(".word", "The version is in force").await;
    reader.looks_at("policies-published").await;
}

/// Another tool's list, of which some is not understood.
pub(super) async fn list(reader: &mut Reader) {
    reader.open("/console/suppressions/bring").await;
    reader.press("Stop mail to these addresses").await;
    reader.is_refused().await;
    reader.looks_at("suppressions-bring-errors").await;
    let rows = format!("email,reason\ndan@harrowby.example,manual\n{NAME}");
    reader.fill("rows", &rows).await;
    reader.fill("source", ORGANISATION).await;
    reader.press("Stop mail to these addresses").await;
    reader.reads("main", "Suppressed now").await;
    reader.looks_at("suppressions-bring-refused").await;
}

/// What came by telephone: entered, asked about, answered and closed.
pub(super) async fn requests(reader: &mut Reader) {
    reader.open("/console/requests/new").await;
    reader.press("Enter the request").await;
    reader.is_refused().await;
    reader.looks_at("requests-new-errors").await;
    reader.click(Locator::Id("kind-2")).await;
    reader.click(Locator::Css("[name=channel] [value=telephone]")).await;
    reader.fill("name", NAME).await;
    reader.fill("email", "eve@harrowby.example").await;
    reader.fill("words", ORGANISATION).await;
    reader.press("Enter the request").await;
    reader.reads(".word", "The request is entered").await;
    reader.press("Close the request").await;
    reader.is_refused().await;
    reader.looks_at("requests-id-errors").await;
    reader.click(Locator::LinkText("Ask who they are")).await;
    reader.sees("Ask who they are").await;
    reader.press("Send the letter").await;
    reader.is_refused().await;
    reader.looks_at("requests-id-letters-kind-errors").await;
    reader.fill("words", ORGANISATION).await;
    reader.press("Send the letter").await;
    reader.reads(".word", "The letter is on its way").await;
    reader.looks_at("requests-id-waiting").await;
    reader.press("Their proof of identity came").await;
    reader.reads(".word", "goes on").await;
    reader.click(Locator::LinkText("Say that it takes longer")).await;
    reader.sees("Say that it takes longer").await;
    reader.looks_at("requests-id-letters-kind-extended").await;
    reader.open("/console/requests?state=closed").await;
    reader.looks_at("requests-closed").await;
}

/// Made, and shown once.
pub(super) async fn token(reader: &mut Reader) {
    reader.open("/console/tokens").await;
    reader.press("Make the token").await;
    reader.is_refused().await;
    reader.looks_at("tokens-errors").await;
    reader.fill("name", NAME).await;
    reader.click(Locator::Css("[name=scopes]")).await;
    reader.press("Make the token").await;
    reader.reads("main", "assent_").await;
    reader.looks_at("token-made").await;
}

/// Set up, and asked for at the next sign-in.
pub(super) async fn two_factor(app: &TestApp, reader: &mut Reader, width: u32) {
    reader.open("/console/account").await;
    reader.press("Set two-factor up").await;
    reader.is_refused().await;
    reader.looks_at("account-errors").await;
    reader.fill("present-on", &PASSWORD.replace('+', " ")).await;
    reader.press("Set two-factor up").await;
    reader.reads("main", "Key:").await;
    reader.looks_at("two-factor").await;
    reader.press("Turn two-factor on").await;
    reader.is_refused().await;
    reader.looks_at("two-factor-errors").await;
    let key = reader.text("code.hash").await.unwrap().replace(' ', "");
    let mut derived = [0; 32];
    derived[..20].copy_from_slice(&BASE32_NOPAD.decode(key.as_bytes()).unwrap());
    let secret = CodeSecret::from_derived(&derived);
    reader.fill("code", &secret.code(app.clock.now()).unwrap().to_string()).await;
    reader.press("Turn two-factor on").await;
    reader.reads("main", "recovery code").await;
    reader.looks_at("recovery-codes").await;
    let code = reader.text("main li code").await.unwrap();
    sign_out(reader, width).await;
    types_password(reader).await;
    reader.press("Sign in").await;
    reader.sees("Enter your code").await;
    reader.looks_at("second-step").await;
    reader.press("Sign in").await;
    reader.is_refused().await;
    reader.looks_at("second-step-errors").await;
    reader.fill("code", &code).await;
    reader.press("Sign in").await;
    reader.sees("Today").await;
    sign_out(reader, width).await;
}

/// Asked for, and chosen behind the mailed link.
pub(super) async fn new_password(app: &TestApp, reader: &mut Reader) {
    reader.open("/console/forgot").await;
    reader.press("Mail me the link").await;
    reader.is_refused().await;
    reader.looks_at("forgot-errors").await;
    reader.fill("email", EMAIL).await;
    reader.press("Mail me the link").await;
    reader.reads(".word", "is on its way").await;
    reader.looks_at("forgot-sent").await;
    let link = app.next_mail(EMAIL, 0).await.link("/console/reset/");
    reader.browser.goto(&link).await.unwrap();
    reader.looks_at("choose-password").await;
    reader.press("Save the password and sign in").await;
    reader.is_refused().await;
    reader.looks_at("choose-password-errors").await;
}
