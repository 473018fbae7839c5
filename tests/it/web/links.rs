//! Links survive the world: written before or now, in any case, with whatever stands behind them. What is not whole
//! leads on, and junk keeps nobody waiting.

use std::time::Duration;

use assent::domain::policy::version::ChangeClass;
use assent::flows::staff::add_staff::offer_first_account;
use assent::store::staff::links;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use data_encoding::BASE32_NOPAD_NOCASE;
use macro_rules_attribute::apply;

use crate::support::app::{Answer, Database, PATH, TestApp, form};
use crate::support::both_databases;
use crate::support::inbox::Mail;

const DAY: Duration = Duration::from_hours(24);
const NEW: &str = "2027-01";
const BOTH: &str = "&newsletter=weekly";
const WEEKLY: &str = "newsletter:weekly";
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";
const BROKEN: &str = "This link is not whole";
const FRESH: &str = "Email me a fresh link";

/// What the world leaves behind a link.
const JUNK: [&str; 15] = [
    ".",
    ")",
    ">",
    ",",
    "%20",
    "/",
    "=",
    "&amp;utm_source=x",
    "%2E",
    ").",
    "/%20/",
    "&amp;",
    "%26amp%3Butm_source=x",
    "%22%3E",
    ".%20%20",
];

/// A link as it was mailed when tokens were in base64url.
fn as_before(link: &str) -> String {
    let (page, token) = link.rsplit_once('/').unwrap();
    let bytes = BASE32_NOPAD_NOCASE.decode(token.as_bytes()).unwrap();
    format!("{page}/{}", URL_SAFE_NO_PAD.encode(bytes))
}

fn as_now(link: &str) -> String {
    let token = link.rsplit('/').next().unwrap();
    assert!(token.len() > 50 && token == token.to_lowercase(), "{link}");
    link.to_owned()
}

fn in_capitals(link: &str) -> String {
    let (page, token) = link.rsplit_once('/').unwrap();
    format!("{page}/{}", token.to_uppercase())
}

const WAYS: [fn(&str) -> String; 3] = [as_before, as_now, in_capitals];

/// The first account's link, as `serve` prints it.
async fn welcome(app: &TestApp) -> String {
    let mut tx = app.write().await;
    let id = offer_first_account(&mut tx, &app.core.moment()).await.unwrap().unwrap();
    let link = links::find(&mut tx, id).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    app.core.links.staff(link.kind, id)
}

/// All links of somebody's receipt, and the one that confirmed.
fn links_of(mails: &[Mail]) -> Vec<String> {
    let confirm = mails[0].link("/confirm/");
    let own = ["/downloads/", "/preferences/", "/unsubscribe/"].map(|path| mails[1].link(path));
    std::iter::once(confirm).chain(own).collect()
}

/// Sent by a reader of this address, through our proxy.
async fn from(app: &TestApp, client: &str, method: &str, path: &str) -> Answer {
    let request = app.request(method, path).header("x-forwarded-for", client);
    app.send(
        request.header("content-type", "application/x-www-form-urlencoded").body("confirm=yes"),
    )
    .await
}

