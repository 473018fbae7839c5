//! A complaint by the form: what its sender is told, and what is mailed.

use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::mail::bounce::{Bounce, BounceKind};
use assent::domain::staff::member::Role;
use assent::flows::mail::record_bounce::record_bounce;
use macro_rules_attribute::apply;

use super::{DAY, FORM, REGISTER, ROWS, complain, filled_in, path_of, reference_of};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::desk::audit;

const WORDS: &str = "Buy pills at https://evil.example/\r\n\r\nAnd more of them.";

#[apply(both_databases!)]
async fn a_complaint_has_a_reference_and_a_mail_that_repeats_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let fields = filled_in(&app, "Ada@b.example", WORDS).await.replace("name=", "name=Mallory+X");
    let answer = app.post(FORM, &fields).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
    let page = answer.text();
    let reference = reference_of(&page);
    assert!(page.contains("Ada@b.example") && !page.contains("pills"), "{page}");
    assert_eq!(reference.len(), 14, "{reference}");

    let mail = app.next_mail("Ada@b.example", 0).await;
    assert!(mail.subject.contains(&reference) && mail.text.contains(&reference), "{}", mail.text);
    for typed in ["pills", "evil", "Mallory", "ada@b"] {
        let whole = format!("{} {} {}", mail.subject, mail.text, mail.html).to_lowercase();
        assert!(!whole.contains(&typed.to_lowercase()), "{typed}: {whole}");
    }
    assert!(mail.links().is_empty() && !mail.raw.contains("List-Unsubscribe"), "{}", mail.raw);

    app.mail_settled().await;
    let desk = app.sign_in(Role::Marketing).await;
    let path = path_of(&desk, &reference.to_lowercase().replace('-', "+")).await;
    let page = desk.page(&path).await;
    assert!(page.contains("And more of them.") && page.contains("Mallory X"), "{page}");
    assert!(page.contains(">Sent<") && page.contains("Done: "), "it is acknowledged: {page}");
    // 23 November and thirty days; a month.
    assert!(page.contains("the end of 23 Dec 2026"), "{page}");
    let told = audit(&app, "request.receive").await;
    assert_eq!(told, [serde_json::json!({"reference": reference})]);
}

#[apply(both_databases!)]
async fn what_is_known_of_an_address_decides_about_the_mail_alone(database: Database) {
    use SuppressionReason::{Bounced, Complained, Erased, Manual, NotMe};
    let app = TestApp::start(database).await;
    app.subscribe("left@b.example", "&newsletter=weekly").await;
    let left = app.mail_to("left@b.example").pop().unwrap().link("/unsubscribe/");
    assert_eq!(app.post(&left, "").await.status, 200);
    app.mail_settled().await;
    let mut pages = Vec::new();
    for (email, reason, mailed) in [
        ("new@b.example", None, true),
        ("left@b.example", None, true),
        ("gone@b.example", Some(Erased), true),
        ("not@b.example", Some(NotMe), true),
        ("spam@b.example", Some(Complained), true),
        ("lost@b.example", Some(Bounced), false),
        ("stop@b.example", Some(Manual), false),
    ] {
        if let Some(reason) = reason {
            app.suppress(email, reason).await;
        }
        let before = app.mail_to(email).len();
        let answer = app.post(FORM, &filled_in(&app, email, "It happened.").await).await;
        assert_eq!(answer.status, 200, "{email}");
        app.mail_settled().await;
        assert_eq!(app.mail_to(email).len() - before, usize::from(mailed), "{email}");
        let page = answer.text();
        pages.push(page.replace(email, "ADDRESS").replace(&reference_of(&page), "REFERENCE"));
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:?}");
    assert_eq!(app.count(ROWS).await, 7, "each is stored");
    let kept =
        "SELECT count(*) FROM suppression WHERE reason IN ('erased', 'not-me', 'complained')";
    assert_eq!(app.count(kept).await, 3, "and lifts nothing");
}

