//! One line a request, by its route, with an id that the answer tells.

use serde_json::Value;

use crate::support::app::{Database, SETTINGS, TestApp};
use crate::support::poll;
use crate::support::program::Served;

/// What the log says in lines with these words, once there are so many.
async fn lines(log: &std::path::Path, words: &str, count: usize) -> Vec<Value> {
    poll::until(words, || async {
        let text = std::fs::read_to_string(log).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let told: Vec<Value> = lines.filter(|line| line["fields"]["message"] == words).collect();
        (told.len() >= count).then_some(told)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_has_one_line_and_an_id() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let more = [("ASSENT_LOG_FORMAT", "json"), ("ASSENT_TRUSTED_PROXIES", "127.0.0.0/8")];
    let set = [SETTINGS.as_slice(), &more].concat();
    let served = Served::logging(dir.path(), &set, &log).await;
    let client = reqwest::Client::new();
    let ask = |path: &str, name: &'static str, value: &'static str| {
        let request = client.get(format!("{}{path}", served.base)).header(name, value);
        async move {
            let answer = request.send().await.unwrap();
            let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
            (answer.status().as_u16(), id, answer.bytes().await.unwrap().len())
        }
    };
    let (status, id, bytes) = ask("/confirm/secret", "x-request-id", "7f3a-1").await;
    assert_eq!((status, id.as_str()), (404, "7f3a-1"), "the proxy's own");
    let (_, made, _) = ask("/confirm/secret", "x-request-id", "two words").await;
    assert!(made.len() == 32 && made.bytes().all(|byte| byte.is_ascii_hexdigit()), "{made}");
    assert_eq!(ask("/confirm/secret", "host", "reports.elsewhere.example").await.0, 421);
    assert_eq!(ask("/livez", "x-request-id", "quiet").await.0, 200);
    assert_eq!(ask("/nothing", "x-request-id", "last").await.0, 404);

    let told = lines(&log, "answered a request", 4).await;
    let of = |id: &str| told.iter().find(|line| line["span"]["id"] == id).unwrap();
    let fields = &of("7f3a-1")["fields"];
    assert_eq!((&fields["method"], &fields["route"]), (&"GET".into(), &"/confirm/{token}".into()));
    assert_eq!((&fields["status"], &fields["bytes"]), (&404.into(), &bytes.into()));
    assert!(fields["ms"].is_u64() && bytes > 0);
    assert_eq!(of(&made)["fields"]["status"], 404);
    assert_eq!(of("last")["fields"]["route"], "-");
    assert!(!told.iter().any(|line| line["span"]["id"] == "quiet"), "nobody reads those");
    let refused = &lines(&log, "refused a request for another host", 1).await[0]["fields"];
    assert_eq!(
        (&refused["asked"], &refused["own"]),
        (&"reports.elsewhere.example".into(), &"127.0.0.1".into())
    );
    assert!(!std::fs::read_to_string(&log).unwrap().contains("secret"), "paths hold tokens");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_of_a_stranger_is_not_taken() {
    let app = TestApp::start(Database::Sqlite).await;
    let request = app.request("GET", "/nothing").header("x-request-id", "mine");
    let answer = app.send(request).await;
    assert!(answer.status == 404 && answer.header("x-request-id").len() == 32);
}