#[apply(both_databases!)]
async fn a_link_of_each_kind_opens_as_it_was_written_before_and_now(database: Database) {
    let app = TestApp::start(database).await;
    for (n, way) in WAYS.into_iter().enumerate() {
        let email = format!("r{n}@b.example");
        let mail = app.ask_and_read(&email, BOTH).await;
        let confirm = way(&mail.link("/confirm/"));
        assert!(app.get(&confirm).await.text().contains("<button"), "{confirm}");
        assert_eq!(app.get(&format!("{confirm}/not-me")).await.status, 200, "{confirm}");
        assert_eq!(app.post(&confirm, "").await.status, 303, "{confirm}");
        let receipt = app.next_mail(&email, 1).await;
        let download = way(&receipt.link("/downloads/"));
        for path in [download.clone(), format!("{download}/file")] {
            assert_eq!(app.get(&path).await.status, 200, "{path}");
        }
        let choices = way(&receipt.link("/preferences/"));
        assert!(app.get(&choices).await.text().contains(&email), "{choices}");
        for path in [format!("{choices}/my-data"), format!("{choices}/my-data.json")] {
            assert_eq!(app.get(&path).await.status, 200, "{path}");
        }
        assert_eq!(app.get(&way(&receipt.link("/unsubscribe/"))).await.status, 200);
        let welcome = way(&welcome(&app).await);
        assert!(app.get(&welcome).await.text().contains("Make the first account"), "{welcome}");
    }
    // Who says that it was not them, by an old link.
    let not_me = format!(
        "{}/not-me",
        as_before(&app.ask_and_read("eve@b.example", "").await.link("/confirm/"))
    );
    assert_eq!(app.post(&not_me, "").await.status, 200);
    assert_eq!(app.count("SELECT count(*) FROM signup WHERE status = 'cancelled'").await, 1);
    app.publish_change(NEW, ChangeClass::Reconsent, Some(DAY * 30)).await;
    app.work_policies().await;
    for (n, way) in WAYS.into_iter().enumerate() {
        let email = format!("r{n}@b.example");
        let renew = way(&app.next_mail(&email, 2).await.link("/renew/"));
        let agreed = app.agree_again(&renew, &["privacy-policy", WEEKLY]).await;
        assert_eq!(agreed.status, 200, "{renew}: {}", agreed.text());
        let mails = app.mail_to(&email);
        let left = app.post(&way(&mails[1].link("/unsubscribe/")), ONE_CLICK).await;
        assert!(
            left.status == 200 && left.text().contains("You are unsubscribed"),
            "{}",
            left.text()
        );
        assert!(!app.exported(WEEKLY).await.contains(&email));
        let choices = way(&mails[1].link("/preferences/"));
        assert_eq!(app.post(&format!("{choices}/withdraw-all"), "").await.status, 303);
        assert_eq!(app.post(&format!("{choices}/erase"), "confirm=yes").await.status, 200);
        assert_eq!(app.get(&choices).await.status, 410, "erased by it");
    }
    assert!(app.exported("privacy-policy").await.is_empty());
}

#[apply(both_databases!)]
async fn what_stands_behind_a_link_leads_to_its_page(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", BOTH).await;
    let mut links = links_of(&app.mail_to("ada@b.example"));
    links.push(format!("{}/file", links[1]));
    links.push(format!("{}/my-data.json", links[2]));
    links.push(as_before(&links[3]));
    links.push(welcome(&app).await);
    for link in &links {
        let own = link.replace(&app.base, "");
        for junk in JUNK {
            for method in ["GET", "HEAD"] {
                let answer = app.send(app.request(method, &format!("{link}{junk}"))).await;
                assert_eq!(
                    (answer.status, answer.location()),
                    (308, own.as_str()),
                    "{method} {link}{junk}"
                );
                assert_eq!(answer.header("cache-control"), "no-store");
            }
        }
        assert_eq!(app.get(link).await.status, 200, "{link}");
        let queried = app.get(&format!("{link}/?utm_source=x&a=.")).await;
        assert_eq!(
            (queried.status, queried.location()),
            (308, format!("{own}?utm_source=x&a=.").as_str())
        );
    }
    let not_me = format!("{}/not-me", links[0]);
    let answer = app.get(&format!("{not_me}).")).await;
    assert_eq!((answer.status, answer.location()), (308, not_me.replace(&app.base, "").as_str()));
}

