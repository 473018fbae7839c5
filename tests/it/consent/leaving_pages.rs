//! The pages behind somebody's own link and the mails about them, word for word: what a reader sees of
//! their choices changes only with its snapshot.

use std::time::Duration;

use assent::domain::policy::version::ChangeClass;

use crate::support::app::{Database, TestApp};
use crate::support::poll;
use crate::support::snapshot::{same_mail, same_page};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const ADA: &str = "Ada@northmoor.example";
const DETAILS: &str = "&name=Ada+Hughes&organisation=Northmoor+%26+District&job_title=Head";
const WEEKLY: &str = "newsletter:weekly";
const NEW: &str = "2027-01";

async fn start() -> TestApp {
    TestApp::start(Database::Sqlite).await
}

/// Ada agrees, and to the newsletter too if `more` says so; the path of her choices.
async fn subscribed(app: &TestApp, more: &str) -> String {
    app.subscribe(ADA, &format!("{DETAILS}{more}")).await;
    app.mail_to(ADA)[1].link("/preferences/").replace(&app.base, "")
}

/// Saves choices with these boxes ticked.
async fn save(app: &TestApp, page: &str, purposes: &[&str]) {
    let saved = app.post(page, &format!("{}{}", choices(purposes), app.seen(page).await)).await;
    assert_eq!(saved.status, 303, "{}", saved.text());
}

fn choices(purposes: &[&str]) -> String {
    let boxes: Vec<String> = purposes.iter().map(|code| format!("&purpose={code}")).collect();
    format!("choices=shown&policy=2026-11&name=Ada+Hughes{}", boxes.concat())
}

