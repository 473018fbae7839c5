//! Suppressions at the console.

use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::staff::member::Role;
use assent::store::staff::audit_entries;
use macro_rules_attribute::apply;

use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::desk::{TestDesk, escaped, pager};

const LIST: &str = "/console/suppressions";
const BRING: &str = "/console/suppressions/bring";

/// The fields of the form that lifts a reason of an address.
fn lift(app: &TestApp, email: &str, reason: &str) -> String {
    let key = app.core.flow_settings.address_secret.key(&EmailAddress::parse(email).unwrap());
    let key = data_encoding::HEXLOWER.encode(key.as_bytes());
    format!("key={key}&reason={reason}")
}

async fn lifts(desk: &TestDesk<'_>, email: &str, reason: &str, why: &str) -> (u16, String) {
    let fields = format!("{}&why={why}", lift(desk.app, email, reason));
    let answer = desk.post(&format!("{LIST}/lift"), &fields).await;
    (answer.status, answer.location().to_owned())
}

#[apply(both_databases!)]
async fn an_address_is_stopped_looked_up_and_let_go_again(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let empty = desk.page(LIST).await;
    assert!(empty.contains("Nothing is suppressed"), "{empty}");
    let answer = desk.post(LIST, "email=Ada%40b.example").await;
    let key = lift(&app, "ada@b.example", "");
    let key = key.strip_suffix("&reason=").unwrap();
    assert_eq!(
        (answer.status, answer.location()),
        (303, format!("{LIST}?word=added&{key}").as_str())
    );
    assert!(
        desk.page(answer.location()).await.contains("Nothing is mailed to this address any more.")
    );
    let again = desk.post(LIST, "email=ada%40b.example").await;
    assert_eq!(again.location(), format!("{LIST}?word=there&{key}"));
    let page = desk.page(&format!("{LIST}?address=ada%40b.example")).await;
    assert!(
        page.contains("Yes: <span class=\"address\">ada@b.example")
            && page.contains("Added by hand"),
        "{page}"
    );
    let page = desk.page(&format!("{LIST}?address=ben%40b.example")).await;
    assert!(page.contains("No: nothing suppresses"), "{page}");
    // No mail is sent, whatever is asked for.
    app.ask("ada@b.example").await;
    app.mail_settled().await;
    assert_eq!(app.mail_to("ada@b.example").len(), 0);
    let asks = desk.page(&format!("{LIST}/lift?{}", lift(&app, "ada@b.example", "manual"))).await;
    assert!(asks.contains("Why may it be mailed again?"), "{asks}");
    let lifted = lifts(&desk, "ada@b.example", "manual", "They+asked+for+it+by+letter").await;
    assert_eq!(lifted, (303, format!("{LIST}?word=lifted&{key}")));
    assert_eq!(
        lifts(&desk, "ada@b.example", "manual", "again").await.1,
        format!("{LIST}?word=gone&{key}")
    );
    app.subscribe("ada@b.example", "").await;
    // A subscriber's address is named, without its standing in the page's own.
    let page = desk.page(&lifted.1).await;
    assert!(page.contains("Mail to ada@b.example is possible again"), "{page}");
    for (action, count) in [("suppression.add", 1), ("suppression.lift", 1)] {
        let entries = audit_entries::list(&mut app.read().await, action).await.unwrap();
        assert_eq!(entries.len(), count, "{action}");
        assert_eq!(entries[0].detail["reason"], "manual");
        assert!(!entries[0].detail.to_string().contains("ada"), "{action}");
    }
}

#[apply(both_databases!)]
async fn after_a_bounce_is_lifted_the_next_confirmation_arrives(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    app.suppress("ada@b.example", SuppressionReason::Bounced).await;
    // One a week goes there at most.
    for _ in 0..2 {
        app.ask("ada@b.example").await;
        app.mail_settled().await;
        assert_eq!(app.inbox().len(), 1);
    }
    assert_eq!(lifts(&desk, "ada@b.example", "bounced", "mailbox+is+back").await.0, 303);
    app.subscribe("ada@b.example", "").await;
    assert_eq!(app.exported("privacy-policy").await, ["ada@b.example"]);
}

#[apply(both_databases!)]
async fn mail_that_waits_for_a_stopped_address_is_not_sent(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    let before = app.mail_to("ada@b.example").len();
    assert_eq!(desk.post(LIST, "email=ada%40b.example").await.status, 303);
    app.ask("ada@b.example").await;
    app.mail_settled().await;
    assert_eq!(app.mail_to("ada@b.example").len(), before);
    assert!(app.exported("newsletter:weekly").await.is_empty());
}