#[apply(both_databases!)]
async fn what_is_sent_there_is_taken_as_it_was_meant(database: Database) {
    let app = TestApp::start(database).await;
    for (n, junk) in JUNK.into_iter().enumerate() {
        let email = format!("r{n}@b.example");
        let confirm = app.ask_and_read(&email, BOTH).await.link("/confirm/");
        assert_eq!(app.post(&format!("{confirm}{junk}"), "").await.status, 303, "{junk}");
        let receipt = app.next_mail(&email, 1).await;
        let leave = receipt.link("/unsubscribe/");
        let leave = if n % 2 == 0 { leave } else { as_before(&leave) };
        assert!(app.exported(WEEKLY).await.contains(&email));
        // As a mail program sends it: it follows nothing.
        let left = app.post(&format!("{leave}{junk}"), ONE_CLICK).await;
        assert!(
            left.status == 200 && left.text().contains("You are unsubscribed"),
            "{junk}: {}",
            left.status
        );
        assert!(!app.exported(WEEKLY).await.contains(&email), "{junk}");
        let choices = receipt.link("/preferences/");
        let all = app.post(&format!("{choices}/withdraw-all{junk}"), "").await;
        assert_eq!(all.status, 303, "{junk}");
        assert_eq!(all.location().split('?').next().unwrap(), choices.replace(&app.base, ""));
        let erased = app.post(&format!("{choices}./erase{junk}"), "confirm=yes").await;
        assert_eq!(erased.status, 200, "{junk}");
    }
    assert_eq!(app.count("SELECT count(*) FROM subscriber").await, 0);
    assert_eq!(app.post(&format!("{PATH}/"), &form("ada@b.example", "")).await.status, 303);
    app.next_mail("ada@b.example", 0).await;
}

#[apply(both_databases!)]
async fn a_slash_ends_no_page(database: Database) {
    let app = TestApp::start(database).await;
    for page in [
        PATH,
        "/newsletters",
        "/check-your-inbox",
        "/thank-you",
        "/policies/privacy",
        "/policies/privacy/2026-11",
        "/preferences",
        "/it",
        "/api",
        "/ledger",
        "/purposes/privacy-policy",
        "/console/sign-in",
        "/console/forgot",
    ] {
        for slashes in ["/", "//"] {
            let answer = app.get(&format!("{page}{slashes}")).await;
            assert_eq!((answer.status, answer.location()), (308, page), "{page}{slashes}");
            let queried = app.get(&format!("{page}{slashes}?word=fresh")).await;
            assert_eq!(queried.location(), format!("{page}?word=fresh"));
        }
        assert_eq!(app.get(page).await.status, 200, "{page}");
    }
    // What leads nowhere is led nowhere, and never to another host; nor is what programs call.
    for path in [
        "/nothing/",
        "//evil.example/",
        "//evil.example/..",
        "/api/v1/nothing/",
        "/api/v1/subscribers/",
        "/reports/sample/nothing/",
    ] {
        let answer = app.get(path).await;
        assert_eq!((answer.status, answer.location()), (404, ""), "{path}");
    }
    assert_eq!(app.get("/").await.status, 200);
}

