//! From the form to the report, with and without script.

use assent::demo::texts::{NEWSLETTER_NAME, REPORT_TITLE};
use fantoccini::Locator;

use super::reader::Reader;
use super::{CONFIRM, report, words};
use crate::support::browser::Script;
use crate::support::http_client;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_without_script_gets_the_report() {
    journey(Script::Off).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_with_script_gets_the_report() {
    journey(Script::On).await;
}

async fn journey(script: Script) {
    let reader = Reader::start(script, 1280, false, &[]).await;
    let email = "ada.lane@northmoor.example";

    reader.open("/").await;
    reader.click(Locator::LinkText(REPORT_TITLE)).await;
    reader.sees(REPORT_TITLE).await;
    for id in ["consent", "newsletter"] {
        assert!(!reader.is_ticked(id).await, "{id} starts unticked");
    }

    reader.unfolds().await;
    reader.fill("name", "Ada Lane").await;
    reader.tick("newsletter").await;
    reader.press("Email me the report").await;
    reader.is_refused().await;
    assert!(reader.is_unfolded().await, "it holds what was typed");
    let focused = reader.browser.active_element().await.unwrap();
    assert_eq!(focused.attr("id").await.unwrap().unwrap(), "errors");
    assert_eq!(reader.value("name").await, "Ada Lane");
    assert!(reader.is_ticked("newsletter").await);
    reader.click(Locator::Css("#errors a[href='#email']")).await;
    let focused = reader.browser.active_element().await.unwrap();
    assert_eq!(focused.attr("id").await.unwrap().unwrap(), "email");

    let agreed = [
        reader.text("label[for=consent]").await.unwrap(),
        words(&reader.text("label[for=newsletter]").await.unwrap()).replacen(
            NEWSLETTER_NAME,
            "",
            1,
        ),
    ];
    reader.fill("email", email).await;
    reader.tick("consent").await;
    reader.press("Email me the report").await;
    reader.sees("Check your inbox").await;
    let waiting = reader.text("main").await.unwrap();
    assert!(waiting.contains(email) && waiting.contains("Send it again"));

    reader.open_mail(email, "Your link to").await;
    reader.follows_the_button_of_the_mail().await;
    let confirm_link = reader.href(CONFIRM).await;
    reader.click(Locator::Css(CONFIRM)).await;
    reader.sees("Confirm and get the report").await;
    assert!(reader.is_ticked("newsletter").await);
    let shown = reader.text("main").await.unwrap();
    assert!(shown.contains("a…@northmoor.example") && !shown.contains(email));

    reader.press("Confirm and get the report").await;
    reader.sees("Your report is ready").await;
    let file = http_client::get(&reader.href("main a.button").await).await;
    let file = file.unwrap().bytes().await.unwrap();
    assert!(file.starts_with(b"%PDF-"), "{} bytes", file.len());

    reader.open_mail(email, "Your report and receipt").await;
    let receipt = words(&reader.text(".mail-text").await.unwrap());
    for agreed in agreed {
        assert!(receipt.contains(&words(&agreed)), "{agreed} in {receipt}");
    }
    reader.browser.goto(&confirm_link).await.unwrap();
    reader.sees("You have already confirmed").await;
}

/// Whose mail program strips links, or who reads mail on another device.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_without_script_types_the_code() {
    let reader = Reader::start(Script::Off, 320, false, &[]).await;
    let email = "bea.lane@northmoor.example";
    reader.asks(&report(), email, "Email me the report").await;
    reader.open_mail(email, "Your link to").await;
    let code = reader.code_of_the_mail().await;

    reader.open("/check-your-inbox").await;
    let wrong = if code == "123456" { "654 321" } else { "123 456" };
    reader.fill("code", wrong).await;
    reader.press("Confirm").await;
    reader.is_refused().await;
    reader.click(Locator::Css("#errors a[href='#code']")).await;
    assert_eq!(reader.value("code").await, wrong);
    reader.fill("code", &format!("{}-{} ", &code[..3], &code[3..])).await;
    reader.press("Confirm").await;
    reader.sees("Your report is ready").await;
    let file = http_client::get(&reader.href("main a.button").await).await;
    assert!(file.unwrap().bytes().await.unwrap().starts_with(b"%PDF-"));
    reader.open_mail(email, "Your report and receipt").await;
}

/// A dialog would make the next thing that the reader does fail, so none is looked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_reader_types_is_never_markup() {
    let reader = Reader::start(Script::On, 1280, false, &[]).await;
    let (hostile, email) = (r#"<img src=x onerror=alert(1)>"'{{7*7}}"#, "eve@northmoor.example");
    let is_text = async || {
        let images = reader.browser.find_all(Locator::Css("img:not(.cover)")).await.unwrap();
        assert!(images.is_empty(), "{}", reader.title().await);
    };

    reader.open(&report()).await;
    reader.unfolds().await;
    for id in ["email", "name", "organisation", "job_title"] {
        reader.fill(id, hostile).await;
    }
    reader.press("Email me the report").await;
    reader.is_refused().await;
    is_text().await;
    for id in ["email", "name", "organisation", "job_title"] {
        assert_eq!(reader.value(id).await, hostile);
    }
    reader.fill("email", email).await;
    reader.tick("consent").await;
    reader.press("Email me the report").await;
    reader.sees("Check your inbox").await;
    is_text().await;
    reader.open_mail(email, "Your link to").await;
    is_text().await;
    reader.click(Locator::Css(CONFIRM)).await;
    reader.sees("Confirm and get the report").await;
    is_text().await;
    reader.press("Confirm and get the report").await;
    reader.sees("Your report is ready").await;
    is_text().await;
    reader.open_mail(email, "Your report and receipt").await;
    is_text().await;
    reader.mail().await.enter_frame().await.unwrap();
    is_text().await;
}
