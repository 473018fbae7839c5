//! The register: until when a request is to be answered, what waits, and who sees it.

use assent::domain::staff::member::Role;
use macro_rules_attribute::apply;

use super::{DAY, REGISTER, close, complain, enter, path_of, write};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::desk::{audit, pager};

const LONDON: &[(&str, &str)] = &[("ASSENT_TIMEZONE", "Europe/London")];

#[apply(both_databases!)]
async fn a_request_by_letter_is_due_in_a_month(database: Database) {
    let app = TestApp::start_with(database, LONDON).await;
    let desk = app.sign_in(Role::Marketing).await;
    for (received, due) in [
        ("2026-10-31", "the end of 30 Nov 2026"),
        ("2026-11-23", "the end of 23 Dec 2026"),
        ("2026-08-31", "the end of 30 Sept 2026"),
    ] {
        let path = enter(&desk, "access", received, "&name=Ada+Hughes").await;
        let page = desk.page(&path).await;
        assert!(page.contains(due), "{received}: {page}");
        assert!(!page.contains("164A"), "only complaints are acknowledged by law");
    }
    let list = desk.page(REGISTER).await;
    assert!(list.contains(">Overdue<") && list.contains(">New<"), "{list}");
    let told = audit(&app, "request.add").await;
    assert_eq!(told.len(), 3);
    assert!(!told[0].to_string().contains("Hughes"), "{told:?}");
}

#[apply(both_databases!)]
async fn proof_of_identity_is_waited_for_on_top(database: Database) {
    let app = TestApp::start_with(database, LONDON).await;
    let desk = app.sign_in(Role::Marketing).await;
    let path = enter(&desk, "access", "2026-11-20", "&email=ada%40b.example").await;
    let asked = write(&desk, &path, "identity", "way=mail&words=Who+are+you%3F").await;
    assert_eq!(asked.location(), format!("{path}?word=sent"));
    let mail = app.next_mail("ada@b.example", 0).await;
    assert!(
        mail.text.contains("Who are you?") && mail.subject.contains("reference"),
        "{}",
        mail.text
    );
    // It is not overdue while it waits.
    app.advance(40 * DAY);
    let desk = app.sign_in(Role::Marketing).await;
    let page = desk.page(&path).await;
    assert!(page.contains("Waits for proof of identity") && !page.contains(">Overdue<"), "{page}");
    let again = write(&desk, &path, "identity", "way=mail&words=Who+are+you%3F").await;
    assert_eq!(again.location(), format!("{path}?word=settled"));
    let resume = format!("{path}/resume");
    let [one, two] = [desk.post(&resume, ""), desk.post(&resume, "")];
    let (one, two) = tokio::join!(one, two);
    let mut words = [one.location().to_owned(), two.location().to_owned()];
    words.sort();
    assert_eq!(words, [format!("{path}?word=resumed"), format!("{path}?word=settled")]);
    // 20 December, and the forty days.
    let page = desk.page(&path).await;
    assert!(page.contains("the end of 29 Jan 2027") && page.contains("40 days"), "{page}");
    assert_eq!(audit(&app, "request.resume").await[0]["days"], 40);
}

#[apply(both_databases!)]
async fn it_takes_two_months_more_once_and_with_a_reason(database: Database) {
    let app = TestApp::start_with(database, LONDON).await;
    let desk = app.sign_in(Role::Marketing).await;
    let path = enter(&desk, "objection", "2026-10-31", "&email=ada%40b.example").await;
    let unsaid = write(&desk, &path, "extended", "way=mail&words=It+takes+longer.&reason=").await;
    assert_eq!(unsaid.status, 422, "they must be told why");
    let fields = "way=mail&words=It+takes+longer.&reason=It+is+very+much.";
    let [one, two] =
        [write(&desk, &path, "extended", fields), write(&desk, &path, "extended", fields)];
    let (one, two) = tokio::join!(one, two);
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422], "of two who say so at once, one does");
    let mail = app.next_mail("ada@b.example", 0).await;
    assert!(mail.text.contains("Why we need more time: It is very much."), "{}", mail.text);
    app.mail_settled().await;
    assert_eq!(app.inbox().len(), 1);
    let page = desk.page(&path).await;
    assert!(page.contains("the end of 31 Jan 2027"), "{page}");
    assert_eq!(write(&desk, &path, "extended", fields).await.status, 422);
    // By then they had to be told.
    let late = enter(&desk, "objection", "2026-10-20", "&email=bob%40b.example").await;
    let answer = write(&desk, &late, "extended", fields).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("cannot be put off any more"), "{}", answer.text());
}

