//! What the element says of a form that is not taken, and that nothing typed is lost.

use std::time::Duration;

use assent::domain::policy::version::ChangeClass;

use super::{ADA, Article, BUTTON};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_are_told_where_they_are() {
    let mut article = Article::with("sample", &[]).await;
    article.fill("#email", "ada").await;
    article.click("summary").await;
    article.fill("#name", &"x".repeat(201)).await;
    article.fill("#organisation", "Northmoor Council").await;
    article.click("#newsletter").await;
    article.click(BUTTON).await;
    article.is_refused("There is a problem").await;
    article.looks_good("errors").await;
    let of_links =
        "return [...document.querySelector('assent-form').shadowRoot.querySelectorAll('#errors a')]
        .map(link => link.hash).join()";
    assert_eq!(article.asks(of_links).await, "#email,#name,#consent", "in the order of the form");
    let open =
        "return document.querySelector('assent-form').shadowRoot.querySelector('details').open";
    assert_eq!(article.asks(open).await, true, "it holds a refused field");

    for (css, value) in [("#email", "ada"), ("#organisation", "Northmoor Council")] {
        assert_eq!(article.value(css).await, value);
        let described = article.find(css).await.attr("aria-describedby").await.unwrap();
        assert_eq!(described.is_some_and(|ids| ids.contains("error")), css == "#email");
    }
    assert!(article.is_ticked("#newsletter").await);
    article.click("#errors a[href='#name']").await;
    assert_eq!(article.focus().await, "name");

    article.fill("#name", "Ada").await;
    article.signs_up(ADA).await;
    article.kept_to_the_policy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_changed_is_fetched_anew() {
    let mut article = Article::with("sample", &[]).await;
    article.fill("#email", ADA).await;
    article.click("summary").await;
    article.fill("#job_title", "Clerk").await;
    article.click("#consent").await;
    article.click("#newsletter").await;
    article.app.publish_change("2026-12", ChangeClass::Editorial, None).await;
    article.click(BUTTON).await;
    article.is_refused("changed while it was open").await;
    assert_eq!(article.value("#email").await, ADA);
    assert_eq!(article.value("#job_title").await, "Clerk");
    assert!(!article.is_ticked("#consent").await, "it was of another policy");
    assert!(article.is_ticked("#newsletter").await, "its words are the same");
    article.reads(".under", "version 2026-12").await;
    article.looks_good("changed").await;
    article.click("#consent").await;
    article.click(BUTTON).await;
    article.reads(".heading", "Check your inbox").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_code_is_told_and_another_mail_is_asked_for() {
    let set = [("ASSENT_LIMIT_MAIL_PER_ADDRESS", "2/15min,4/day")];
    let mut article = Article::with("sample", &set).await;
    article.signs_up(ADA).await;
    // Within its minute the mail waits; two are all that leave in a quarter.
    article.click(".second").await;
    article.reads(".status", "our message comes again").await;
    article.app.advance(Duration::from_secs(61));
    article.app.next_mail(ADA, 1).await;
    article.click(".second").await;
    article.is_refused("as many messages as we send").await;
    let mail = article.app.next_mail(ADA, 0).await;
    let wrong = if mail.code() == "123456" { "654321" } else { "123456" };
    article.fill("#code", wrong).await;
    article.click(BUTTON).await;
    article.is_refused("That code").await;
    assert_eq!(article.value("#code").await, wrong);
    article.looks_good("wrong-code").await;
    article.fill("#code", "").await;
    article.click(BUTTON).await;
    article.is_refused("six-digit code").await;

    // Somebody who mistyped their address starts again with what they typed.
    article.click(".plain").await;
    assert_eq!(article.focus().await, "email");
    assert_eq!(article.value("#email").await, ADA);
    assert!(article.is_ticked("#consent").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_message_is_sent_again() {
    let article = Article::with("sample", &[]).await;
    article.signs_up(ADA).await;
    let before = article.app.next_mail(ADA, 0).await;
    article.app.advance(Duration::from_secs(90));
    article.fill("#code", "12").await;
    article.click(".second").await;
    article.reads(".status", "our message comes again").await;
    assert_eq!(article.value("#code").await, "12", "what was typed is kept");
    let again = article.app.next_mail(ADA, 1).await;
    assert_eq!(again.link("/confirm/"), before.link("/confirm/"));
    article.fill("#code", &again.code()).await;
    article.click(BUTTON).await;
    article.reads(".heading", "Your report is ready").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_misspelt_address_is_put_right_by_one_press() {
    let mut article = Article::with("sample", &[]).await;
    article.signs_up("ada@gmial.com").await;
    article.reads(".second", "Send it to ada@gmail.com instead").await;
    article.looks_good("misspelt").await;
    article.click(".second").await;
    article.reads("b", "ada@gmail.com").await;
    article.reads(".second", "Send it again").await;
    let mail = article.app.next_mail("ada@gmail.com", 0).await;
    article.fill("#code", &mail.code()).await;
    article.click(BUTTON).await;
    article.reads(".heading", "Your report is ready").await;
    article.kept_to_the_policy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_that_fill_in_every_field_are_not_mailed() {
    let article = Article::with("sample", &[]).await;
    article.find("#email").await;
    let fill =
        "document.querySelector('assent-form').shadowRoot.getElementById('website').value = 'x'";
    article.asks(fill).await;
    article.signs_up(ADA).await;
    assert_eq!(article.app.count("SELECT count(*) FROM outbox").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_words_stay_words() {
    let article = Article::with("sample", &[]).await;
    let hostile = "\"><img src=x onerror=alert(1)>@b.example";
    article.fill("#email", hostile).await;
    article.click(BUTTON).await;
    article.is_refused("There is a problem").await;
    assert_eq!(article.value("#email").await, hostile);
    assert!(article.look("img").await.is_none());
    article.kept_to_the_policy().await;
}
