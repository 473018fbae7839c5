//! What is typed: addresses, names, and what is no text.

use macro_rules_attribute::apply;

use super::{assert_refused, is_ticked, post, shown, stored};
use crate::support::app::{Database, PATH, POLICY, TestApp, form};
use crate::support::{both_databases, poll};

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn longest(whole: usize) -> String {
    let domain = format!("{}.{}.", "d".repeat(60), "e".repeat(60));
    let rest = whole - 65 - domain.len() - ".example".len();
    format!("{}@{domain}{}.example", "l".repeat(64), "f".repeat(rest))
}

#[apply(both_databases!)]
async fn only_plain_addresses_are_taken(database: Database) {
    let app = TestApp::start(database).await;
    let too_long = longest(255);
    let too_long_before_the_at = format!("{}@b.example", "l".repeat(65));
    for email in [
        "",
        " ",
        "ada",
        "@b.example",
        "ada@",
        "ada@localhost",
        "ada@@b.example",
        "ada@b@c.example",
        "\"ada\"@b.example",
        "\"a b\"@b.example",
        "\"<script>alert(1)</script>\"@b.example",
        "<script>alert('1')</script>",
        "\" autofocus onfocus=\"alert(1)",
        "'&amp;<!--",
        "ada@[127.0.0.1]",
        "ada@[IPv6:::1]",
        "ada@127.0.0.1",
        "ada@2130706433",
        "ada@0x7f.1",
        "ada@b.example,bob@c.example",
        "ada@b.example;bob@c.example",
        "ada@b.example bob@c.example",
        "ada@b.example, bob@c.example",
        "Ada <ada@b.example>",
        "<ada@b.example>",
        "mailto:ada@b.example",
        "ada@b_c.example",
        "ada@-b.example",
        "ada@b-.example",
        "ada@b..example",
        "ada@b.example.",
        ".ada@b.example",
        "ada.@b.example",
        "a..da@b.example",
        "a da@b.example",
        "ada@b example",
        "a%40b.example",
        "ada%bob@b.example@c.example",
        "ada@b.example/x",
        "ada@b.example?bcc=bob@c.example",
        "ada@b.example:25",
        "(comment)ada@b.example",
        "ada\\@b.example",
        "{{7*7}}@",
        "${jndi:ldap://x}",
        "äda@b.example",
        "аda@b.example",
        "\u{131}@b.example",
        "ada@xn--a.example",
        "😀@b.example",
        &too_long,
        &too_long_before_the_at,
    ] {
        let typed = form(email, "&name=%3Cb%3EAda%3C%2Fb%3E&newsletter=weekly");
        let answer = app.post(PATH, &typed).await;
        assert_refused(&answer, "email", email);
        let page = answer.text();
        assert_eq!(
            (shown(&page, "email"), shown(&page, "name")),
            (email.to_owned(), "<b>Ada</b>".to_owned())
        );
        assert!(!page.contains("<b>Ada") && !page.contains("<script"), "{email}");
        assert!(is_ticked(&page, "consent") && is_ticked(&page, "newsletter"), "{email}");
    }
    assert_eq!(stored(&app).await, [0, 0]);
}

#[apply(both_databases!)]
async fn nothing_unprintable_is_taken(database: Database) {
    let app = TestApp::start(database).await;
    let faults: [&[u8]; 20] = [
        b"%0d%0aBcc:%20eve%40c.example",
        b"\r\nBcc: eve@c.example",
        b"%0a",
        b"%0d",
        b"%09",
        b"%00",
        b"\0",
        b"%0b",
        b"%1b%5b2J",
        b"%7f",
        b"%c2%85",
        b"%e2%80%ae",
        "\u{202e}".as_bytes(),
        b"%e2%80%a8",
        b"%ff",
        b"\xff",
        b"%c0%ae",
        b"%ed%a0%80",
        b"%f4%90%80%80",
        b"%e2%80",
    ];
    for fault in faults {
        let what = String::from_utf8_lossy(fault);
        for (field, sound) in [
            ("email", "ada%40b.example"),
            ("name", "Ada"),
            ("organisation", "Northmoor"),
            ("job_title", "Head"),
        ] {
            for place in 0..3 {
                let value = match place {
                    0 => [sound.as_bytes(), fault].concat(),
                    1 => [fault, sound.as_bytes()].concat(),
                    _ => [&sound.as_bytes()[..1], fault, &sound.as_bytes()[1..]].concat(),
                };
                let email = if field == "email" { "" } else { "email=ada%40b.example&" };
                let body = format!("{email}consent=yes&policy={POLICY}&website=&{field}=");
                let answer = post(&app, PATH, &[], &[body.as_bytes(), &value].concat()).await;
                assert_refused(&answer, field, &format!("{field} {what:?}"));
                let kept = shown(&answer.text(), field);
                assert!(!kept.contains(|c: char| c.is_control()
                    || "\u{202e}\u{2066}\u{2028}\u{200f}\u{feff}\u{fffd}".contains(c)));
            }
        }
    }
    assert_eq!(stored(&app).await, [0, 0]);
}

