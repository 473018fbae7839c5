//! Leaving by one press, by a person or by their mail program: no sign-in, no question, at once.

use assent::domain::signup::link::LinkKind;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use macro_rules_attribute::apply;

use crate::support::app::{Answer, Database, TestApp, form};
use crate::support::inbox::Mail;
use crate::support::{both_databases, poll};

const BOTH: &str = "&newsletter=weekly";
const WEEKLY: &str = "newsletter:weekly";
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";
const URLENCODED: &str = "application/x-www-form-urlencoded";
const WITHDRAWN: &str = "SELECT count(*) FROM consent_event WHERE type = 'withdrawn'";
const CHANGES: &str = "SELECT count(*) FROM outbox WHERE kind = 'change'";
const LEFT: &str = "SELECT count(*) FROM suppression WHERE reason = 'unsubscribed' AND purpose = 'newsletter:weekly'";

/// The header fields of a mail as they were sent, folds included.
fn header_fields(mail: &Mail) -> Vec<String> {
    let (head, _) = mail.raw.split_once("\r\n\r\n").unwrap();
    let mut fields: Vec<String> = Vec::new();
    for line in head.split("\r\n") {
        match fields.last_mut() {
            Some(field) if line.starts_with([' ', '\t']) => *field += line,
            _ => fields.push(line.to_owned()),
        }
    }
    fields
}

/// The unsubscribe link of somebody's receipt.
fn leave_link(app: &TestApp, email: &str) -> String {
    app.mail_to(email)[1].link("/unsubscribe/")
}

/// Posts as a mail program does: no cookie, and whatever type and further headers it likes.
async fn press(app: &TestApp, link: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let request = headers.iter().fold(app.request("POST", link), |r, (k, v)| r.header(*k, *v));
    app.send(request.body(body.to_owned())).await
}

async fn one_click(app: &TestApp, link: &str) -> Answer {
    press(app, link, &[("content-type", URLENCODED)], ONE_CLICK).await
}

async fn state(app: &TestApp) -> Vec<i64> {
    let mut counts = Vec::new();
    for sql in [
        "SELECT count(*) FROM consent_event",
        "SELECT count(*) FROM consent WHERE state = 'given'",
        "SELECT count(*) FROM outbox",
        "SELECT count(*) FROM suppression",
    ] {
        counts.push(app.count(sql).await);
    }
    counts
}

#[apply(both_databases!)]
async fn the_receipt_says_how_to_leave_and_mail_1_does_not(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", BOTH).await;
    app.subscribe("bob@b.example", "").await;
    for email in ["ada@b.example", "bob@b.example"] {
        let confirmation = app.mail_to(email).remove(0);
        let fields = header_fields(&confirmation);
        assert!(fields.iter().all(|f| !f.to_lowercase().starts_with("list-")), "{fields:?}");
        assert!(
            !confirmation.raw.contains("/unsubscribe/")
                && !confirmation.raw.contains("/preferences/")
        );
    }
    let receipt = app.mail_to("ada@b.example").remove(1);
    let fields = header_fields(&receipt);
    let leave = receipt.link("/unsubscribe/");
    assert!(receipt.html.contains(&leave) && receipt.html.contains(&receipt.link("/preferences/")));
    for exact in [
        "List-Id: \"Reports: receipts and notices\" <receipts.127.0.0.1>",
        &format!("List-Unsubscribe: <{leave}>"),
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ] {
        assert_eq!(
            fields.iter().filter(|field| *field == exact).count(),
            1,
            "{exact} in {fields:?}"
        );
        assert!(receipt.raw.contains(&format!("\r\n{exact}\r\n")), "neither folded nor encoded");
    }
    assert_eq!(fields.iter().filter(|f| f.to_lowercase().starts_with("list-")).count(), 3);

    // The privacy policy alone brings nothing to unsubscribe from.
    let plain = app.mail_to("bob@b.example").remove(1);
    assert!(header_fields(&plain).iter().all(|f| !f.to_lowercase().starts_with("list-")));
    assert!(
        !plain.raw.contains("/unsubscribe/") && plain.link("/preferences/").starts_with(&app.base)
    );
}