#[apply(both_databases!)]
async fn who_left_or_was_erased_is_not_brought_back_by_staff(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Admin).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    app.tamper("INSERT INTO suppression (address_key, reason, purpose, since) SELECT address_key, 'unsubscribed', 'newsletter:weekly', created_at FROM subscriber").await.unwrap();
    app.suppress("ada@b.example", SuppressionReason::Erased).await;
    for reason in ["unsubscribed", "erased"] {
        assert_eq!(lifts(&desk, "ada@b.example", reason, "please").await.0, 404, "{reason}");
        let path = format!("{LIST}/lift?{}", lift(&app, "ada@b.example", reason));
        assert_eq!(desk.get(&path).await.status, 404, "{reason}");
    }
    assert_eq!(app.count("SELECT count(*) FROM suppression").await, 2);
    let page = desk.page(LIST).await;
    assert!(!page.contains(">Lift<"), "{page}");
    app.suppress("ada@b.example", SuppressionReason::Complained).await;
    let path = format!("{LIST}/lift?{}", lift(&app, "ada@b.example", "complained"));
    assert!(desk.page(&path).await.contains("reported our mail as spam"));
}

#[apply(both_databases!)]
async fn words_that_stay_for_good_hold_no_address(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    app.suppress("ada@b.example", SuppressionReason::Bounced).await;
    let long = "x".repeat(201);
    for why in [
        "",
        "++",
        "ada%40b.example+asked",
        "ada%EF%BC%A0b.example",
        &long,
        "a%0Ab",
        "a%00",
        "a&why=b",
        "%E2%80%AE",
    ] {
        assert_eq!(lifts(&desk, "ada@b.example", "bounced", why).await.0, 422, "{why}");
    }
    for fields in ["", "key=zz&reason=bounced", "reason=bounced", "key=&reason=&why=x"] {
        assert_eq!(desk.post(&format!("{LIST}/lift"), fields).await.status, 404, "{fields}");
    }
    assert_eq!(lifts(&desk, "ada@b.example", "nonsense", "x").await.0, 404);
    for email in [
        "",
        "ada",
        "a%40b.example%2Cc%40d.example",
        "a%40b.example&email=c%40d.example",
        "a%40b.example%00",
    ] {
        let answer = desk.post(LIST, &format!("email={email}")).await;
        assert_eq!(answer.status, 422, "{email}");
        assert!(answer.text().contains("href=\"#email\""), "{email}");
    }
    let huge = format!("email={}%40b.example", "a".repeat(100_000));
    assert_eq!(desk.post(LIST, &huge).await.status, 422);
    for asked in ["nonsense", ""] {
        let answer = desk.get(&format!("{LIST}?address={asked}")).await;
        assert_eq!(answer.status, 422, "{asked}");
        assert!(answer.text().contains("href=\"#address\""), "{asked}");
    }
    assert_eq!(app.count("SELECT count(*) FROM suppression").await, 1);
    let viewer = app.sign_in(Role::Viewer).await;
    assert!(!viewer.page(LIST).await.contains("Stop all mail"));
    // Of two at once, one lifts it.
    let both = tokio::join!(
        lifts(&desk, "ada@b.example", "bounced", "x"),
        lifts(&desk, "ada@b.example", "bounced", "y")
    );
    let mut words = [both.0.1, both.1.1];
    words.sort();
    assert!(words[0].contains("word=gone&") && words[1].contains("word=lifted&"), "{words:?}");
}

#[apply(both_databases!)]
async fn the_list_is_paged_by_reason_and_back(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Viewer).await;
    for n in 0..60 {
        app.suppress(&format!("x{n}@b.example"), SuppressionReason::Bounced).await;
        if n % 2 == 0 {
            app.clock.advance(std::time::Duration::from_secs(1));
        }
    }
    app.suppress("y@b.example", SuppressionReason::NotMe).await;
    let rows = |page: &str| page.matches("<th scope=\"row\"").count();
    for (path, last) in [(LIST.to_owned(), 11), (format!("{LIST}?reason=bounced"), 10)] {
        let first = desk.page(&path).await;
        assert!(first.contains("Came back 60"), "{first}");
        assert_eq!((rows(&first), pager(&first, "prev")), (50, None));
        let second = desk.page(&pager(&first, "next").unwrap()).await;
        assert_eq!((rows(&second), pager(&second, "next")), (last, None));
        let back = desk.page(&pager(&second, "prev").unwrap()).await;
        let body = |page: &str| {
            page.split_once("<tbody>").unwrap().1.split_once("</tbody>").unwrap().0.to_owned()
        };
        assert_eq!(body(&back), body(&first));
        assert_eq!(pager(&back, "prev"), None);
    }
    for made_up in ["after=x", "after=1~2~3", "before=9223372036854775807~00~bounced~*", "reason=x"]
    {
        assert_eq!(desk.get(&format!("{LIST}?{made_up}")).await.status, 200, "{made_up}");
    }
}