#[apply(both_databases!)]
async fn what_is_overdue_is_told_to_those_who_answer_it(database: Database) {
    let app = TestApp::start(database).await;
    app.suppress(
        "ada@b.example",
        assent::domain::contacts::suppression::SuppressionReason::Bounced,
    )
    .await;
    let reference = complain(&app, "ada@b.example", "It happened.").await;
    app.mail_settled().await;
    app.advance(30 * DAY);
    let seen = async |role| {
        app.sign_in(role).await.page("/console").await.contains("A request is overdue")
    };
    assert!(!seen(Role::Marketing).await, "the thirtieth day is not over");
    app.advance(DAY);
    assert!(seen(Role::Marketing).await && seen(Role::Admin).await && !seen(Role::Viewer).await);
    let viewer = app.sign_in(Role::Viewer).await;
    assert_eq!(viewer.get(REGISTER).await.status, 403);
    assert!(!viewer.page("/console").await.contains(REGISTER));
    let desk = app.sign_in(Role::Marketing).await;
    let path = path_of(&desk, &reference).await;
    // A letter that staff sent themselves acknowledges it; the outcome was due with it.
    let noted = write(&desk, &path, "acknowledge", "way=post&words=We+have+it.").await;
    assert_eq!(noted.location(), format!("{path}?word=noted"));
    assert!(seen(Role::Marketing).await, "the outcome is owed");
    close(&desk, &path, "not_upheld").await;
    assert!(!seen(Role::Marketing).await);
    let page = desk.page(&path).await;
    assert!(page.contains("Not upheld") && page.contains("All was done."), "{page}");
    assert!(!page.contains(&format!("{path}/close")), "it is closed once: {page}");
    let again = desk.post(&format!("{path}/close"), "outcome=upheld&note=x").await;
    assert_eq!(again.location(), format!("{path}?word=settled"));
    let letter = desk.page(&format!("{path}/letters/outcome")).await;
    let form_id = crate::support::desk::hidden(&letter, "form_id");
    let late = format!("form_id={form_id}&way=post&words=x");
    let late = desk.post(&format!("{path}/letters/outcome"), &late).await;
    assert_eq!(late.location(), format!("{path}?word=settled"), "nothing is written after it");
}

#[apply(both_databases!)]
async fn the_register_is_read_page_by_page(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    assert!(desk.page(REGISTER).await.contains("Nothing to answer"));
    assert!(desk.page(&format!("{REGISTER}?state=closed")).await.contains("None is closed"));
    for n in 0..53 {
        let day = 1 + n % 20;
        enter(&desk, "erasure", &format!("2026-11-{day:02}"), &format!("&name=P{n}x")).await;
    }
    let mut seen = String::new();
    let mut next = Some(REGISTER.to_owned());
    while let Some(path) = next {
        let page = desk.page(&path).await;
        seen.push_str(&page);
        next = pager(&page, "next");
    }
    for n in 0..53 {
        assert_eq!(seen.matches(&format!("P{n}x")).count(), 1, "P{n}x");
    }
    let first = seen.find("P0x").unwrap();
    assert!(first < seen.find("P19x").unwrap(), "what is due first stands first");
}