#[apply(both_databases!)]
async fn a_long_link_stays_on_one_line(database: Database) {
    let origin =
        "https://reports.a-rather-long-name-for-a-department.some-local-authority.example.org";
    let app = TestApp::start_with(database, &[("ASSENT_BASE_URL", origin)]).await;
    let own = [("host", origin.trim_start_matches("https://")), ("content-type", URLENCODED)];
    let asked = press(&app, "/reports/sample", &own, &form("ada@b.example", BOTH)).await;
    assert_eq!(asked.status, 303);
    let link = app.next_mail("ada@b.example", 0).await.link("/confirm/").replace(origin, "");
    assert_eq!(press(&app, &link, &own, "").await.status, 303);
    let receipt = app.next_mail("ada@b.example", 1).await;
    let leave = receipt.link("/unsubscribe/");
    assert!(leave.starts_with(origin) && leave.len() > 120);
    assert!(receipt.raw.contains(&format!("\r\nList-Unsubscribe: <{leave}>\r\n")));
}

#[apply(both_databases!)]
async fn one_press_is_enough_however_a_program_sends_it(database: Database) {
    let app = TestApp::start(database).await;
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    let form = ("content-type", URLENCODED);
    let ways: [(&[(&str, &str)], &str); 8] = [
        (&[form], ONE_CLICK),
        (&[("content-type", "multipart/form-data; boundary=x")], multipart),
        (&[form], ""),
        (&[], ""),
        (&[], ONE_CLICK),
        (&[form, ("origin", "https://mail.example"), ("sec-fetch-site", "cross-site")], ONE_CLICK),
        (&[form, ("origin", "null"), ("referer", "https://mail.example/inbox")], ONE_CLICK),
        (
            &[("content-type", "text/plain"), ("cookie", "assent_confirmed=x; assent_waiting=y")],
            "\0\u{fffd}",
        ),
    ];
    for (n, (headers, body)) in ways.into_iter().enumerate() {
        let email = format!("r{n}@b.example");
        app.subscribe(&email, BOTH).await;
        let link = leave_link(&app, &email);
        let first = press(&app, &link, headers, body).await;
        assert_eq!(first.status, 200, "{headers:?}: {}", first.text());
        assert!(
            first.text().contains("You are unsubscribed") && first.text().contains("The weekly")
        );
        for name in ["location", "set-cookie"] {
            assert!(!first.headers.contains_key(name), "{name}");
        }
        assert!(!app.exported(WEEKLY).await.contains(&email), "{headers:?}");
        let changed = app.next_mail(&email, 2).await;
        assert!(changed.text.contains("What has ended") && changed.text.contains("The weekly"));
        let before = state(&app).await;
        for _ in 0..3 {
            let again = press(&app, &link, headers, body).await;
            assert_eq!((again.status, &again.body), (200, &first.body), "{headers:?}");
        }
        assert_eq!(state(&app).await, before, "once, however often");
    }
    assert_eq!(
        (app.count(WITHDRAWN).await, app.count(CHANGES).await, app.count(LEFT).await),
        (8, 8, 8)
    );
    assert_eq!(app.exported("privacy-policy").await.len(), 8, "the privacy policy stays");
    app.mail_settled().await;
    assert_eq!(app.inbox().len(), 8 * 3, "one receipt each");
}

#[apply(both_databases!)]
async fn looking_never_unsubscribes(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", BOTH).await;
    app.mail_settled().await;
    let (link, before) = (leave_link(&app, "ada@b.example"), state(&app).await);
    for _ in 0..250 {
        for method in ["GET", "HEAD"] {
            assert_eq!(app.send(app.request(method, &link)).await.status, 200);
        }
    }
    for odd in ["?List-Unsubscribe=One-Click", "?confirm=yes"] {
        assert_eq!(app.get(&format!("{link}{odd}")).await.status, 200);
    }
    for method in ["PUT", "DELETE", "PATCH"] {
        assert_eq!(app.send(app.request(method, &link)).await.status, 405);
    }
    assert_eq!(state(&app).await, before);
    assert_eq!(app.exported(WEEKLY).await, ["ada@b.example"]);
}

#[apply(both_databases!)]
async fn the_page_has_one_button_and_names_nobody(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", BOTH).await;
    let link = leave_link(&app, "ada@b.example");
    let page = app.get(&link).await.text();
    assert_eq!(
        (
            page.matches("<form").count(),
            page.matches("<button").count(),
            page.matches("<input").count()
        ),
        (1, 1, 0)
    );
    assert!(
        page.contains("The weekly") && page.contains("a…@b.example") && !page.contains("ada@"),
        "{page}"
    );
    assert!(!page.contains("/preferences/"), "a forwarded mail leads to nobody's choices");
    let done = one_click(&app, &link).await.text();
    assert!(!done.contains("ada@") && !done.contains("/preferences/"));
    let after = app.get(&link).await;
    assert!(
        after.status == 200
            && after.text().contains("This is not being sent")
            && !after.text().contains("<button")
    );
}

