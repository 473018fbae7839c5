//! What hostile clients send, and that none of it is stored, mailed or believed.

use std::time::{Duration, Instant};

use macro_rules_attribute::apply;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::app::{Answer, Database, PATH, POLICY, SLUG, TestApp, form};
use crate::support::{both_databases, poll};

/// Longer than every deadline of the server's.
const PATIENCE: Duration = Duration::from_secs(30);
const FORM: &str = "application/x-www-form-urlencoded";
const FORM_MAX: usize = 64 * 1024;

/// Sends bytes as they are and reads until the server closes. A request that is refused halfway need
/// not be taken whole, nor the connection end politely: what came back counts.
async fn raw(app: &TestApp, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let mut answer = Vec::new();
    let exchange =
        futures_util::future::join(writer.write_all(request), reader.read_to_end(&mut answer));
    tokio::time::timeout(PATIENCE, exchange)
        .await
        .map(drop)
        .expect("an answer, or the end of the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request without a body, its lines as they are.
async fn bare(app: &TestApp, lines: &[&str]) -> String {
    let request = format!("{}\r\nConnection: close\r\n\r\n", lines.join("\r\n"));
    raw(app, request.as_bytes()).await
}

fn status(answer: &str) -> u16 {
    answer
        .get(9..12)
        .filter(|_| answer.starts_with("HTTP/1."))
        .and_then(|code| code.parse().ok())
        .unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

async fn post(app: &TestApp, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut request = app.request("POST", path).header("content-type", FORM);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(body.to_vec())).await
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Signups stored and mails decided on.
async fn stored(app: &TestApp) -> [i64; 2] {
    [app.count("SELECT count(*) FROM signup").await, app.count("SELECT count(*) FROM outbox").await]
}

/// The headers that no answer goes without.
fn assert_secured(answer: &Answer) {
    let policy = answer.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && policy.contains("frame-ancestors "),
        "{} {policy:?}",
        answer.status
    );
    assert!(!policy.contains("unsafe-") && !policy.contains('*'));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("referrer-policy"), "same-origin");
}

/// The same form again, which says what is wrong and leads to `field`.
fn assert_refused(answer: &Answer, field: &str, what: &str) {
    let page = answer.text();
    assert_eq!(answer.status, 422, "{what}");
    assert_secured(answer);
    assert!(page.contains("<title>Error: "), "{what}");
    let summary = page
        .split_once("<div class=\"summary\"")
        .and_then(|(_, rest)| rest.split_once("</div>"))
        .unwrap_or_else(|| panic!("{what}: no error summary"))
        .0;
    let targets: Vec<&str> =
        summary.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    if field == "form" {
        assert!(summary.contains("<li>"), "{what}");
    } else {
        assert!(targets.contains(&field), "{what}: {summary}");
    }
    for target in targets {
        assert!(
            page.contains(&format!(" id=\"{target}\"")),
            "{what}: the summary leads to #{target}, which is not on the page"
        );
    }
}

/// What a reader sees in a field. A `>` or `"` that was not escaped would cut it short.
fn shown(page: &str, field: &str) -> String {
    let from = page.find(&format!("<input id=\"{field}\" ")).expect("a field");
    let tag = page[from..].split('>').next().unwrap();
    let value = tag.split_once(" value=\"").map_or("", |(_, rest)| rest.split('"').next().unwrap());
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(value.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

fn is_ticked(page: &str, field: &str) -> bool {
    let from =
        page.find(&format!("id=\"{field}\" name=")).unwrap_or_else(|| panic!("no box {field}"));
    page[from..].split('>').next().unwrap().contains(" checked")
}

fn longest(whole: usize) -> String {
    let domain = format!("{}.{}.", "d".repeat(60), "e".repeat(60));
    let rest = whole - 65 - domain.len() - ".example".len();
    format!("{}@{domain}{}.example", "l".repeat(64), "f".repeat(rest))
}

// Whoever is told to try again would try for ever.
#[apply(both_databases!)]
async fn what_the_database_does_not_understand_is_our_mistake(database: Database) {
    let app = TestApp::start(database).await;
    app.tamper("ALTER TABLE signup RENAME TO signup_away").await.unwrap();
    let asked = app.ask("ada@b.example").await;
    assert_eq!((asked.status, asked.header("retry-after")), (500, ""));
    assert!(asked.text().contains("Something went wrong on our side"), "{}", asked.text());
    app.tamper("ALTER TABLE signup_away RENAME TO signup").await.unwrap();
    assert_eq!(app.ask("ada@b.example").await.status, 303);
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
async fn a_fault_in_a_box_is_no_agreement(database: Database) {
    let app = TestApp::start(database).await;
    for body in [
        format!("email=a%40b.example&consent=yes%00&policy={POLICY}"),
        format!("email=a%40b.example&consent=ye%0ds&policy={POLICY}"),
        format!("email=a%40b.example&consent=yes&policy={POLICY}%ff"),
        format!("email=a%40b.example&consent=yes&policy={POLICY}&newsletter=weekly%00"),
        format!("email=a%40b.example&consent=yes&policy={POLICY}&newsletter=%e2%80%aeweekly"),
        format!("email=a%40b.example&consent=yes&policy={POLICY}&website=%00"),
    ] {
        assert_eq!(app.post(PATH, &body).await.status, 422, "{body}");
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
async fn an_answer_given_twice_is_none(database: Database) {
    let app = TestApp::start(database).await;
    for (field, value, leads_to) in [
        ("email", "ada%40b.example", "email"),
        ("email", "bob%40b.example", "email"),
        ("email", "", "email"),
        ("name", "Bob", "name"),
        ("organisation", "", "organisation"),
        ("job_title", "Head", "job_title"),
        ("consent", "yes", "form"),
        ("consent", "no", "form"),
        ("policy", POLICY, "form"),
        ("website", "", "form"),
        ("em%61il", "bob%40b.example", "email"),
    ] {
        let body = form("ada@b.example", "&name=Ada&organisation=Northmoor&job_title=Head");
        let answer = app.post(PATH, &format!("{body}&{field}={value}")).await;
        assert_refused(&answer, leads_to, field);
    }
    assert_eq!(stored(&app).await, [0, 0]);
    // A newsletter ticked twice is ticked.
    app.subscribe("ada@b.example", "&newsletter=weekly&newsletter=weekly").await;
    assert_eq!(app.exported("newsletter:weekly").await, ["ada@b.example"]);
}

#[apply(both_databases!)]
async fn boxes_and_labels_must_be_those_shown(database: Database) {
    let app = TestApp::start(database).await;
    let mut tx = app.write().await;
    app.add_report(&mut tx, "bare", "A report without newsletters", &[]).await;
    tx.commit().await.unwrap();
    poll::until("the report without newsletters", || async {
        (app.get("/reports/bare").await.status == 200).then_some(())
    })
    .await;
    let typed = "email=ada%40b.example&name=Ada";
    for (path, more, field) in [
        (PATH, format!("&policy={POLICY}"), "consent"),
        (PATH, format!("&policy={POLICY}&consent=no"), "consent"),
        (PATH, format!("&policy={POLICY}&consent="), "consent"),
        (PATH, format!("&policy={POLICY}&consent=on"), "consent"),
        (PATH, format!("&policy={POLICY}&consent=YES"), "consent"),
        (PATH, "&consent=yes".to_owned(), "policy"),
        (PATH, "&consent=yes&policy=".to_owned(), "policy"),
        (PATH, "&consent=yes&policy=2026-10".to_owned(), "policy"),
        (PATH, format!("&consent=yes&policy={POLICY}%20"), "policy"),
        (PATH, format!("&consent=yes&policy={POLICY}&newsletter=none"), "newsletter"),
        (
            PATH,
            format!("&consent=yes&policy={POLICY}&newsletter=weekly&newsletter=none"),
            "newsletter",
        ),
        (PATH, format!("&consent=yes&policy={POLICY}&newsletter="), "newsletter"),
        (PATH, format!("&consent=yes&policy={POLICY}&newsletter=newsletter:weekly"), "newsletter"),
        ("/newsletters", format!("&consent=yes&policy={POLICY}&newsletter=none"), "newsletter"),
        ("/newsletters", format!("&consent=yes&policy={POLICY}"), "newsletter"),
        ("/newsletters", "&newsletter=weekly".to_owned(), "consent"),
        ("/reports/bare", format!("&policy={POLICY}"), "consent"),
    ] {
        let answer = app.post(path, &format!("{typed}{more}")).await;
        let page = answer.text();
        assert_refused(&answer, field, &more);
        assert_eq!(
            (shown(&page, "email"), shown(&page, "name")),
            ("ada@b.example".to_owned(), "Ada".to_owned())
        );
        assert!(is_ticked(&page, "consent") == (field == "newsletter"), "{more}");
    }
    assert_eq!(stored(&app).await, [0, 0]);
}

#[apply(both_databases!)]
async fn a_summary_leads_nowhere_that_is_not_there(database: Database) {
    let app = TestApp::start_empty(database, &[]).await;
    let mut tx = app.write().await;
    app.publish_policy(&mut tx, POLICY).await;
    app.add_report(&mut tx, SLUG, "A report without newsletters", &[]).await;
    tx.commit().await.unwrap();
    let answer = app.post(PATH, &form("ada@b.example", "&newsletter=weekly")).await;
    assert!(answer.status == 422 && answer.text().contains("<title>Error: "));
    let page = answer.text();
    for target in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(page.contains(&format!(" id=\"{target}\"")), "nothing is named {target}");
    }
    assert_eq!(stored(&app).await, [0, 0]);
}

#[apply(both_databases!)]
async fn a_policy_that_changed_meanwhile_is_shown_before_it_is_agreed_to(database: Database) {
    let app = TestApp::start(database).await;
    let mut tx = app.write().await;
    app.advance(Duration::from_hours(1));
    app.publish_policy(&mut tx, "2026-12").await;
    tx.commit().await.unwrap();
    poll::until("the new policy", || async {
        app.get(PATH).await.text().contains("name=\"policy\" value=\"2026-12\"").then_some(())
    })
    .await;
    let answer = app.post(PATH, &form("ada@b.example", "&newsletter=weekly")).await;
    assert_refused(&answer, "policy", "the old label");
    let page = answer.text();
    assert!(
        page.contains("name=\"policy\" value=\"2026-12\"")
            && page.contains("/policies/privacy/2026-12")
    );
    assert!(!is_ticked(&page, "consent") && is_ticked(&page, "newsletter"));
    assert_eq!(stored(&app).await, [0, 0]);
    let again = form("ada@b.example", "").replace(POLICY, "2026-12");
    assert_eq!(app.post(PATH, &again).await.status, 303);
}

#[apply(both_databases!)]
async fn only_small_forms_are_read(database: Database) {
    let app = TestApp::start(database).await;
    let host = format!("Host: {}", app.address);
    for path in [PATH, "/newsletters"] {
        let nothing = app.send(app.request("POST", path)).await;
        assert_refused(&nothing, "email", "an empty body");
        assert_refused(&app.post(path, "").await, "consent", "an empty form");

        let fits = format!("email={}", "a".repeat(FORM_MAX - "email=".len()));
        assert_eq!(app.post(path, &fits).await.status, 422);
        let line = format!("POST {path} HTTP/1.1");
        let kind = format!("Content-Type: {FORM}");
        // What is announced is refused before it is sent.
        for length in ["65537", "1000000000000"] {
            let announced = format!("Content-Length: {length}");
            let answer = bare(&app, &[&line, &host, &kind, &announced]).await;
            assert_eq!(status(&answer), 413, "{length}");
            assert!(answer.contains("That is more than this form can hold"));
        }
        let chunk = format!("{:x}\r\n{fits}a\r\n0\r\n\r\n", FORM_MAX + 1);
        let head = format!(
            "{line}\r\n{host}\r\n{kind}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        );
        assert_eq!(status(&raw(&app, format!("{head}{chunk}").as_bytes()).await), 413);

        let sound = form("ada@b.example", "&newsletter=weekly");
        for kind in [
            "multipart/form-data; boundary=x",
            "application/json",
            "text/plain",
            "",
            "application/x-www-form-urlencodedx",
            "text/plain; application/x-www-form-urlencoded",
        ] {
            let answer = app
                .send(app.request("POST", path).header("content-type", kind).body(sound.clone()))
                .await;
            assert_eq!(answer.status, 415, "{kind}");
            assert_secured(&answer);
        }
        assert_eq!(app.send(app.request("POST", path).body(sound)).await.status, 415);
    }
    assert_eq!(stored(&app).await, [0, 0]);
    let kind = "Application/X-WWW-Form-URLEncoded; charset=UTF-8";
    let answer =
        app.request("POST", PATH).header("content-type", kind).body(form("ada@b.example", ""));
    assert_eq!(app.send(answer).await.status, 303);
}

#[apply(both_databases!)]
async fn other_methods_are_refused(database: Database) {
    let app = TestApp::start(database).await;
    let page = app.subscribe("ada@b.example", "").await;
    let link = app.mail_to("ada@b.example")[0].link("/confirm/");
    app.mail_settled().await;
    let before = stored(&app).await;
    let fresh = [format!("{page}/fresh"), format!("{link}/fresh")];
    let cases = [
        (PATH, "PUT"),
        (PATH, "DELETE"),
        (PATH, "PATCH"),
        (PATH, "OPTIONS"),
        (PATH, "TRACE"),
        ("/", "POST"),
        ("/thank-you", "POST"),
        ("/check-your-inbox", "POST"),
        ("/check-your-inbox/resend", "GET"),
        ("/policies/privacy", "POST"),
        ("/livez", "POST"),
        (page.as_str(), "POST"),
        (page.as_str(), "DELETE"),
        (fresh[0].as_str(), "GET"),
        (fresh[1].as_str(), "GET"),
        (link.as_str(), "PUT"),
        (PATH, "PROPFIND"),
    ];
    for (path, method) in cases {
        let answer = app.send(app.request(method, path)).await;
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_secured(&answer);
    }
    assert_eq!(stored(&app).await, before);
}

#[apply(both_databases!)]
async fn another_host_is_not_ours(database: Database) {
    let app = TestApp::start(database).await;
    let own = format!("Host: {}", app.address);
    for path in [
        "/",
        PATH,
        "/newsletters",
        "/check-your-inbox",
        "/confirm/x",
        "/downloads/x/file",
        "/policies/privacy",
    ] {
        let get = format!("GET {path} HTTP/1.1");
        for (hosts, expected) in [
            (&["Host:"][..], 421),
            (&["Host: evil.example"], 421),
            (&["Host: 127.0.0.1.evil.example"], 421),
            (&["Host: localhost.evil.example"], 421),
            (&["Host: 127.0.0.1,evil.example"], 421),
            (&["Host: 127.0.0.2"], 421),
            (&["Host: [::2]"], 421),
            (&["Host: localhost.."], 421),
            (&["Host: 2130706433"], 421),
            // RFC 9112 3.2: none, several, and what can be no host.
            (&[], 400),
            (&[&own, "Host: evil.example"], 400),
            (&["Host: evil.example", &own], 400),
            (&[&own, &own], 400),
            (&[&own, "Host:"], 400),
            (&["Host: eve@127.0.0.1"], 400),
            (&["Host: 127.0.0.1@evil.example"], 400),
            (&["Host: 127.0.0.1:80@evil.example"], 400),
            (&["Host: 127.0.0.1, evil.example"], 400),
            (&["Host: 127.0.0.1/"], 400),
            (&["Host: 127.0.0.1 evil.example"], 400),
        ] {
            let answer = bare(&app, &[&[get.as_str()], hosts].concat()).await;
            assert_eq!(status(&answer), expected, "{path} {hosts:?}");
            assert!(!answer.to_lowercase().contains("evil.example"), "{hosts:?}");
            assert!(
                answer.contains("</html>") && answer.contains("content-security-policy"),
                "{hosts:?}: {answer}"
            );
        }
        // The target's own host counts as well, and must be the same.
        for (target, host) in [
            (format!("http://evil.example{path}"), own.as_str()),
            (format!("http://{}{path}", app.address), "Host: evil.example"),
            (format!("http://eve@{}{path}", app.address), own.as_str()),
        ] {
            let answer = bare(&app, &[&format!("GET {target} HTTP/1.1"), host]).await;
            assert_eq!(status(&answer), 421, "{target} {host}");
        }
        assert_eq!(status(&bare(&app, &[&format!("GET {path} HTTP/1.0")]).await), 421);
    }
    let body = form("ada@b.example", "");
    for (target, host) in [
        (PATH.to_owned(), "Host: evil.example"),
        (format!("http://evil.example{PATH}"), own.as_str()),
    ] {
        let length = format!("Content-Length: {}", body.len());
        let lines =
            [&format!("POST {target} HTTP/1.1"), host, &format!("Content-Type: {FORM}"), &length];
        let request = format!("{}\r\nConnection: close\r\n\r\n{body}", lines.join("\r\n"));
        assert_eq!(status(&raw(&app, request.as_bytes()).await), 421, "{target}");
    }
    assert_eq!(stored(&app).await, [0, 0]);
    let whole = format!("GET http://{}/ HTTP/1.1", app.address);
    assert_eq!(status(&bare(&app, &[&whole, &own]).await), 200);
}

#[apply(both_databases!)]
async fn another_host_learns_nothing_of_paths_and_methods(database: Database) {
    let app = TestApp::start(database).await;
    for line in
        ["GET /nothing/here HTTP/1.1", "DELETE / HTTP/1.1", "POST /policies/privacy HTTP/1.1"]
    {
        assert_eq!(status(&bare(&app, &[line, "Host: evil.example"]).await), 421, "{line}");
    }
}

#[apply(both_databases!)]
async fn the_names_of_loopback_are_one(database: Database) {
    let app = TestApp::start(database).await;
    for host in [
        "localhost",
        "LOCALHOST:1",
        "localhost:65535",
        "127.0.0.1",
        "127.0.0.1:1",
        "[::1]",
        "[::1]:8080",
        "localhost.",
        "localhost.:1",
    ] {
        assert_eq!(
            status(&bare(&app, &["GET / HTTP/1.1", &format!("Host: {host}")]).await),
            200,
            "{host}"
        );
    }
}

#[apply(both_databases!)]
async fn whoever_watches_needs_no_host(database: Database) {
    let app = TestApp::start(database).await;
    for path in ["/livez", "/readyz"] {
        let get = format!("GET {path} HTTP/1.1");
        for hosts in [&["Host: evil.example"], &["Host: 10.1.2.3:8080"], &["Host:"]] {
            assert_eq!(
                status(&bare(&app, &[&[get.as_str()], &hosts[..]].concat()).await),
                200,
                "{path} {hosts:?}"
            );
        }
        assert_eq!(status(&bare(&app, &[&format!("GET {path} HTTP/1.0")]).await), 200);
        // They answer any host, but no request that is none (RFC 9112 3.2).
        for hosts in [&[][..], &["Host: a.example", "Host: a.example"]] {
            assert_eq!(
                status(&bare(&app, &[&[get.as_str()], hosts].concat()).await),
                400,
                "{path} {hosts:?}"
            );
        }
    }
}

#[apply(both_databases!)]
async fn a_form_of_another_site_is_refused(database: Database) {
    let app = TestApp::start(database).await;
    let body = form("ada@b.example", "&newsletter=weekly");
    for origin in [
        "https://evil.example",
        "null",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "https://127.0.0.1",
        "http://eve@127.0.0.1",
        "127.0.0.1",
        "",
        "http://",
        "file://",
        "https://www.example.org",
    ] {
        for path in [PATH, "/newsletters"] {
            let answer = post(&app, path, &[("origin", origin)], body.as_bytes()).await;
            assert_eq!(answer.status, 403, "{path} {origin:?}");
            assert_secured(&answer);
            assert!(answer.header("set-cookie").is_empty());
        }
    }
    assert_eq!(stored(&app).await, [0, 0]);
    assert_eq!(post(&app, PATH, &[("origin", &app.base)], body.as_bytes()).await.status, 303);
    assert_eq!(post(&app, PATH, &[], body.as_bytes()).await.status, 303);
}

// A frame that was shut off, a page that was saved, a setting: their reader is told, and has a way on.
#[apply(both_databases!)]
async fn a_form_whose_page_is_hidden_leads_to_itself(database: Database) {
    let app = TestApp::start(database).await;
    for path in [PATH, "/newsletters", "/preferences", "/fresh-link"] {
        let answer = post(
            &app,
            path,
            &[("origin", "null")],
            form("ada@b.example", "&newsletter=weekly").as_bytes(),
        )
        .await;
        let page = answer.text();
        assert_eq!(answer.status, 403, "{path}");
        assert!(
            page.contains("Your browser did not say")
                && page.contains(&format!("<a href=\"{path}\">Open the form</a>")),
            "{page}"
        );
        assert_eq!(app.get(path).await.status, 200, "{path}");
        let foreign = post(&app, path, &[("origin", "https://evil.example")], b"").await.text();
        assert!(
            foreign.contains("sent from another site")
                && foreign.contains(&format!("<a href=\"{path}\">")),
            "{foreign}"
        );
        assert!(!foreign.contains("evil.example"));
    }
    for path in ["/console/sign-in", "/console/forgot"] {
        let answer = post(&app, path, &[("origin", "null")], b"email=ada%40b.example").await;
        assert!(
            answer.status == 403
                && answer.text().contains(&format!("<a href=\"{path}\">Go on from here</a>")),
            "{}",
            answer.text()
        );
    }
    assert_eq!(stored(&app).await, [0, 0]);
}

#[apply(both_databases!)]
async fn a_site_of_the_operators_may_frame_and_post(database: Database) {
    let set = [("ASSENT_EMBED_ORIGINS", "https://www.example.org/, https://shop.example:8443")];
    let app = TestApp::start_with(database, &set).await;
    let allows = "frame-ancestors https://www.example.org https://shop.example:8443";
    for path in [PATH, "/newsletters"] {
        let page = app.get(path).await;
        assert!(page.header("content-security-policy").ends_with(allows), "{path}");
        assert_eq!(page.header("cross-origin-resource-policy"), "cross-origin", "{path}");
        let refused = app.post(path, "").await;
        assert!(
            refused.status == 422 && refused.header("content-security-policy").ends_with(allows)
        );
        assert_secured(&page);
    }
    for path in ["/", "/thank-you", "/policies/privacy", "/nothing", "/livez"] {
        let policy = app.get(path).await;
        assert!(
            policy.header("content-security-policy").ends_with("frame-ancestors 'none'"),
            "{path}"
        );
        assert_eq!(policy.header("cross-origin-resource-policy"), "same-origin", "{path}");
    }
    let body = form("ada@b.example", "");
    for origin in ["https://www.example.org", "https://shop.example:8443"] {
        assert_eq!(
            post(&app, PATH, &[("origin", origin)], body.as_bytes()).await.status,
            303,
            "{origin}"
        );
    }
    for origin in [
        "http://www.example.org",
        "https://www.example.org.evil.example",
        "https://shop.example",
        "https://www.example.org:444",
        "https://example.org",
        "https://www.example.org/",
    ] {
        assert_eq!(
            post(&app, PATH, &[("origin", origin)], body.as_bytes()).await.status,
            403,
            "{origin}"
        );
    }
}

#[apply(both_databases!)]
async fn a_framed_form_leads_out_of_its_frame(database: Database) {
    let set = [("ASSENT_EMBED_ORIGINS", "https://www.example.org")];
    let app = TestApp::start_with(database, &set).await;
    let asked = app.ask("ada@b.example").await;
    // The page that follows may not be framed, so a form that stayed in its frame would end blank.
    let next = app.get(asked.location()).await;
    assert!(next.header("content-security-policy").ends_with("frame-ancestors 'none'"));
    for path in [PATH, "/newsletters"] {
        for page in [app.get(path).await, app.post(path, "").await] {
            let page = page.text();
            let form = page.split_once("<form ").unwrap().1.split('>').next().unwrap();
            assert!(form.contains("target=\"_top\""), "{path}: {form}");
        }
    }
}

#[apply(both_databases!)]
async fn no_path_leads_out(database: Database) {
    let app = TestApp::start(database).await;
    let host = format!("Host: {}", app.address);
    for under in [
        "/",
        "/reports/",
        "/reports/sample/",
        "/policies/privacy/",
        "/assets/",
        "/confirm/",
        "/downloads/",
    ] {
        for path in [
            "%2e%2e%2fassent.db",
            "%2e%2e/%2e%2e/etc/passwd",
            "../secret.key",
            "../../../../etc/passwd",
            "..%5c..%5cassent.db",
            "..\\assent.db",
            "%252e%252e%252fassent.db",
            "%252e",
            "%00",
            "sample%00",
            "sample%00.pdf",
            "....//secret.key",
            "%2e",
            "..",
            "sample/../../secret.key",
            ";/../secret.key",
            "files/reports",
            "data/secret.key",
            "sample%20",
            "Sample",
        ] {
            let answer = bare(&app, &[&format!("GET {under}{path} HTTP/1.1"), &host]).await;
            assert_eq!(status(&answer), 404, "{under}{path}");
            let told = ["Page not found", "This link is not whole"]
                .iter()
                .any(|page| answer.contains(page));
            assert!(told, "{under}{path} has its page");
        }
    }
}

#[apply(both_databases!)]
async fn a_path_that_is_no_text_gets_a_page(database: Database) {
    let app = TestApp::start(database).await;
    for under in ["/reports/", "/policies/privacy/", "/assets/", "/confirm/", "/downloads/"] {
        for path in ["%ff", "sample%c0%ae%c0%ae%c0%af"] {
            let answer = app.get(&format!("{under}{path}")).await;
            assert!(matches!(answer.status, 400 | 404), "{under}{path}");
            assert!(
                answer.text().contains("</html>") && !answer.text().contains("Invalid"),
                "{under}{path}"
            );
            assert_secured(&answer);
        }
    }
}

#[apply(both_databases!)]
async fn what_is_not_offered_is_not_there(database: Database) {
    let app = TestApp::start(database).await;
    let mut tx = app.write().await;
    let draft = app.sample_report("draft", "A draft").await;
    let at = app.core.moment();
    assent::flows::catalog::add_report::add_report(&mut tx, &at, "test", &draft, &[])
        .await
        .unwrap();
    app.add_report(&mut tx, "old", "An old report", &[]).await;
    let old = "old".parse().unwrap();
    assent::flows::catalog::add_report::withdraw_report(&mut tx, &at, "test", &old).await.unwrap();
    tx.commit().await.unwrap();
    poll::until("the withdrawal", || async {
        (app.get("/reports/old").await.status == 410).then_some(())
    })
    .await;
    for (path, expected) in
        [("/reports/unknown", 404), ("/reports/draft", 404), ("/reports/old", 410)]
    {
        for answer in [app.get(path).await, app.post(path, &form("ada@b.example", "")).await] {
            assert_eq!(answer.status, expected, "{path}");
            assert_secured(&answer);
        }
        let cover = app.get(&format!("{path}/cover")).await.status;
        assert_eq!(cover, expected, "{path}/cover");
    }
    assert_eq!(app.get("/reports/sample/cover").await.status, 404, "it has none");
    let index = app.get("/").await.text();
    assert!(
        index.contains("A sample report")
            && !index.contains("A draft")
            && !index.contains("An old report")
    );
    assert_eq!(stored(&app).await, [0, 0]);
}

#[apply(both_databases!)]
async fn every_answer_is_secured(database: Database) {
    let app = TestApp::start(database).await;
    let page = app.subscribe("ada@b.example", "").await;
    let link = app.mail_to("ada@b.example")[0].link("/confirm/");
    let (file, not_me, css) =
        (format!("{page}/file"), format!("{link}/not-me"), assent::web::stylesheet());
    for (path, expected) in [
        ("/", 200),
        (PATH, 200),
        ("/newsletters", 200),
        ("/check-your-inbox", 200),
        ("/thank-you", 200),
        ("/policies/privacy", 200),
        ("/policies/privacy/2026-11", 200),
        ("/livez", 200),
        ("/readyz", 200),
        (css, 200),
        (link.as_str(), 200),
        (not_me.as_str(), 410),
        (page.as_str(), 200),
        (file.as_str(), 200),
        ("/nothing", 404),
        ("/assets/site.css", 404),
        ("/policies/privacy/none", 404),
        ("/confirm/x", 404),
        ("/downloads/x", 404),
        ("/reports/unknown", 404),
    ] {
        let answer = app.get(path).await;
        assert_eq!(answer.status, expected, "{path}");
        assert_secured(&answer);
        let kept = answer.header("cache-control");
        // What is published may be kept, and is asked after each time.
        let published = path.starts_with("/policies/") && answer.status == 200;
        assert_eq!(kept.contains("no-store"), path != css && !published, "{path}: {kept}");
        assert_eq!(kept == "no-cache", published, "{path}: {kept}");
        for policy in ["cross-origin-opener-policy", "cross-origin-resource-policy"] {
            assert_eq!(answer.header(policy), "same-origin", "{path}");
        }
    }
    let several = app.send(app.request("GET", &file).header("range", "bytes=0-0,2-2")).await;
    for (answer, expected) in [
        (several, 416),
        (app.ask("bob@b.example").await, 303),
        (app.ask("").await, 422),
        (app.post(&link, "").await, 303),
        (app.post("/check-your-inbox/resend", "").await, 303),
        (app.post(&not_me, "").await, 410),
    ] {
        assert_eq!(answer.status, expected);
        assert_secured(&answer);
    }
}

#[apply(both_databases!)]
async fn stylesheets_and_scripts_are_kept_for_good(database: Database) {
    let app = TestApp::start(database).await;
    let console = assent::web::console_assets();
    for (path, kind, holds) in [
        (assent::web::stylesheet(), "text/css", "--brand:"),
        (console.css, "text/css", "--brand:"),
        (console.htmx, "text/javascript", "var htmx="),
        (console.script, "text/javascript", "data-progress"),
    ] {
        let answer = app.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), format!("{kind}; charset=utf-8"), "{path}");
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable", "{path}");
        assert_secured(&answer);
        let packed = app.send(app.request("GET", path).header("accept-encoding", "gzip")).await;
        assert_eq!(packed.header("content-encoding"), "gzip", "{path}");
        assert!(packed.body.len() < answer.body.len() / 2, "{path}");
        assert!(answer.text().contains(holds), "{path}");
        // Another content has another name, and a name of another content is no name.
        let (stem, ending) = path.rsplit_once('.').unwrap();
        let other = format!("{}0000.{ending}", &stem[..stem.len() - 4]);
        assert_eq!(app.get(&other).await.status, 404, "{other}");
    }
}

#[apply(both_databases!)]
async fn a_broken_query_is_answered_in_our_words(database: Database) {
    let app = TestApp::start(database).await;
    for path in [
        "/check-your-inbox?word=again&word=again",
        "/check-your-inbox?word=%ff",
        "/check-your-inbox?%00=&=&&",
    ] {
        let answer = app.get(path).await;
        assert!(
            answer.header("content-type").starts_with("text/html"),
            "{path}: {}",
            answer.text()
        );
    }
}

#[apply(both_databases!)]
async fn head_is_get_without_its_body(database: Database) {
    let app = TestApp::start(database).await;
    let page = app.subscribe("ada@b.example", "").await;
    let used = app.mail_to("ada@b.example")[0].link("/confirm/");
    let open = app.ask_and_read("bob@b.example", "").await.link("/confirm/");
    let path = |link: &str| link.strip_prefix(&app.base).unwrap_or(link).to_owned();
    let host = format!("Host: {}", app.address);
    for path in [
        "/",
        PATH,
        "/newsletters",
        "/check-your-inbox",
        "/thank-you",
        "/policies/privacy",
        "/policies/privacy/2026-11",
        "/livez",
        "/readyz",
        assent::web::stylesheet(),
        "/nothing",
        "/reports/none",
        "/confirm/x",
        "/downloads/x",
        &path(&used),
        &path(&open),
        &path(&format!("{open}/not-me")),
        &path(&format!("{used}/not-me")),
        &page,
        &format!("{page}/file"),
    ] {
        let get = app.get(path).await;
        let head = bare(&app, &[&format!("HEAD {path} HTTP/1.1"), &host]).await;
        assert_eq!(status(&head), get.status, "{path}");
        let (headers, body) = head.split_once("\r\n\r\n").unwrap();
        assert!(!get.body.is_empty() && body.is_empty(), "{path}: {body}");
        let kind = format!("content-type: {}", get.header("content-type"));
        assert!(headers.to_lowercase().contains(&kind), "{path}: {headers}");
        assert!(headers.contains("content-security-policy"), "{path}");
    }
    assert_eq!(app.count("SELECT count(*) FROM download").await, 1, "only GET counts");
}

#[apply(both_databases!)]
async fn two_lengths_are_one_request_at_most(database: Database) {
    let app = TestApp::start(database).await;
    let host = format!("Host: {}", app.address);
    let body = form("ada@b.example", "");
    let second = format!("GET /livez HTTP/1.1\r\n{host}\r\n\r\n");
    let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n{second}", body.len());
    for lengths in [
        "Content-Length: 6\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 6",
        "Transfer-Encoding: chunked, identity\r\nContent-Length: 6",
        "Transfer-Encoding: xchunked\r\nContent-Length: 6",
        "Content-Length: 6\r\nContent-Length: 7",
        "Content-Length: 6, 7",
        "Content-Length: -1",
        "Content-Length: +6",
        "Content-Length: 0x6",
        "Content-Length : 6\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding:\x0bchunked",
    ] {
        let request = format!(
            "POST {PATH} HTTP/1.1\r\n{host}\r\nContent-Type: {FORM}\r\n{lengths}\r\n\r\n{chunks}"
        );
        let answer = raw(&app, request.as_bytes()).await;
        assert!(answer.matches("HTTP/1.1 ").count() <= 1, "{lengths:?}: {answer}");
        assert!(
            answer.is_empty() || (300..500).contains(&status(&answer)),
            "{lengths:?}: {answer}"
        );
    }
    assert_eq!(app.get("/livez").await.status, 200);
}

#[apply(both_databases!)]
async fn a_body_in_an_unknown_coding_is_not_taken_for_another(database: Database) {
    let app = TestApp::start(database).await;
    let host = format!("Host: {}", app.address);
    let body = form("ada@b.example", "");
    let second = format!("GET /livez HTTP/1.1\r\n{host}\r\n\r\n");
    for (codings, expected) in [
        ("Transfer-Encoding: gzip, chunked", 501),
        ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", 501),
        ("transfer-encoding: DEFLATE,Chunked", 501),
        ("Transfer-Encoding: identity, chunked", 501),
        ("Transfer-Encoding: chunked, chunked", 501),
        ("Transfer-Encoding: gzip", 400),
        ("Transfer-Encoding: chunked, gzip", 400),
        ("Transfer-Encoding: Chunked ,", 400),
    ] {
        for path in [PATH, "/api/v1/bounces", "/console/sign-in", "/livez", "/nothing"] {
            let head = format!(
                "POST {path} HTTP/1.1\r\n{host}\r\nContent-Type: {FORM}\r\n{codings}\r\n\r\n"
            );
            let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
            let answer = raw(&app, format!("{head}{chunks}{second}").as_bytes()).await;
            assert_eq!(status(&answer), expected, "{path} {codings:?}");
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{path} {codings:?}: {answer}");
            if expected == 501 {
                let kind =
                    if path.starts_with("/api/") { "application/problem+json" } else { "</html>" };
                assert!(
                    answer.contains(kind) && answer.to_lowercase().contains("connection: close"),
                    "{path}: {answer}"
                );
            }
        }
    }
    assert_eq!(stored(&app).await, [0, 0]);
    let sound = format!(
        "POST {PATH} HTTP/1.1\r\n{host}\r\nContent-Type: {FORM}\r\nTransfer-Encoding: Chunked\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(
        status(
            &raw(&app, format!("{sound}{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).as_bytes()).await
        ),
        303
    );
}

#[apply(both_databases!)]
async fn whoever_accepts_no_coding_is_answered_all_the_same(database: Database) {
    let app = TestApp::start(database).await;
    let page = app.subscribe("ada@b.example", "").await;
    let file = format!("{page}/file");
    for accepts in [
        "*;q=0",
        "identity;q=0",
        "gzip;q=0, *;q=0",
        "identity;q=0, *;q=0",
        "br, *;q=0",
        "gzip;q=0,identity;q=0",
        "zstd;q=1.0,*;q=0.0",
    ] {
        let body = form("bob@b.example", "");
        let asked = post(&app, PATH, &[("accept-encoding", accepts)], body.as_bytes()).await;
        assert_eq!((asked.status, asked.location()), (303, "/check-your-inbox"), "{accepts}");
        for (path, expected) in [
            (file.as_str(), 200),
            (page.as_str(), 200),
            ("/", 200),
            (assent::web::stylesheet(), 200),
            ("/nothing", 404),
            ("/livez", 200),
        ] {
            let answer =
                app.send(app.request("GET", path).header("accept-encoding", accepts)).await;
            assert_eq!(
                (answer.status, answer.header("content-encoding")),
                (expected, ""),
                "{path} {accepts}"
            );
            assert!(!answer.body.is_empty(), "{path} {accepts}");
        }
        let part = app
            .request("GET", &file)
            .header("accept-encoding", accepts)
            .header("range", "bytes=0-3");
        assert_eq!(app.send(part).await.status, 206, "{accepts}");
    }
    let packed = app.send(app.request("GET", "/").header("accept-encoding", "gzip, *;q=0")).await;
    assert_eq!((packed.status, packed.header("content-encoding")), (200, "gzip"));
    // What is shorter than its wrapping is sent without it.
    for path in ["/livez", "/readyz"] {
        let short = app.send(app.request("GET", path).header("accept-encoding", "gzip")).await;
        assert_eq!((short.status, short.header("content-encoding")), (200, ""), "{path}");
    }
}

#[apply(both_databases!)]
async fn heads_beyond_reason_end_alone(database: Database) {
    let app = TestApp::start(database).await;
    let host = format!("Host: {}", app.address);
    let long = "a".repeat(1024 * 1024);
    let many = "X-Many: 1\r\n".repeat(5000);
    for head in [
        format!("GET /{long} HTTP/1.1\r\n{host}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}\r\nX: {long}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}\r\nCookie: assent_waiting={long}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}\r\n{many}\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {long}\r\n\r\n"),
        format!("{long}\r\n\r\n"),
        format!("GET / HTTP/9.9\r\n{host}\r\n\r\n"),
        "\0\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\n{host}\r\nX: a\0b\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}\r\n folded: 1\r\n\r\n"),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n".to_owned(),
    ] {
        let shown: String = head.chars().take(60).collect();
        let answer = raw(&app, head.as_bytes()).await;
        assert!(answer.is_empty() || (400..500).contains(&status(&answer)), "{shown:?}: {answer}");
    }
    assert_eq!(app.get(PATH).await.status, 200);
}

#[apply(both_databases!)]
async fn links_lead_where_the_operator_said(database: Database) {
    let app = TestApp::start(database).await;
    let evil = [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-port", "444"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-host", "evil.example"),
        ("x-original-url", "/evil.example"),
        ("x-rewrite-url", "/evil.example"),
        ("x-forwarded-prefix", "/evil.example"),
        ("referer", "https://evil.example/"),
        ("x-forwarded-for", "evil.example"),
    ];
    let asked =
        post(&app, PATH, &evil, form("ada@b.example", "&newsletter=weekly").as_bytes()).await;
    assert_eq!((asked.status, asked.location()), (303, "/check-your-inbox"));
    let link = app.next_mail("ada@b.example", 0).await.link("/confirm/");
    assert_eq!(
        post(&app, &format!("{link}/fresh"), &evil, b"").await.location(),
        "/check-your-inbox?word=fresh"
    );
    let link = app.next_mail("ada@b.example", 1).await.link("/confirm/");
    let confirmed = post(&app, &link, &evil, b"").await;
    assert!(confirmed.status == 303 && confirmed.location().starts_with("/downloads/"));
    app.next_mail("ada@b.example", 2).await;
    let fresh = format!("{}/fresh", confirmed.location());
    assert_eq!(post(&app, &fresh, &evil, b"").await.status, 303);
    app.next_mail("ada@b.example", 3).await;
    for mail in app.inbox() {
        for part in [&mail.raw, &mail.text, &mail.html] {
            assert!(!part.contains("evil.example") && !part.contains("https://127"), "{part}");
        }
        assert!(mail.links().iter().all(|link| link.starts_with(&app.base)));
        let origins = mail.html.split("href=\"").skip(1).all(|rest| rest.starts_with(&app.base));
        assert!(origins, "{}", mail.html);
    }
}

#[apply(both_databases!)]
async fn another_base_url_is_the_only_origin(database: Database) {
    let app =
        TestApp::start_with(database, &[("ASSENT_BASE_URL", "https://reports.example.org")]).await;
    let own = [("host", "reports.example.org"), ("origin", "https://reports.example.org")];
    let asked = post(&app, PATH, &own, form("ada@b.example", "").as_bytes()).await;
    assert_eq!(asked.status, 303);
    let cookie = asked.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-") && cookie.contains("; Secure") && cookie.contains("HttpOnly")
    );
    assert!(asked.header("strict-transport-security").contains("max-age="));
    let mail = app.next_mail("ada@b.example", 0).await;
    assert!(mail.links().iter().all(|link| link.starts_with("https://reports.example.org/")));
    assert!(!mail.raw.contains("127.0.0.1"));
    // With the dot of the root it is the same host, and links stay as the operator wrote it.
    let dotted = [("host", "reports.example.org."), ("origin", "https://reports.example.org.")];
    assert_eq!(post(&app, PATH, &dotted, form("bea@b.example", "").as_bytes()).await.status, 303);
    let mail = app.next_mail("bea@b.example", 0).await;
    assert!(mail.links().iter().all(|link| link.starts_with("https://reports.example.org/")));
    for host in [
        "127.0.0.1",
        "localhost",
        "reports.example.org:8443",
        "example.org",
        "reports.example.org.evil.example",
    ] {
        assert_eq!(post(&app, PATH, &[("host", host)], b"").await.status, 421, "{host}");
    }
    for origin in
        ["http://reports.example.org", "https://example.org", "https://reports.example.org:8443"]
    {
        assert_eq!(
            post(&app, PATH, &[own[0], ("origin", origin)], b"").await.status,
            403,
            "{origin}"
        );
    }
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
        app.add_report(&mut tx, &slug, title, &[&slug]).await;
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

/// How long the server bore with a connection that gets no further, and what it said.
async fn borne(app: &TestApp, begin: &str, drip: Option<&[u8]>) -> (Duration, String) {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let start = Instant::now();
    stream.write_all(begin.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let mut answer = Vec::new();
    let dripping = async {
        let mut every = tokio::time::interval(Duration::from_millis(500));
        while let Some(drop) = drip {
            every.tick().await;
            if writer.write_all(drop).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    let ended = async {
        tokio::select! {
            // An unfriendly end is an end.
            read = reader.read_to_end(&mut answer) => drop(read),
            () = dripping => {}
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.expect("the end of the connection");
    (start.elapsed(), String::from_utf8_lossy(&answer).into_owned())
}

/// One more answer on a connection that stays open.
async fn answered(stream: &mut TcpStream, app: &TestApp) -> u16 {
    let request = format!("HEAD /livez HTTP/1.1\r\nHost: {}\r\n\r\n", app.address);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let read = stream.read_buf(&mut answer).await.unwrap();
        assert!(read > 0, "it was closed");
    }
    status(&String::from_utf8(answer).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_waited_for_longer_than_ten_seconds() {
    let app = TestApp::start(Database::Sqlite).await;
    let body = form("ada@b.example", "");
    let head = format!("POST {PATH} HTTP/1.1\r\nHost: {}\r\nContent-Type: {FORM}\r\n", app.address);
    let announced = format!("{head}Content-Length: {}\r\n\r\n", 100 + body.len());
    let half = format!("{announced}{}", &body[..body.len() / 2]);
    let whole = format!("{announced}{body}");
    let livez = format!("HEAD /livez HTTP/1.1\r\nHost: {}\r\n", app.address);
    let second = format!("{livez}\r\n{livez}");
    let mut idle = TcpStream::connect(app.address).await.unwrap();
    assert_eq!(answered(&mut idle, &app).await, 200);
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n1\r\ne\r\n");
    let (silent, dripped, chunks, still, drop, (took, answer)) = tokio::join!(
        borne(&app, &half, None),
        borne(&app, &whole, Some(b"a")),
        borne(&app, &chunked, Some(b"1\r\na\r\n")),
        borne(&app, &head, None),
        borne(&app, &head, Some(b"X: 1\r\n")),
        borne(&app, &second, Some(b"X: 1\r\n")),
    );
    // Proxies keep a connection for longer than a head may take, and use it again.
    assert_eq!(answered(&mut idle, &app).await, 200, "idle between two requests");
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "{answer}");
    let borne = Duration::from_secs(8)..Duration::from_secs(16);
    assert!(borne.contains(&took), "a dripping second head was borne for {took:?}");
    for (what, (took, answer)) in [
        ("a silent body", silent),
        ("a dripping body", dripped),
        ("dripping chunks", chunks),
        ("a silent head", still),
        ("a dripping head", drop),
    ] {
        assert!(borne.contains(&took), "{what} was borne for {took:?}");
        assert!(answer.is_empty() || status(&answer) == 408, "{what}: {answer}");
    }
    assert_eq!(stored(&app).await, [0, 0]);
    assert_eq!(app.ask("ada@b.example").await.status, 303);
}
