//! The queue as staff see it, and sending parked mail again.

use std::collections::BTreeSet;
use std::time::Duration;

use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::signup::submitted_form::Method;
use assent::domain::staff::member::Role;
use assent::flows::contacts::erase::{Erasing, erase};
use futures_util::future::join_all;
use macro_rules_attribute::apply;

use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::desk::{TestDesk, hidden, pager};

const PARK: &str =
    "UPDATE outbox SET state = 'parked', reason = 'refused: 554 <b>5.7.1</b> & more',
                        finished_at = next_at, attempts = 3";
const RETRY: &str = "/console/mail/retry?reason=refused%3A+554+%3Cb%3E5.7.1%3C%2Fb%3E+%26+more";
const QUEUED: &str = "SELECT count(*) FROM outbox WHERE state = 'queued'";
const PARKED: &str = "SELECT count(*) FROM outbox WHERE state = 'parked'";

/// The links of a page that lead to one mail, in their order.
fn mails(page: &str) -> Vec<String> {
    let links = page.split("href=\"/console/mail/").skip(1);
    let ids = links.map(|after| after.split('"').next().unwrap_or_default());
    ids.filter(|id| id.len() == 36).map(|id| format!("/console/mail/{id}")).collect()
}

async fn ask_many(app: &TestApp, from: usize, to: usize) {
    let asked =
        join_all((from..to).map(|n| async move { app.ask(&format!("r{n}@b.example")).await }))
            .await;
    assert!(asked.iter().all(|answer| answer.status == 303));
    app.mail_settled().await;
}

async fn post_all(desk: &TestDesk<'_>, page: &str, more: &str) -> crate::support::app::Answer {
    let fields = format!(
        "reason={}&by={}{more}",
        "refused%3A+554+%3Cb%3E5.7.1%3C%2Fb%3E+%26+more",
        hidden(page, "by")
    );
    desk.post("/console/mail/retry", &fields).await
}

#[apply(both_databases!)]
async fn a_parked_mail_is_sent_again_as_the_same_mail(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let first = app.ask_and_read("ada@b.example", "").await;
    app.mail_settled().await;
    app.tamper(PARK).await.unwrap();
    let page = desk.page("/console/mail?state=parked").await;
    assert!(page.contains("ada@b.example") && page.contains("554 &lt;b&gt;5.7.1"));
    assert!(!page.contains("<b>5.7.1"), "what a relay said is text");
    let [path] = &mails(&page)[..] else { panic!("one mail: {page}") };
    let one = desk.page(path).await;
    assert!(one.contains("Handed to the relay") && one.contains("Send again"));
    let retry = format!("{path}/retry");
    let answers = join_all((0..6).map(|_| desk.post(&retry, ""))).await;
    let words: Vec<_> =
        answers.iter().filter(|a| a.location() == format!("{path}?word=again")).collect();
    assert_eq!(words.len(), 1, "of several presses at once, one does");
    assert!(desk.page(&format!("{path}?word=settled")).await.contains("nothing was changed"));
    app.mail_settled().await;
    assert_eq!(app.count("SELECT count(*) FROM delivery WHERE outcome = 'sent'").await, 2);
    let again = app.mail_to("ada@b.example");
    assert!(
        again.iter().all(|mail| mail.message_id == first.message_id && mail.code() == first.code())
    );
    assert_eq!(app.count("SELECT count(*) FROM audit_entry WHERE action = 'mail.retry'").await, 1);
    assert!(desk.page(path).await.contains(">Sent</span>"));
    // It confirms as ever.
    assert_eq!(app.post(&first.link("/confirm/"), "").await.status, 303);
}