#[apply(both_databases!)]
async fn a_pasted_list_is_brought_along(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    app.mail_settled().await;
    let mails = app.inbox().len();
    assert!(desk.page(LIST).await.replace("&#x2f;", "/").contains(&format!("href=\"{BRING}\"")));
    let empty = desk.page(BRING).await;
    assert!(empty.contains("Each row says it") && empty.contains("The weekly"), "{empty}");
    let list =
        escaped("Email,Reason\r\nada@b.example,unsubscribed\r\nbob@b.example,hard bounce\r\n");
    let answer =
        desk.post(BRING, &format!("rows={list}&reason=&purpose=&source=The+old+tool")).await;
    assert_eq!(
        (answer.status, answer.location()),
        (303, format!("{LIST}?word=brought&suppressed=2&already=0").as_str())
    );
    let page = desk.page(answer.location()).await;
    assert!(page.contains("2 suppressed now, 0 suppressed before"), "{page}");
    assert_eq!(page.matches("The old tool").count(), 2, "{page}");
    assert!(app.exported("newsletter:weekly").await.is_empty());
    app.mail_settled().await;
    assert_eq!(app.inbox().len(), mails, "nobody is mailed about it");
    let again = desk.post(BRING, &format!("rows={list}&source=The+old+tool")).await;
    assert_eq!(again.location(), format!("{LIST}?word=brought&suppressed=0&already=2"));

    // One address a line, with one reason; what is not understood is named by its line.
    let bare = escaped("\u{a0}cyd@b.example\n<b>nobody</b>\n\ndan@b.example\n");
    let answer = desk.post(BRING, &format!("rows={bare}&reason=manual&source=The+old+tool")).await;
    let page = answer.text();
    assert_eq!(answer.status, 422, "{page}");
    assert!(
        page.contains("<th scope=\"row\">2</th>") && page.contains("not one plain address"),
        "{page}"
    );
    assert!(page.contains("&lt;b&gt;nobody") && !page.contains("<b>nobody"), "{page}");
    assert_eq!(app.count("SELECT count(*) FROM suppression WHERE reason = 'manual'").await, 2);
    let audited = audit_entries::list(&mut app.read().await, "import.suppress").await.unwrap();
    assert_eq!(audited.len(), 3);
    assert!(audited.iter().all(|entry| !entry.detail.to_string().contains('@')));
    assert!(
        audited.iter().any(|entry| entry.detail["suppressed"] == 2 && entry.detail["refused"] == 1)
    );
}

#[apply(both_databases!)]
async fn a_list_that_says_nothing_brings_nobody(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let one = "a%40b.example";
    let long = "x".repeat(201);
    for (fields, field) in [
        (String::new(), "rows"),
        (format!("rows={one}&reason=bounced"), "source"),
        (format!("rows={one}&reason=bounced&source=++"), "source"),
        (format!("rows={one}&reason=bounced&source={long}"), "source"),
        (format!("rows={one}&reason=bounced&source=ann%40b.example"), "source"),
        (format!("rows={one}&reason=bounced&source=x&source=y"), "source"),
        (format!("rows={one}&rows={one}&reason=bounced&source=x"), "rows"),
        (format!("rows={one}&source=x"), "rows"),
        (format!("rows={one}&reason=erased&source=x"), "reason"),
        (format!("rows={one}&reason=unsubscribed&purpose=none&source=x"), "purpose"),
        ("rows=name%0Aada&reason=bounced&source=x".to_owned(), "rows"),
        ("rows=email%0A&reason=bounced&source=x".to_owned(), "rows"),
        ("rows=%ff%00&reason=bounced&source=x".to_owned(), "rows"),
    ] {
        let answer = desk.post(BRING, &fields).await;
        assert_eq!(answer.status, 422, "{fields}");
        assert!(answer.text().contains(&format!("href=\"#{field}\"")), "{fields}");
    }
    let huge = format!("source=x&reason=bounced&rows={}", "a%40b.example%0A".repeat(80_000));
    assert_eq!(desk.post(BRING, &huge).await.status, 413);
    assert_eq!(app.count("SELECT count(*) FROM suppression").await, 0);
    let viewer = app.sign_in(Role::Viewer).await;
    assert!(!viewer.page(LIST).await.replace("&#x2f;", "/").contains(BRING));
    assert_eq!(viewer.get(BRING).await.status, 403);
}