#[apply(both_databases!)]
async fn a_link_that_is_not_ours_is_not_found(database: Database) {
    let app = TestApp::start(database).await;
    let download = app.subscribe("ada@b.example", BOTH).await;
    let mails = app.mail_to("ada@b.example");
    let token = |link: &str| link.rsplit('/').next().unwrap().to_owned();
    let leave = token(&mails[1].link("/unsubscribe/"));
    let last = if leave.ends_with('a') { 'q' } else { 'a' };
    let others = [
        token(&mails[0].link("/confirm/")),
        token(&mails[1].link("/preferences/")),
        token(&download),
        format!("{}{last}", &leave[..leave.len() - 1]),
        format!("{leave}AAAA"),
        leave[4..].to_owned(),
        "x".to_owned(),
        "%00".to_owned(),
        "..%2f..".to_owned(),
    ];
    for other in &others {
        let path = format!("/unsubscribe/{other}");
        assert_eq!(app.get(&path).await.status, 404, "{path}");
        assert_eq!(one_click(&app, &path).await.status, 404, "{path}");
    }
    for path in [
        format!("/preferences/{leave}"),
        format!("/confirm/{leave}"),
        format!("/downloads/{leave}"),
        format!("/renew/{leave}"),
    ] {
        assert_eq!(app.get(&path).await.status, 404, "{path}");
    }
    assert_eq!(app.count(WITHDRAWN).await, 0);
}

#[apply(both_databases!)]
async fn a_huge_body_is_refused_and_ends_nothing(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", BOTH).await;
    let link = leave_link(&app, "ada@b.example");
    let huge = "a".repeat(64 * 1024 + 1);
    for kind in [URLENCODED, "multipart/form-data; boundary=x", "application/octet-stream"] {
        assert_eq!(
            press(&app, &link, &[("content-type", kind)], &huge).await.status,
            413,
            "{kind}"
        );
    }
    assert_eq!(app.count(WITHDRAWN).await, 0);
    assert_eq!(press(&app, &link, &[("content-type", URLENCODED)], &huge[1..]).await.status, 200);
    assert_eq!(app.count(WITHDRAWN).await, 1);
}

#[apply(both_databases!)]
async fn eight_presses_at_once_are_one(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", BOTH).await;
    let link = leave_link(&app, "ada@b.example");
    let presses = join_all((0..8).map(|_| one_click(&app, &link))).await;
    for press in &presses {
        assert_eq!((press.status, &press.body), (200, &presses[0].body));
    }
    assert_eq!(
        (app.count(WITHDRAWN).await, app.count(CHANGES).await, app.count(LEFT).await),
        (1, 1, 1)
    );
    app.next_mail("ada@b.example", 2).await;
    app.mail_settled().await;
    assert_eq!(app.mail_to("ada@b.example").len(), 3);
}

#[apply(both_databases!)]
async fn an_export_after_the_answer_does_not_have_who_left(database: Database) {
    let app = TestApp::start(database).await;
    let emails: Vec<String> = (0..12).map(|n| format!("r{n}@b.example")).collect();
    for email in &emails {
        app.subscribe(email, BOTH).await;
    }
    let (leaving, staying) = emails.split_at(8);
    let app = &app;
    let exports = leaving.iter().map(|email| async move {
        let answer = one_click(app, &leave_link(app, email)).await;
        assert_eq!(answer.status, 200);
        (email, app.exported(WEEKLY).await)
    });
    // As many exports as the program makes at once.
    for (email, exported) in stream::iter(exports).buffered(2).collect::<Vec<_>>().await {
        assert!(!exported.contains(email), "{email}");
        assert!(staying.iter().all(|stays| exported.contains(stays)));
    }
    assert_eq!(app.exported(WEEKLY).await, staying);
    assert_eq!(app.exported("privacy-policy").await, emails);
}