#[apply(both_databases!)]
async fn odd_but_sound_addresses_get_one_mail(database: Database) {
    let app = TestApp::start(database).await;
    let longest = longest(254);
    for (typed, kept) in [
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("ada@g\u{131}thub.example", "ada@xn--gthub-n4a.example"),
        ("  spaced@b.example  ", "spaced@b.example"),
        ("o'neill+tag=1@b.example", "o'neill+tag=1@b.example"),
        ("=1+1@b.example", "=1+1@b.example"),
        ("-rf@b.example", "-rf@b.example"),
        ("|id`x`$y@b.example", "|id`x`$y@b.example"),
        (longest.as_str(), longest.as_str()),
    ] {
        let before = app.mail_to(kept).len();
        assert_eq!(app.ask(typed).await.status, 303, "{typed}");
        let mail = app.next_mail(kept, before).await;
        assert_eq!(mail.to, kept);
        assert_one_recipient(&mail.raw);
    }
    app.mail_settled().await;
    assert_eq!((app.inbox().len(), stored(&app).await), (9, [9, 9]));
}

#[apply(both_databases!)]
async fn names_are_one_line_of_at_most_200(database: Database) {
    let app = TestApp::start(database).await;
    for field in ["name", "organisation", "job_title"] {
        let long = "é".repeat(201);
        let answer =
            app.post(PATH, &form("ada@b.example", &format!("&{field}={}", encoded(&long)))).await;
        assert_refused(&answer, field, field);
        assert_eq!(shown(&answer.text(), field), long);
        assert_eq!(shown(&answer.text(), "email"), "ada@b.example");
    }
    assert_eq!(stored(&app).await, [0, 0]);
    let most = format!("&name={}", encoded(&"é".repeat(200)));
    assert_eq!(app.post(PATH, &form("ada@b.example", &most)).await.status, 303);
}

#[apply(both_databases!)]
async fn hostile_names_and_titles_stay_words(database: Database) {
    let app = TestApp::start(database).await;
    let long = "ü".repeat(180);
    let titles = [
        "<b>\"quoted\"</b> & 'more' {{ 7*7 }} {% raw %}",
        "Bcc: eve@evil.example, To: <eve@evil.example>;",
        long.as_str(),
        "a\u{a0}b 李小龍 😀 =E2=80=AE . ..",
    ];
    let names = [
        "\"Ada\" <eve@evil.example>, bob@c.example",
        "=?utf-8?q?=0d=0aBcc:eve?= =cmd|' /C calc'!A1",
        "</title><script>alert(1)</script>",
        "To: eve@evil.example; {{ site.controller.name }} %0d%0aBcc:eve@evil.example",
    ];
    for (n, (title, name)) in titles.iter().zip(names).enumerate() {
        let (slug, email) = (format!("hostile{n}"), format!("ada{n}@b.example"));
        let mut tx = app.write().await;
        app.add_newsletter(&mut tx, &slug, name).await;
        app.add_report(&mut tx, (&slug, title), &[&slug]).await;
        tx.commit().await.unwrap();
        let path = format!("/reports/{slug}");
        poll::until("the report", || async { (app.get(&path).await.status == 200).then_some(()) })
            .await;
        let more =
            format!("&name={0}&organisation={0}&job_title={0}&newsletter={slug}", encoded(name));
        assert_eq!(app.post(&path, &form(&email, &more)).await.status, 303, "{name}");
        let mail = app.next_mail(&email, 0).await;
        assert_eq!(mail.subject, format!("Your link to {title}"));
        let confirmed = app.post(&mail.link("/confirm/"), "").await;
        let receipt = app.next_mail(&email, 1).await;
        assert_eq!(receipt.subject, format!("Your report and receipt: {title}"));
        for mail in [mail, receipt] {
            assert_one_recipient(&mail.raw);
            assert!(
                !mail.html.contains("<script") && !mail.html.contains("<b>\""),
                "{}",
                mail.html
            );
            // Its words, not what they would come to.
            assert!(!title.contains("7*7") || mail.html.contains("{{ 7*7 }}"), "{}", mail.html);
        }
        for page in [path.as_str(), confirmed.location(), "/", "/newsletters"] {
            let page = app.get(page).await.text();
            assert!(
                !page.contains("<script") && !page.contains("<b>&quot;") && !page.contains("<b>\""),
                "{page}"
            );
        }
    }
    app.mail_settled().await;
    assert_eq!(app.inbox().len(), 2 * titles.len());
    assert_eq!(app.count("SELECT count(*) FROM outbox WHERE state = 'sent'").await, 8);
}

/// One address that mail goes to, and no line that a field put there.
fn assert_one_recipient(mail: &str) {
    let (head, _) = mail.split_once("\r\n\r\n").expect("a head");
    let names: Vec<String> = head
        .lines()
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split(':').next().unwrap_or_default().to_ascii_lowercase())
        .collect();
    for (name, times) in [("to", 1), ("cc", 0), ("bcc", 0), ("from", 1), ("subject", 1)] {
        let found = names.iter().filter(|found| *found == name).count();
        assert_eq!(found, times, "{name}: in\n{head}");
    }
    assert!(head.lines().all(|line| line.len() <= 998), "RFC 5322 2.1.1\n{head}");
}
