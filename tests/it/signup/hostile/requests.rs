//! Requests that are too large, too slow, or none.

use std::time::{Duration, Instant};

use macro_rules_attribute::apply;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{FORM, PATIENCE, assert_refused, assert_secured, bare, raw, status, stored};
use crate::support::app::{Database, PATH, TestApp, form};
use crate::support::both_databases;

const FORM_MAX: usize = 64 * 1024;

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
        ("/", "PUT"),
        ("/thank-you", "POST"),
        ("/check-your-inbox", "POST"),
        ("/check-your-inbox/resend", "GET"),
        ("/policies/privacy", "POST"),
        ("/ledger", "POST"),
        ("/ledger/verify", "PUT"),
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