#[apply(both_databases!)]
async fn only_a_fresh_tick_of_their_own_brings_somebody_back(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", BOTH).await;
    let link = leave_link(&app, "ada@b.example");
    assert_eq!(one_click(&app, &link).await.status, 200);
    app.next_mail("ada@b.example", 2).await;

    // The same report again without the newsletter changes nothing of that.
    let mail = app.ask_and_read("ada@b.example", "").await;
    assert_eq!(app.post(&mail.link("/confirm/"), "").await.status, 303);
    app.next_mail("ada@b.example", 4).await;
    assert!(app.exported(WEEKLY).await.is_empty());
    assert_eq!(app.count(LEFT).await, 1);

    let mail = app.ask_and_read("Ada@B.example", BOTH).await;
    assert!(app.exported(WEEKLY).await.is_empty(), "a tick alone is not consent");
    assert_eq!(app.count(LEFT).await, 1);
    assert_eq!(app.post(&mail.link("/confirm/"), "").await.status, 303);
    assert_eq!(app.exported(WEEKLY).await.len(), 1);
    assert_eq!(app.count(LEFT).await, 0);
    let given =
        "SELECT count(*) FROM consent_event WHERE type = 'given' AND purpose = 'newsletter:weekly'";
    assert_eq!(app.count(given).await, 2, "given anew, not renewed");

    // Their old link ends the new consent too.
    assert_eq!(one_click(&app, &link).await.status, 200);
    assert!(app.exported(WEEKLY).await.is_empty());
    assert_eq!((app.count(WITHDRAWN).await, app.count(LEFT).await), (2, 1));
}

#[apply(both_databases!)]
async fn a_link_for_one_newsletter_ends_that_one(database: Database) {
    let app = TestApp::start(database).await;
    let mut tx = app.write().await;
    app.add_newsletter(&mut tx, "daily", "The daily").await;
    app.add_report(&mut tx, ("both", "A report with both"), &["weekly", "daily"]).await;
    tx.commit().await.unwrap();
    let page = "/reports/both";
    poll::until("the report", || async { (app.get(page).await.status == 200).then_some(()) }).await;
    for email in ["ada@b.example", "bob@b.example", "cyn@b.example"] {
        let body = form(email, "&newsletter=weekly&newsletter=daily");
        assert_eq!(app.post(page, &body).await.status, 303);
        let mail = app.next_mail(email, 0).await;
        assert_eq!(app.post(&mail.link("/confirm/"), "").await.status, 303);
        app.next_mail(email, 1).await;
    }
    let link = |email: &str, purpose: &str| {
        let manage = app.mail_to(email)[1].link("/preferences/");
        let token = manage.rsplit('/').next().unwrap().to_owned();
        let id = app.core.links.secrets.open(LinkKind::Manage, &token).unwrap().id;
        app.core.links.unsubscribe(id, Some(&purpose.parse().unwrap()))
    };
    let done = one_click(&app, &link("ada@b.example", "newsletter:daily")).await.text();
    assert!(done.contains("The daily") && !done.contains("The weekly"));
    assert_eq!(app.exported("newsletter:daily").await, ["bob@b.example", "cyn@b.example"]);
    assert_eq!(app.exported(WEEKLY).await.len(), 3);
    // The link of the receipt ends all that is sent.
    assert_eq!(one_click(&app, &leave_link(&app, "bob@b.example")).await.status, 200);
    assert_eq!(app.exported("newsletter:daily").await, ["cyn@b.example"]);
    assert_eq!(app.exported(WEEKLY).await, ["ada@b.example", "cyn@b.example"]);
    // Nothing stands without the privacy policy.
    assert_eq!(one_click(&app, &link("cyn@b.example", "privacy-policy")).await.status, 200);
    assert!(app.exported("newsletter:daily").await.is_empty());
    assert_eq!(app.exported("privacy-policy").await, ["ada@b.example", "bob@b.example"]);
    assert_eq!(app.count(WITHDRAWN).await, 1 + 2 + 3);
}

#[apply(both_databases!)]
async fn an_address_that_cannot_be_read_keeps_nobody_from_leaving(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", BOTH).await;
    app.subscribe("bob@b.example", BOTH).await;
    let link = leave_link(&app, "ada@b.example");
    let spoil = "UPDATE subscriber SET email = 'no address' WHERE email = 'ada@b.example'";
    assert_eq!(app.tamper(spoil).await.unwrap(), 1);
    assert_eq!(app.get(&link).await.status, 500, "nothing is shown in its place");
    assert_eq!(one_click(&app, &link).await.status, 200);
    assert_eq!((app.count(WITHDRAWN).await, app.count(LEFT).await), (1, 1));
    app.mail_settled().await;
    let parked = "SELECT count(*) FROM outbox WHERE kind = 'change' AND state = 'parked'";
    assert_eq!(app.count(parked).await, 1, "its receipt goes nowhere");
}
