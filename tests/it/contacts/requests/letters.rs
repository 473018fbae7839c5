//! Letters to whoever complained or asked: begun by a template, changed, sent once, kept.

use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::staff::member::Role;
use macro_rules_attribute::apply;

use super::{complain, enter, path_of, write};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::desk::{audit, escaped, hidden};

#[apply(both_databases!)]
async fn a_letter_is_sent_once_and_kept_as_it_was_sent(database: Database) {
    let app = TestApp::start(database).await;
    // What is owed reaches whoever wants no other mail.
    for reason in [SuppressionReason::Complained, SuppressionReason::Erased] {
        app.suppress("ada@b.example", reason).await;
    }
    let reference = complain(&app, "ada@b.example", "It happened.").await;
    app.next_mail("ada@b.example", 0).await;
    let desk = app.sign_in(Role::Marketing).await;
    let path = path_of(&desk, &reference).await;
    let form = format!("{path}/letters/outcome");
    let draft = desk.page(&form).await;
    assert!(draft.contains("Dear Sir or Madam") && draft.contains("[["), "{draft}");
    assert!(draft.contains("On 23 November 2026 we received your complaint"), "{draft}");
    let words = "Dear Ada\r\n\r\nYou were right: <b>we</b> erred & mend it.\r\nSecond line.";
    let form_id = hidden(&draft, "form_id");
    let fields = format!("form_id={form_id}&way=mail&words={}", escaped(words));
    let [one, two] = [desk.post(&form, &fields), desk.post(&form, &fields)];
    let (one, two) = tokio::join!(one, two);
    let sent = format!("{path}?word=sent");
    assert_eq!((one.location(), two.location()), (sent.as_str(), sent.as_str()));
    let mail = app.next_mail("ada@b.example", 1).await;
    app.mail_settled().await;
    assert_eq!(app.inbox().len(), 2, "one press, one letter");
    let text = mail.text.replace('\r', "");
    assert!(text.contains("You were right: <b>we</b> erred & mend it.\nSecond line."), "{text}");
    assert!(mail.html.contains("&lt;b&gt;we&lt;/b&gt; erred &amp; mend it."), "{}", mail.html);
    assert!(mail.subject.contains(&reference) && mail.subject.contains("complaint"));
    let page = desk.page(&path).await;
    assert!(page.contains("You were right: &lt;b&gt;we&lt;/b&gt;"), "it is kept: {page}");
    let told = audit(&app, "request.letter").await;
    assert_eq!(told.len(), 1);
    assert!(!told[0].to_string().contains("right"), "{told:?}");
    // The form that was sent, opened once more after it was closed, says that it was done.
    crate::contacts::requests::close(&desk, &path, "upheld").await;
    assert_eq!(desk.post(&form, &fields).await.location(), sent);
}

#[apply(both_databases!)]
async fn each_kind_has_the_letters_that_its_law_has(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    for (kind, extended) in
        [("complaint", 404), ("access", 200), ("erasure", 200), ("objection", 200)]
    {
        let path = enter(&desk, kind, "2026-11-20", "&email=ada%40b.example&words=x").await;
        for letter in ["acknowledge", "identity", "outcome"] {
            let page = desk.page(&format!("{path}/letters/{letter}")).await;
            assert!(
                page.contains("20 November 2026") && page.contains("Yours sincerely"),
                "{page}"
            );
        }
        let answer = desk.get(&format!("{path}/letters/extended")).await;
        assert_eq!(answer.status, extended, "{kind}");
    }
}

#[apply(both_databases!)]
async fn mail_that_cannot_leave_is_not_told(database: Database) {
    let app = TestApp::start(database).await;
    app.suppress("ada@b.example", SuppressionReason::Manual).await;
    let desk = app.sign_in(Role::Marketing).await;
    let path = enter(&desk, "access", "2026-11-20", "&email=ada%40b.example").await;
    assert_eq!(write(&desk, &path, "outcome", "way=mail&words=Here.").await.status, 303);
    app.mail_settled().await;
    assert!(app.inbox().is_empty());
    let page = desk.page(&path).await;
    assert!(page.contains(">Not sent<") && page.contains("the address is suppressed"), "{page}");
    let early = desk.post(&format!("{path}/close"), "outcome=done&note=x").await;
    assert_eq!(early.status, 422, "nobody told them");
    // Whoever takes it back need not be told.
    let back = desk.post(&format!("{path}/close"), "outcome=taken_back&note=By+telephone").await;
    assert_eq!(back.location(), format!("{path}?word=closed"));
}
