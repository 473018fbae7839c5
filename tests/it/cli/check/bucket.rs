//! A bucket that cannot be used is told by what to set.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use super::Told;
use crate::support::app::Database;
use crate::support::operator::Desk;

/// How many requests one story's bucket answers, and how often the program tries.
const MOST: usize = 50;

/// Answers every request by this status; gives its address.
fn bucket(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("a port");
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten().take(MOST) {
            let mut lines = BufReader::new(&connection).lines().map_while(Result::ok);
            while lines.next().is_some_and(|line| !line.is_empty()) {}
            let head = "content-length: 0\r\nconnection: close";
            let _gone = write!(&connection, "HTTP/1.1 {status}\r\n{head}\r\n\r\n");
        }
    });
    format!("http://{address}")
}

async fn told(set: &[(&str, &str)]) -> String {
    let desk = Desk::stocked(Database::Sqlite).await;
    let own = [("ASSENT_FILES_URL", "s3://reports/assent"), ("AWS_REGION", "eu-west-2")];
    let told = Told::by(&desk, &[&own, set].concat(), &[]);
    assert!(told.wrong().contains(&"files"), "{:?}", told.lines);
    told.of("files").to_owned()
}

#[tokio::test]
async fn what_a_bucket_answers_is_told_by_what_to_set() {
    const KEY: [(&str, &str); 2] =
        [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "a-secret-of-a-story")];
    const ALLOW: (&str, &str) = ("AWS_ALLOW_HTTP", "true");
    for (status, words) in [
        ("403 Forbidden", "AWS_SECRET_ACCESS_KEY"),
        ("401 Unauthorized", "AWS_SECRET_ACCESS_KEY"),
        ("404 Not Found", "there is no such bucket"),
    ] {
        let endpoint = bucket(status);
        let told = told(&[KEY[0], KEY[1], ALLOW, ("AWS_ENDPOINT", &endpoint)]).await;
        assert!(told.contains(words), "{status}: {told}");
        assert!(!told.contains("a-secret-of-a-story"), "{told}");
    }
    let endpoint = bucket("200 OK");
    let told = told(&[KEY[0], KEY[1], ("AWS_ENDPOINT", &endpoint)]).await;
    assert!(told.contains("AWS_ALLOW_HTTP=true"), "{told}");
}