#[apply(both_databases!)]
async fn a_link_that_is_not_whole_offers_a_fresh_one(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", BOTH).await;
    let links = links_of(&app.mail_to("ada@b.example"));
    let renew = app.core.links.renew(uuid::Uuid::nil());
    for (n, link) in links.iter().chain([&renew]).enumerate() {
        for cut in [
            &link[..link.len() - 1],
            &link[..link.len() - 20],
            &format!("{}=", &link[..link.len() - 30]),
        ] {
            for method in ["GET", "POST"] {
                let answer = app.send(app.request(method, cut)).await;
                let page = answer.text();
                assert_eq!(answer.status, 404, "{method} {cut}");
                assert!(page.contains(BROKEN) && page.contains(FRESH), "{method} {cut}: {page}");
                // What was not confirmed, and a download, are behind another link than one's choices.
                let asks = if n > 1 { "/preferences" } else { "/fresh-link" };
                assert!(
                    page.contains(&format!("action=\"{asks}\"")) && page.contains("name=\"email\""),
                    "{cut}: {page}"
                );
                assert!(!page.contains(cut.rsplit('/').next().unwrap()), "nothing of it is shown");
            }
        }
    }
    assert_eq!(app.post("/preferences", "email=ada%40b.example").await.status, 303);
    let fresh = app.next_mail("ada@b.example", 2).await.link("/preferences/");
    assert_eq!(app.get(&fresh).await.status, 200);
    assert_eq!(app.post("/fresh-link", "email=ada%40b.example").await.status, 303);
    let fresh = app.next_mail("ada@b.example", 3).await.link("/downloads/");
    assert_eq!(fresh, links[1], "it works still");

    // Nothing of the token is left, where a line was broken at the slash.
    for (door, asks) in [
        ("confirm", "/fresh-link"),
        ("downloads", "/fresh-link"),
        ("unsubscribe", "/preferences"),
        ("renew", "/preferences"),
    ] {
        let led = app.get(&format!("/{door}/")).await;
        assert_eq!((led.status, led.location()), (308, format!("/{door}").as_str()));
        for (method, path) in [
            ("GET", format!("/{door}")),
            ("POST", format!("/{door}")),
            ("POST", format!("/{door}/")),
        ] {
            let answer = app.send(app.request(method, &path)).await;
            let page = answer.text();
            assert!(
                answer.status == 404 && page.contains(BROKEN) && page.contains(FRESH),
                "{method} {path}: {page}"
            );
            assert!(page.contains(&format!("action=\"{asks}\"")), "{method} {path}: {page}");
        }
    }
    let led = app.get("/preferences/").await;
    assert_eq!((led.status, led.location()), (308, "/preferences"), "it asks itself");

    // The browser that sent the form is mailed its link again by one press.
    let asked = app.ask("bob@b.example").await;
    let link = app.next_mail("bob@b.example", 0).await.link("/confirm/");
    let cut = app.request("GET", &link[..link.len() - 9]).header("cookie", asked.cookie());
    let page = app.send(cut).await.text();
    assert!(
        page.contains(FRESH)
            && page.contains("action=\"/check-your-inbox/resend\"")
            && page.contains("href=\"/fresh-link\""),
        "{page}"
    );
    let again = app.request("POST", "/check-your-inbox/resend").header("cookie", asked.cookie());
    assert_eq!(app.send(again).await.status, 303);
    assert_eq!(app.next_mail("bob@b.example", 1).await.link("/confirm/"), link);

    let welcome = welcome(&app).await;
    for method in ["GET", "POST"] {
        let answer = app.send(app.request(method, &welcome[..welcome.len() - 4])).await;
        let page = answer.text();
        assert!(
            answer.status == 404
                && page.contains(BROKEN)
                && page.contains("href=\"/console/forgot\""),
            "{page}"
        );
    }
}

#[apply(both_databases!)]
async fn a_junk_link_waits_for_no_writer(database: Database) {
    let app = TestApp::start(database).await;
    let download = app.subscribe("ada@b.example", BOTH).await;
    let mails = app.mail_to("ada@b.example");
    app.mail_settled().await;
    let token = |link: &str| link.rsplit('/').next().unwrap().to_owned();
    let cut = token(&mails[1].link("/unsubscribe/"));
    let junk = [
        "x".to_owned(),
        "%00".to_owned(),
        cut[..40].to_owned(),
        "a".repeat(6_000),
        "A".repeat(46),
        "a".repeat(55),
    ];
    // SQLite has one writer, and here it is busy for as long as this lasts.
    let held = app.write().await;
    for token in &junk {
        for (method, path) in [
            ("GET", format!("/confirm/{token}")),
            ("POST", format!("/confirm/{token}")),
            ("POST", format!("/confirm/{token}/fresh")),
            ("POST", format!("/confirm/{token}/not-me")),
            ("GET", format!("/downloads/{token}/file")),
            ("POST", format!("/downloads/{token}/fresh")),
            ("POST", format!("/preferences/{token}")),
            ("POST", format!("/preferences/{token}/withdraw-all")),
            ("POST", format!("/preferences/{token}/erase")),
            ("GET", format!("/preferences/{token}/my-data")),
            ("POST", format!("/unsubscribe/{token}")),
            ("POST", format!("/renew/{token}")),
            ("POST", format!("/console/welcome/{token}")),
            ("POST", format!("/console/reset/{token}")),
        ] {
            let answer = from(&app, "192.0.2.1", method, &path).await;
            assert_eq!(answer.status, 404, "{method} {path:.80}");
            assert!(answer.text().contains(BROKEN), "{method} {path:.80}");
        }
    }
    // One of another kind is junk too; looking at one that is whole needs nobody who writes.
    assert_eq!(
        from(&app, "192.0.2.1", "POST", &format!("/unsubscribe/{}", token(&download))).await.status,
        404
    );
    assert_eq!(app.get(&download).await.status, 200);
    drop(held);
    assert_eq!(app.post(&mails[1].link("/unsubscribe/"), ONE_CLICK).await.status, 200);
}

