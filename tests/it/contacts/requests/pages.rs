//! The pages and mails of complaints, word for word.

use assent::domain::staff::member::Role;

use super::{FORM, complain, filled_in, path_of, reference_of, write};
use crate::support::app::{Database, TestApp};
use crate::support::inbox::Mail;
use crate::support::snapshot::{same, same_mail, same_page};

/// A mail without its reference, which is another each time.
fn without(mail: Mail, reference: &str) -> Mail {
    let text = |text: &str| text.replace(reference, "REFERENCE");
    Mail { raw: text(&mail.raw), text: text(&mail.text), html: text(&mail.html), ..mail }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_form_and_its_answers() {
    let app = TestApp::start(Database::Sqlite).await;
    same_page("complaint", &app.get(FORM).await, 200);
    let typed = "email=ada%40localhost&name=%3Cb%3EAda%00&words=It+happened.%0D%0A%0D%0A%3Cb%3ETwice%3C%2Fb%3E";
    let refused = app.post(FORM, typed).await;
    same_page("complaint_refused", &refused, 422);
    let fields = filled_in(&app, "ada@b.example", "It happened.").await;
    let received = app.post(FORM, &fields).await;
    let page = received.text();
    let reference = reference_of(&page);
    same("complaint_received", &page.replace(&reference, "REFERENCE"));
    let mail = app.next_mail("ada@b.example", 0).await;
    same_mail("mail_request_received", &without(mail, &reference));
    let desk = app.sign_in(Role::Marketing).await;
    let path = path_of(&desk, &reference).await;
    let words = "way=mail&words=Dear+Ada%0D%0A%0D%0AYou+were+right.%0D%0AWe+mend+it.";
    assert_eq!(write(&desk, &path, "outcome", words).await.status, 303);
    let mail = app.next_mail("ada@b.example", 1).await;
    same_mail("mail_request_letter", &without(mail, &reference));
    app.core.db.close().await;
    same_page("complaint_not_stored", &app.post(FORM, &fields).await, 503);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_each_complaint_is_another_reference() {
    let app = TestApp::start(Database::Sqlite).await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let reference = complain(&app, "ada@b.example", "It happened.").await;
        assert!(seen.insert(reference));
    }
    // Nobody finds another's by counting.
    let firsts: std::collections::BTreeSet<&str> = seen.iter().map(|one| &one[..2]).collect();
    assert!(firsts.len() > 10, "{seen:?}");
}
