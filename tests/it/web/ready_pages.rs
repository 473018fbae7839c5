//! Pages that are the same for all are made and packed once: every coding holds the same page, what was changed is
//! seen, and nothing of one reader's is shown to another.

use std::io::Read;

use assent::domain::staff::member::Role;
use macro_rules_attribute::apply;

use crate::support::app::{Answer, Database, PATH, STYLES, TestApp, form};
use crate::support::both_databases;
use crate::support::desk::{escaped, hidden};
use crate::support::poll;

/// Pages without a name that changes, and a text.
const PAGES: [&str; 6] = [
    "/",
    PATH,
    "/newsletters",
    "/policies/privacy",
    "/policies/privacy/2026-11",
    "/policies/privacy/2026-11.md",
];

async fn taking(app: &TestApp, (method, path): (&str, &str), accepts: &str) -> Answer {
    app.send(app.request(method, path).header("accept-encoding", accepts)).await
}

/// The bytes that an answer holds, whatever its coding.
fn unpacked(answer: &Answer) -> Vec<u8> {
    let (packed, mut bytes) = (answer.body.as_slice(), Vec::new());
    match answer.header("content-encoding") {
        "" => bytes.extend_from_slice(packed),
        "gzip" => {
            flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
        }
        "br" => brotli::BrotliDecompress(&mut &*packed, &mut bytes).unwrap(),
        "zstd" => bytes = zstd::bulk::decompress(packed, 1 << 20).unwrap(),
        other => panic!("a coding that nobody asked for: {other}"),
    }
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_coding_holds_the_same_page() {
    let app = TestApp::start(Database::Sqlite).await;
    let console = assent::web::console_assets();
    for path in PAGES.into_iter().chain([STYLES.path(), console.css]) {
        let plain = app.get(path).await;
        assert_eq!((plain.status, plain.header("content-encoding")), (200, ""), "{path}");
        let is_short = plain.body.len() < 256;
        for (accepts, coding) in [
            ("gzip, deflate, br, zstd", "br"),
            ("gzip, deflate", "gzip"),
            ("zstd", "zstd"),
            ("br;q=0.5, zstd;q=0.6", "zstd"),
            ("br;q=0, gzip", "gzip"),
            ("*", "gzip"),
            ("identity", ""),
            ("deflate", ""),
            ("gzip;q=0", ""),
        ] {
            let coding = if is_short { "" } else { coding };
            let answer = taking(&app, ("GET", path), accepts).await;
            let what = format!("{path} {accepts}");
            assert_eq!((answer.status, answer.header("content-encoding")), (200, coding), "{what}");
            assert!(unpacked(&answer) == plain.body, "{what}");
            assert!(coding.is_empty() || answer.body.len() < plain.body.len(), "{what}");
            for name in ["etag", "vary", "content-type", "cache-control"] {
                assert_eq!(answer.header(name), plain.header(name), "{what} {name}");
            }
            assert_eq!(answer.header("vary"), "accept-encoding", "{what}");
            assert_eq!(answer.header("content-length"), answer.body.len().to_string(), "{what}");
            let looked = taking(&app, ("HEAD", path), accepts).await;
            assert!(looked.status == 200 && looked.body.is_empty(), "{what}");
            for name in ["etag", "vary", "content-type", "content-encoding", "content-length"] {
                assert_eq!(looked.header(name), answer.header(name), "HEAD {what} {name}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_sent_as_accepted_codings_a_page_is_answered() {
    let app = TestApp::start(Database::Sqlite).await;
    let plain = app.get(PATH).await;
    let long = "gzip;q=0.001, br;q=0.002, ".repeat(300);
    for hostile in [
        &b"gzip;q=nan, br;q=-1, zstd;q=99999999999999999999"[..],
        b"gzip;q=0, gzip;q=0, GZIP",
        b",,;;==,\"br\",*;*",
        b"br\xff, gzip\xe4",
        b"br;level=11;q=1",
        b"../../etc/passwd",
        long.as_bytes(),
    ] {
        let answer = app.send(app.request("GET", PATH).header("accept-encoding", hostile)).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(hostile));
        assert!(unpacked(&answer) == plain.body, "{}", String::from_utf8_lossy(hostile));
    }
    let lines = app.request("GET", PATH).header("accept-encoding", "gzip;q=0.5");
    let lines = app.send(lines.header("accept-encoding", "br")).await;
    assert_eq!(lines.header("content-encoding"), "br", "lines of one field are one list");
}

#[apply(both_databases!)]
async fn what_staff_change_is_seen_at_once_in_every_coding(database: Database) {
    const ALL: [&str; 4] = ["br", "zstd", "gzip", "identity"];
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let path = "/console/reports/sample";
    let mut before = Vec::new();
    for (n, title) in ["First title", "Second title"].into_iter().enumerate() {
        for coding in ALL {
            before.push(taking(&app, ("GET", PATH), coding).await);
        }
        let seen = hidden(&desk.page(path).await, "seen");
        let fields = format!(
            "seen={}&title={}&summary=Samples&body=Inside&pages=4&newsletter=weekly",
            escaped(&seen),
            escaped(title)
        );
        let saved = desk.post(path, &fields).await;
        assert_eq!(saved.location(), format!("{path}?word=saved"), "{n} {}", saved.text());
        for (coding, old) in ALL.into_iter().zip(before.drain(..)) {
            for path in [PATH, "/"] {
                let shown = taking(&app, ("GET", path), coding).await;
                let text = String::from_utf8(unpacked(&shown)).unwrap();
                assert!(text.contains(title), "{path} {coding}: {text}");
            }
            let asked = app.request("GET", PATH).header("accept-encoding", coding);
            let again = app.send(asked.header("if-none-match", old.header("etag"))).await;
            assert_eq!(again.status, 200, "it is another page by now: {coding}");
            assert_ne!(again.header("etag"), old.header("etag"), "{coding}");
            let asked = app.request("GET", PATH).header("accept-encoding", coding);
            let same = app.send(asked.header("if-none-match", again.header("etag"))).await;
            assert_eq!((same.status, same.body.len()), (304, 0), "{coding}");
        }
    }
}

#[apply(both_databases!)]
async fn what_another_process_changes_is_seen_soon_though_pages_are_asked_for_all_the_time(
    database: Database,
) {
    let app = TestApp::start(database).await;
    let before = app.get("/newsletters").await;
    // Nothing of it is told within this process.
    let edition = app.core.db.signals().catalog_edition();
    let mut tx = app.write().await;
    app.add_newsletter(&mut tx, "daily", "The daily").await;
    tx.commit().await.unwrap();
    assert_eq!(app.core.db.signals().catalog_edition(), edition);
    let after = poll::until("the other newsletter", || async {
        let asked = app.request("GET", "/newsletters").header("accept-encoding", "br");
        let answer = app.send(asked.header("if-none-match", before.header("etag"))).await;
        (answer.status == 200).then_some(answer)
    })
    .await;
    assert!(String::from_utf8(unpacked(&after)).unwrap().contains("The daily"));
}

#[apply(both_databases!)]
async fn what_a_reader_typed_or_sent_is_on_no_page_that_others_see(database: Database) {
    let app = TestApp::start(database).await;
    let ready = app.get(PATH).await;
    for path in [PATH, "/newsletters"] {
        let before = app.get(path).await;
        let refused = app.post(path, "email=Typed+By+Ada").await;
        assert_eq!((refused.status, refused.header("etag")), (422, ""), "{path}");
        assert_eq!(refused.header("cache-control"), "no-store", "{path}");
        assert!(refused.text().contains("Typed By Ada"), "{path}");
        let after = app.get(path).await;
        assert!(after.body == before.body && !after.text().contains("Typed By Ada"), "{path}");
    }
    let asked = app.ask("ada@b.example").await;
    let cookie = asked.cookie();
    let mine = app.send(app.request("GET", "/check-your-inbox").header("cookie", &cookie)).await;
    assert!(mine.text().contains("ada@b.example"));
    // A reader who is known to us gets the page that all get, and nothing to be known by.
    let page = app.request("GET", PATH).header("cookie", &cookie);
    let page = app.send(page.header("accept-language", "cy, de;q=0.5")).await;
    assert!(page.body == ready.body && page.header("set-cookie").is_empty());
    assert_eq!(page.header("etag"), ready.header("etag"));
    let download = app.subscribe("ben@b.example", "").await;
    let confirm = app.ask_and_read("cora@b.example", "").await.link("/confirm/");
    for path in
        ["/check-your-inbox", "/thank-you", &download, &confirm, "/nothing", "/reports/none"]
    {
        let answer = app.send(app.request("GET", path).header("cookie", &cookie)).await;
        assert_eq!(
            (answer.header("etag"), answer.header("cache-control")),
            ("", "no-store"),
            "{path}"
        );
    }
    let sent = form("dora@b.example", "");
    assert_eq!(app.post(PATH, &sent).await.header("cache-control"), "no-store");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_get_the_same_page_in_their_own_coding() {
    let app = TestApp::start(Database::Sqlite).await;
    let plain = app.get("/").await.body;
    let accepts = ["gzip, deflate, br, zstd", "gzip", "zstd", "identity"];
    let all = (0..64).map(|n| taking(&app, ("GET", "/"), accepts[n % 4]));
    for (n, answer) in futures_util::future::join_all(all).await.into_iter().enumerate() {
        let coding = ["br", "gzip", "zstd", ""][n % 4];
        assert_eq!((answer.status, answer.header("content-encoding")), (200, coding), "{n}");
        assert!(unpacked(&answer) == plain, "{n} {coding}");
    }
}
