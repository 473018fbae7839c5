//! What hostile clients send, and that none of it is stored, mailed or believed.

mod answers;
mod fields;
mod forms;
mod hosts;
mod origins;
mod paths;
mod requests;

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::app::{Answer, TestApp};

/// Longer than every deadline of the server's.
const PATIENCE: Duration = Duration::from_secs(30);
const FORM: &str = "application/x-www-form-urlencoded";

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