#[apply(both_databases!)]
async fn junk_links_are_counted_for_their_network(database: Database) {
    let app = TestApp::start_with(
        database,
        &[("ASSENT_LIMIT_SIGNUPS_PER_IP", "3/hour"), ("ASSENT_TRUSTED_PROXIES", "127.0.0.0/8")],
    )
    .await;
    app.subscribe("ada@b.example", BOTH).await;
    let links = links_of(&app.mail_to("ada@b.example"));
    let near = "198.51.100.7";
    // Those that are ours are counted nowhere, however often and however they are written.
    for _ in 0..5 {
        for link in links.iter().chain([&as_before(&links[2]), &in_capitals(&links[3])]) {
            assert_eq!(from(&app, near, "GET", link).await.status, 200, "{link}");
            assert_eq!(from(&app, near, "GET", &format!("{link}.")).await.status, 308, "{link}");
        }
    }
    for (method, path) in
        [("GET", "/confirm/x"), ("POST", "/unsubscribe/x"), ("GET", "/console/reset/x")]
    {
        assert_eq!(from(&app, near, method, path).await.status, 404, "{path}");
    }
    for (method, path) in [
        ("GET", "/confirm/x"),
        ("HEAD", "/preferences/x/my-data"),
        ("POST", "/preferences/x/erase"),
        ("POST", "/unsubscribe/x"),
        ("GET", "/downloads/x/file"),
        ("POST", "/renew/x"),
        ("GET", "/console/welcome/x"),
        ("POST", "/console/reset/x"),
    ] {
        let waits = from(&app, near, method, path).await;
        assert_eq!(waits.status, 429, "{method} {path}");
        assert!(waits.header("retry-after").parse::<u64>().unwrap() > 60, "{method} {path}");
    }
    assert!(from(&app, near, "GET", "/confirm/x").await.text().contains("Too many requests"));
    // What is ours still opens there, above all to leave; and nothing else of that network is counted with it.
    for link in &links {
        assert_eq!(from(&app, near, "GET", link).await.status, 200, "{link}");
    }
    let left = from(&app, near, "POST", &links[3]).await;
    assert!(left.status == 200 && left.text().contains("You are unsubscribed"), "{}", left.text());
    let kind = ("content-type", "application/x-www-form-urlencoded");
    for n in 0..3 {
        let ask = app.request("POST", PATH).header("x-forwarded-for", near).header(kind.0, kind.1);
        assert_eq!(app.send(ask.body(form(&format!("r{n}@b.example"), ""))).await.status, 303);
    }
    // Each network by itself: an IPv4 address, a /64 of IPv6.
    for (client, status) in [
        ("198.51.100.8", 404),
        ("2001:db8::1", 404),
        ("2001:db8::2", 404),
        ("[2001:db8::3]:443", 404),
        ("2001:db8::4", 429),
        ("2001:db8:0:1::1", 404),
    ] {
        assert_eq!(from(&app, client, "GET", "/confirm/x").await.status, status, "{client}");
    }
}