#[apply(both_databases!)]
async fn the_mail_keeps_to_the_limit_of_its_mailbox(database: Database) {
    let limit = [("ASSENT_LIMIT_MAIL_PER_ADDRESS", "2/15min,4/day")];
    let app = TestApp::start_with(database, &limit).await;
    let mut references = Vec::new();
    // One mailbox, however it is written.
    for n in 0..5 {
        references.push(complain(&app, &format!("ada+{n}@b.example"), "It happened.").await);
    }
    // What complaints were mailed for counts against signups, too.
    app.ask("ada@b.example").await;
    app.advance(DAY / 48);
    app.mail_settled().await;
    assert_eq!(app.inbox().len(), 2);
    let desk = app.sign_in(Role::Marketing).await;
    let page = desk.page(&path_of(&desk, &references[4]).await).await;
    assert!(page.contains("the limit of its mailbox forbids it"), "{page}");
    assert!(page.contains("Acknowledge it"), "staff do: {page}");
    assert_eq!(app.count(ROWS).await, 5);
    assert!(desk.page(REGISTER).await.matches("<tr>").count() >= 5);
}

#[apply(both_databases!)]
async fn the_same_form_is_one_complaint_however_often_it_is_sent(database: Database) {
    let app = TestApp::start(database).await;
    let fields = filled_in(&app, "ada@b.example", "It happened.").await;
    let sent = [app.post(FORM, &fields), app.post(FORM, &fields), app.post(FORM, &fields)];
    let [one, two, three] = sent;
    let (one, two, three) = tokio::join!(one, two, three);
    let references = [&one, &two, &three].map(|answer| reference_of(&answer.text()));
    assert!(references.iter().all(|reference| *reference == references[0]), "{references:?}");
    app.mail_settled().await;
    assert_eq!((app.count(ROWS).await, app.inbox().len()), (1, 1));
    // With other words on it nothing is lost, and another form that says the same is another complaint.
    let more = app.post(FORM, &fields.replace("happened", "happened%20again")).await;
    assert_ne!(reference_of(&more.text()), references[0]);
    assert_ne!(complain(&app, "ada@b.example", "It happened.").await, references[0]);
    assert_eq!(app.count(ROWS).await, 3);
}

#[apply(both_databases!)]
async fn a_word_that_came_back_acknowledges_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let reference = complain(&app, "ada@b.example", "It happened.").await;
    let mail = app.next_mail("ada@b.example", 0).await;
    app.mail_settled().await;
    let desk = app.sign_in(Role::Marketing).await;
    let path = path_of(&desk, &reference).await;
    assert!(!desk.page(&path).await.contains("Acknowledge it"));
    let (id, _) = mail.message_id.trim_start_matches('<').split_once('@').unwrap();
    let (id, at) = (id.parse().unwrap(), app.core.moment());
    let bounce = Bounce { kind: BounceKind::Hard, status: None };
    let settings = &app.core.flow_settings;
    let recorded = app.core.db.run(|tx| Box::pin(record_bounce(tx, settings.at(&at), id, bounce)));
    let _ = recorded.await.unwrap();
    let page = desk.page(&path).await;
    assert!(page.contains(">Came back<") && page.contains("Acknowledge it"), "{page}");
    assert!(page.contains("Mail came back"), "the address is suppressed: {page}");
}

// Whoever may write to the database could have what was confided to us mailed to themselves.
#[apply(both_databases!)]
async fn nothing_is_mailed_to_an_address_that_another_hand_put_there(database: Database) {
    let app = TestApp::start(database).await;
    let reference = complain(&app, "ada@b.example", "It happened.").await;
    app.next_mail("ada@b.example", 0).await;
    let swapped = "UPDATE privacy_request SET email = 'mallory@b.example'";
    assert_eq!(app.tamper(swapped).await.unwrap(), 1);
    let desk = app.sign_in(Role::Admin).await;
    let path = path_of(&desk, &reference).await;
    let answer =
        crate::contacts::requests::write(&desk, &path, "outcome", "way=mail&words=You+are+right.")
            .await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    app.mail_settled().await;
    assert_eq!(app.inbox().len(), 1);
    assert!(desk.page(&path).await.contains(">Parked<"));
}
