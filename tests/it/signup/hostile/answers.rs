//! Every answer: its headers, its length, its coding.

use macro_rules_attribute::apply;

use super::{assert_secured, bare, post, status};
use crate::support::app::{Database, PATH, STYLES, TestApp, form};
use crate::support::both_databases;

#[apply(both_databases!)]
async fn every_answer_is_secured(database: Database) {
    let app = TestApp::start(database).await;
    let page = app.subscribe("ada@b.example", "").await;
    let link = app.mail_to("ada@b.example")[0].link("/confirm/");
    let (file, not_me, css) = (format!("{page}/file"), format!("{link}/not-me"), STYLES.path());
    for (path, expected) in [
        ("/", 200),
        (PATH, 200),
        ("/newsletters", 200),
        ("/check-your-inbox", 200),
        ("/thank-you", 200),
        ("/policies/privacy", 200),
        ("/policies/privacy/2026-11", 200),
        ("/purposes/privacy-policy", 200),
        ("/ledger", 200),
        ("/ledger/verify", 200),
        ("/ledger/key", 200),
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
        ("/policies/privacy/none.md", 404),
        ("/purposes/none", 404),
        ("/notices/none.txt", 404),
        ("/ledger/tile/0/000", 404),
        ("/confirm/x", 404),
        ("/downloads/x", 404),
        ("/reports/unknown", 404),
    ] {
        let answer = app.get(path).await;
        assert_eq!(answer.status, expected, "{path}");
        assert_secured(&answer);
        let kept = answer.header("cache-control");
        // What is published may be kept, and is asked after each time; and so is a form that nobody filled in.
        let rooms = ["/policies/", "/purposes/", "/ledger/"];
        let published = rooms.iter().any(|room| path.starts_with(room)) && answer.status == 200;
        let published = published || ["/", PATH, "/newsletters"].contains(&path);
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
        (STYLES.path(), "text/css", "--brand:"),
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
        "/policies/privacy/2026-11.md",
        "/purposes/newsletter:weekly",
        "/ledger",
        "/ledger/key.json",
        "/ledger/verify",
        "/livez",
        "/readyz",
        STYLES.path(),
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
async fn whoever_accepts_no_coding_is_answered_all_the_same(database: Database) {
    let app = TestApp::start(database).await;
    let page = app.subscribe("ada@b.example", "").await;
    let file = format!("{page}/file");
    // Each with the coding of what is ready for all; what is made for one request comes by gzip or as it is.
    for (accepts, ready) in [
        ("*;q=0", ""),
        ("identity;q=0", ""),
        ("gzip;q=0, *;q=0", ""),
        ("identity;q=0, *;q=0", ""),
        ("deflate, *;q=0", ""),
        ("br, *;q=0", "br"),
        ("gzip;q=0,identity;q=0", ""),
        ("zstd;q=1.0,*;q=0.0", "zstd"),
    ] {
        let body = form("bob@b.example", "");
        let asked = post(&app, PATH, &[("accept-encoding", accepts)], body.as_bytes()).await;
        assert_eq!((asked.status, asked.location()), (303, "/check-your-inbox"), "{accepts}");
        for (path, expected, coding) in [
            (file.as_str(), 200, ""),
            (page.as_str(), 200, ""),
            ("/", 200, ready),
            (STYLES.path(), 200, ready),
            ("/nothing", 404, ""),
            ("/livez", 200, ""),
        ] {
            let answer =
                app.send(app.request("GET", path).header("accept-encoding", accepts)).await;
            assert_eq!(
                (answer.status, answer.header("content-encoding")),
                (expected, coding),
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
    for path in ["/", &page] {
        let packed = app.request("GET", path).header("accept-encoding", "gzip, *;q=0");
        let packed = app.send(packed).await;
        assert_eq!((packed.status, packed.header("content-encoding")), (200, "gzip"), "{path}");
        assert_eq!(packed.header("vary"), "accept-encoding", "{path}");
    }
    // What is shorter than its wrapping is sent without it.
    for path in ["/livez", "/readyz"] {
        let short = app.send(app.request("GET", path).header("accept-encoding", "gzip")).await;
        assert_eq!((short.status, short.header("content-encoding")), (200, ""), "{path}");
    }
}