/// The path of the receipt of what stands about a purpose.
async fn receipt_path(app: &TestApp, page: &str, purpose: &str) -> String {
    let data = app.get(&format!("{page}/my-data.json")).await.text();
    let data: serde_json::Value = serde_json::from_str(&data).unwrap();
    let consents = data["consents"].as_array().unwrap();
    let found = consents.iter().find(|consent| consent["purpose"] == purpose).unwrap();
    format!("{page}/receipts/{}", found["receipt_id"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asking_for_a_lost_link() {
    let app = start().await;
    subscribed(&app, "").await;
    same_page("preferences_ask", &app.get("/preferences").await, 200);
    let none = app.post("/preferences", "email=").await;
    same_page("preferences_ask_nothing_filled_in", &none, 422);
    let typed = "email=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%40b.example";
    let refused = app.post("/preferences", typed).await;
    same_page("preferences_ask_refused", &refused, 422);

    app.advance(HOUR);
    let asked = app.post("/preferences", "email=ada%40NORTHMOOR.example").await;
    assert_eq!(asked.status, 303);
    let sent = app.get(asked.location()).await;
    same_page("preferences_ask_sent", &sent, 200);
    same_mail("mail_preferences_link", &app.next_mail(ADA, 2).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn choices_as_they_change() {
    let app = start().await;
    let page = subscribed(&app, "").await;
    same_page("preferences", &app.get(&page).await, 200);

    app.advance(DAY);
    save(&app, &page, &["privacy-policy", WEEKLY]).await;
    let at = app.clock.now().micros() / 1_000_000;
    let saved = app.get(&format!("{page}?word=saved&at={at}")).await;
    same_page("preferences_saved", &saved, 200);
    same_mail("mail_change_given", &app.next_mail(ADA, 2).await);

    app.advance(DAY);
    save(&app, &page, &["privacy-policy"]).await;
    same_page("preferences_left", &app.get(&page).await, 200);
    same_mail("mail_change_ended", &app.next_mail(ADA, 3).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn choices_refused() {
    let app = start().await;
    let page = subscribed(&app, "&newsletter=weekly").await;
    let name = choices(&["privacy-policy", WEEKLY]).replace("Ada", "%3Cb%3EAda%00");
    same_page("preferences_name_refused", &app.post(&page, &name).await, 422);
    let erase = app.post(&format!("{page}/erase"), "").await;
    same_page("preferences_erase_refused", &erase, 422);

    let withdrawn = app.post(&format!("{page}/withdraw-all"), "").await;
    assert_eq!(withdrawn.status, 303);
    same_page("preferences_withdrawn", &app.get(withdrawn.location()).await, 200);
    same_mail("mail_change_ended_all", &app.next_mail(ADA, 2).await);
    let seen = app.seen(&page).await;
    let alone = app.post(&page, &format!("{}{seen}", choices(&[WEEKLY]))).await;
    same_page("preferences_refused", &alone, 422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_held() {
    let app = start().await;
    let page = subscribed(&app, "&newsletter=weekly").await;
    let download = app.mail_to(ADA)[1].link("/downloads/");
    assert_eq!(app.get(&format!("{download}/file")).await.status, 200);
    app.advance(DAY);
    save(&app, &page, &["privacy-policy"]).await;
    app.next_mail(ADA, 2).await;
    app.mail_settled().await;
    same_page("my_data", &app.get(&format!("{page}/my-data")).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts() {
    let app = start().await;
    let page = subscribed(&app, "&newsletter=weekly").await;
    app.seal().await;
    let path = receipt_path(&app, &page, WEEKLY).await;
    same_page("receipt", &app.get(&path).await, 200);
    // What was agreed to is sealed every few seconds: one is caught before.
    let waiting = poll::until("a receipt that is not sealed", || async {
        save(&app, &page, &["privacy-policy", WEEKLY]).await;
        save(&app, &page, &["privacy-policy"]).await;
        let receipt = app.get(&receipt_path(&app, &page, WEEKLY).await).await;
        (!receipt.text().contains("Root hash")).then_some(receipt)
    })
    .await;
    same_page("receipt_waiting", &waiting, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaving_by_one_press() {
    let app = start().await;
    let mut tx = app.write().await;
    app.add_newsletter(&mut tx, "monthly", "The monthly & more").await;
    tx.commit().await.unwrap();
    poll::until("the second newsletter", || async {
        app.get("/newsletters").await.text().contains("The monthly").then_some(())
    })
    .await;
    let page = subscribed(&app, "&newsletter=weekly").await;
    save(&app, &page, &["privacy-policy", WEEKLY, "newsletter:monthly"]).await;
    let link = app.mail_to(ADA)[1].link("/unsubscribe/");
    same_page("unsubscribe", &app.get(&link).await, 200);
    same_page("unsubscribed", &app.post(&link, "").await, 200);
    same_page("unsubscribe_nothing", &app.get(&link).await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erased() {
    let app = start().await;
    let page = subscribed(&app, "&newsletter=weekly").await;
    let receipt = app.mail_to(ADA).remove(1);
    same_page("erased", &app.post(&format!("{page}/erase"), "confirm=yes").await, 200);
    same_page("gone_preferences_erased", &app.get(&page).await, 410);
    let leave = app.get(&receipt.link("/unsubscribe/")).await;
    same_page("unsubscribed_erased", &leave, 200);
    let download = app.get(&receipt.link("/downloads/")).await;
    same_page("gone_download_erased", &download, 410);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_is_told() {
    let app = start().await;
    subscribed(&app, "").await;
    app.publish_change(NEW, ChangeClass::Notify, None).await;
    app.work_policies().await;
    same_mail("mail_policy_notice", &app.next_mail(ADA, 2).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_asks_again() {
    let app = start().await;
    let page = subscribed(&app, "&newsletter=weekly").await;
    app.subscribe("bob@b.example", "").await;
    app.publish_change(NEW, ChangeClass::Reconsent, Some(DAY * 30)).await;
    app.work_policies().await;
    let mail = app.next_mail(ADA, 2).await;
    same_mail("mail_renewal", &mail);
    let link = mail.link("/renew/");
    same_page("policy_changes", &app.get(&mail.link("/changes")).await, 200);
    same_page("renew", &app.get(&link).await, 200);
    let stale = app.post(&link, "policy=2026-11").await;
    same_page("renew_refused", &stale, 422);
    same_page("preferences_asked_again", &app.get(&page).await, 200);
    same_page(
        "renewed",
        &app.agree_again(&link, &["privacy-policy", "newsletter:weekly"]).await,
        200,
    );
    same_mail("mail_change_renewed", &app.next_mail(ADA, 3).await);
    same_page("preferences_renewed", &app.get(&page).await, 200);

    app.advance(DAY * 23);
    app.work_policies().await;
    let reminder = app.next_mail("bob@b.example", 3).await;
    same_mail("mail_renewal_reminder", &reminder);
    same_page("renew_policy_alone", &app.get(&reminder.link("/renew/")).await, 200);
    same_page("unsubscribe_everything", &app.get(&reminder.link("/unsubscribe/")).await, 200);
    app.advance(DAY * 7);
    app.work_policies().await;
    let late = app.get(&reminder.link("/renew/")).await;
    same_page("gone_renew_lapsed", &late, 410);
    let lapsed = app.get(&reminder.link("/preferences/")).await;
    same_page("preferences_lapsed", &lapsed, 200);
    assert_eq!(app.post(&format!("{page}/withdraw-all"), "").await.status, 303);
    same_page("gone_renew_withdrawn", &app.get(&link).await, 410);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_keeper_of_heads_is_mailed() {
    let keeper = "keeper@archive.example";
    let app = TestApp::start(Database::Sqlite).await;
    subscribed(&app, "&newsletter=weekly").await;
    app.seal().await;
    // The first mail of all, once everything is sealed: there is no older head to prove anything from.
    app.advance(HOUR);
    let app = app.halt().await.start_sealing(&[("ASSENT_LEDGER_WITNESS_MAIL", keeper)]).await;
    same_mail("mail_checkpoint", &app.next_mail(keeper, 0).await);
}