#[apply(both_databases!)]
async fn all_parked_for_a_reason_are_counted_asked_about_and_sent(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    ask_many(&app, 0, 5).await;
    app.tamper(PARK).await.unwrap();
    let list = desk.page("/console/mail").await;
    assert!(list.contains(" class=\"num\">5</td>"), "how many for this reason");
    let question = desk.page(RETRY).await;
    assert!(
        question.contains("5 mails are parked for this reason")
            && question.contains("Send 5 mails again")
    );
    for more in ["", "&sure=no"] {
        let refused = post_all(&desk, &question, more).await;
        assert_eq!(refused.status, 422);
        assert!(refused.text().contains("Error: ") && refused.text().contains("Tick the box"));
    }
    for body in
        ["reason=x&by=&sure=yes", "by=1&by=2", "", "reason=%FF&by=99999999999999999999&sure=yes"]
    {
        assert_eq!(desk.post("/console/mail/retry", body).await.status, 422, "{body}");
    }
    assert_eq!(app.count(PARKED).await, 5);
    // One is parked after the number was told, and one was for another reason.
    app.advance(Duration::from_mins(1));
    ask_many(&app, 5, 7).await;
    app.tamper("UPDATE outbox SET state = 'parked', finished_at = next_at, reason = 'refused: 554 <b>5.7.1</b> & more'
                    WHERE state = 'sent' AND signup_id = (SELECT signup_id FROM signup WHERE email = 'r5@b.example')").await.unwrap();
    app.tamper("UPDATE outbox SET state = 'parked', finished_at = next_at, reason = 'another'
                    WHERE state = 'sent' AND signup_id = (SELECT signup_id FROM signup WHERE email = 'r6@b.example')").await.unwrap();
    let twice = join_all((0..2).map(|_| post_all(&desk, &question, "&sure=yes"))).await;
    let mut words: Vec<_> = twice.iter().map(|answer| answer.location().to_owned()).collect();
    words.sort();
    assert_eq!(words, ["/console/mail?word=again&count=0", "/console/mail?word=again&count=5"]);
    assert!(desk.page(&words[1]).await.contains("5 mails are on their way again"));
    app.mail_settled().await;
    assert_eq!((app.count(PARKED).await, app.count(QUEUED).await), (2, 0));
    let detail =
        app.count("SELECT count(*) FROM audit_entry WHERE action = 'mail.retry_all'").await;
    assert_eq!(detail, 1);
    assert!(desk.page("/console/audit").await.contains("sent all mail again that was parked for"));
    assert!(
        desk.page("/console/mail/retry?reason=nothing")
            .await
            .contains("No mail is parked for this reason")
    );
}

#[apply(both_databases!)]
async fn a_long_list_is_read_page_by_page(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Viewer).await;
    assert!(desk.page("/console/mail").await.contains("No mail yet"));
    assert!(desk.page("/console/mail?state=parked").await.contains("No mail is parked"));
    ask_many(&app, 0, 120).await;
    // Waiting, several due at the same moment, and never to be sent in this story.
    for (state, set) in [
        ("", "UPDATE outbox SET state = 'sent'"),
        ("?state=parked", PARK),
        (
            "?state=queued",
            "UPDATE outbox SET state = 'queued', finished_at = NULL, reason = NULL,
                                   next_at = (SELECT max(next_at) FROM outbox)",
        ),
    ] {
        if state == "?state=queued" {
            // Before any of it waits: a worker finds nothing due.
            app.tamper(match app.core.db {
                assent::store::Db::Sqlite { .. } => {
                    "UPDATE outbox SET next_at = next_at + 86400000000"
                }
                assent::store::Db::Postgres { .. } => {
                    "UPDATE outbox SET next_at = next_at + interval '1 day'"
                }
            })
            .await
            .unwrap();
        }
        app.tamper(set).await.unwrap();
        let (mut path, mut seen, mut pages) = (format!("/console/mail{state}"), BTreeSet::new(), 0);
        loop {
            let page = desk.page(&path).await;
            let here = mails(&page);
            assert!(here.len() <= 50);
            let fresh = here.into_iter().filter(|id| seen.insert(id.clone())).count();
            assert!(fresh > 0, "{path} repeats what was seen");
            pages += 1;
            match pager(&page, "next") {
                Some(older) => path = older,
                None => break,
            }
        }
        assert_eq!((pages, seen.len()), (3, 120), "{state}");
    }
    assert!(desk.page("/console/mail?state=queued").await.contains("due <time"));
    assert!(desk.page("/console/mail?state=queued&kind=receipt").await.contains("No such mail"));
    assert_eq!(mails(&desk.page("/console/mail?kind=confirm").await).len(), 50);
}

#[apply(both_databases!)]
async fn who_must_not_be_mailed_is_told_and_who_is_erased_is_gone(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    app.ask_and_read("ada@b.example", "").await;
    app.mail_settled().await;
    app.tamper(PARK).await.unwrap();
    let path = mails(&desk.page("/console/mail").await).remove(0);
    assert!(!desk.page(&path).await.contains("must not be mailed"));
    app.suppress("ada@b.example", SuppressionReason::Manual).await;
    assert!(desk.page(&path).await.contains("must not be mailed"));
    assert_eq!(
        desk.post(&format!("{path}/retry"), "").await.location(),
        format!("{path}?word=again")
    );
    app.mail_settled().await;
    assert!(desk.page(&path).await.contains("the address is suppressed"));
    assert_eq!(app.mail_to("ada@b.example").len(), 1, "the first alone");
    assert_eq!(
        desk.post(&format!("{path}/retry"), "").await.location(),
        format!("{path}?word=settled")
    );

    let key =
        app.core.flow_settings.address_secret.key(&EmailAddress::parse("ada@b.example").unwrap());
    let mut tx = app.write().await;
    erase(
        &mut tx,
        &app.core.flow_settings,
        &key,
        Erasing { at: &app.core.moment(), method: Method::Staff, source: "test", actor: None },
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(desk.get(&path).await.status, 404);
    assert_eq!(
        desk.post(&format!("{path}/retry"), "").await.location(),
        format!("{path}?word=settled")
    );
    let list = desk.page("/console/mail").await;
    assert!(!list.contains("ada@b.example") && list.contains("No mail yet"));
}

#[apply(both_databases!)]
async fn hostile_addresses_narrow_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Viewer).await;
    app.ask_and_read("ada@b.example", "").await;
    let reason = "x".repeat(5000);
    for query in [
        "?state=<script>",
        "?kind=%27%3B--",
        "?after=nothing",
        "?after=99999999999999999999.x",
        "?state=queued&state=sent",
        "?word=again&count=-1",
        "?kind=%FF",
    ] {
        assert_eq!(desk.get(&format!("/console/mail{query}")).await.status, 200, "{query}");
    }
    assert!(desk.page(&format!("/console/mail?reason={reason}")).await.contains("No such mail"));
    assert!(!desk.page("/console/mail?reason=%3Cscript%3E").await.contains("<script>x"));
    for path in [
        "/console/mail/x",
        "/console/mail/%2e%2e%2f",
        "/console/mail/00000000-0000-0000-0000-000000000000",
    ] {
        assert_eq!(desk.get(path).await.status, 404, "{path}");
    }
}
