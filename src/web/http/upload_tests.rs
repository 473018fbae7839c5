//! What forms with files bring, and what is left of those that are refused.

use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use tempfile::TempDir;

use crate::clock::Clock;
use crate::domain::timestamp::Timestamp;
use crate::files::{Files, Shelf};
use crate::random::{Moment, Random};
use crate::web::Error;
use crate::web::http::upload::{Limits, Uploaded, receive};

const LIMITS: Limits =
    Limits { bytes: 20_000_000, silence: Duration::from_secs(10), rate: 16 * 1024 };
const PDF: &[u8] = b"%PDF-1.7\nA report.\n%%EOF\n";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nA picture.";

struct Desk {
    directory: TempDir,
    files: Files,
}

impl Desk {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let files = Files::open(&format!("file:{}", directory.path().display())).unwrap();
        Self { directory, files }
    }

    async fn receives(&self, body: Body, limits: Limits) -> Result<Uploaded, Error> {
        let clock = Clock::manual(Timestamp::parse("2026-11-23T09:00:00Z").unwrap());
        let at = Moment::new(&clock, &Random::seeded(7));
        let kind = ("content-type", "multipart/form-data; boundary=xYzZY");
        let request = Request::builder().header(kind.0, kind.1).body(body).unwrap();
        receive(&self.files, &at, request, limits).await
    }

    /// Waits until the store holds nothing, as files are removed in the background.
    async fn holds_nothing(&self) {
        let gone = async {
            while holds(self.directory.path()) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), gone).await.expect("nothing left");
    }
}

fn holds(directory: &Path) -> bool {
    std::fs::read_dir(directory).unwrap().any(|entry| {
        let entry = entry.unwrap();
        !entry.file_type().unwrap().is_dir() || holds(&entry.path())
    })
}

fn part(name: &str, file_name: Option<&str>, content: &[u8]) -> Vec<u8> {
    let file = file_name.map(|name| format!("; filename=\"{name}\"")).unwrap_or_default();
    let mut part =
        format!("--xYzZY\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n")
            .into_bytes();
    part.extend_from_slice(content);
    part.extend_from_slice(b"\r\n");
    part
}

fn form(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut form = parts.concat();
    form.extend_from_slice(b"--xYzZY--\r\n");
    form
}

/// A body in pieces of this size, whose length nobody announces.
fn piecemeal(whole: &[u8], size: usize) -> Body {
    let pieces: Vec<std::io::Result<Bytes>> =
        whole.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    Body::from_stream(stream::iter(pieces))
}

#[tokio::test]
async fn brings_fields_and_files_however_it_is_cut() {
    let desk = Desk::new();
    let mut report = PDF.to_vec();
    report.resize(100_000, b'\r');
    let whole = form(&[
        part("title", None, "Zoë & co".as_bytes()),
        part("file", Some("../../etc/passwd%00.exe"), &report),
        part("body", None, b"one\r\ntwo"),
        part("newsletter", None, b"weekly"),
        part("newsletter", None, b"daily"),
        part("cover", Some("C:\\picture.svg"), PNG),
    ]);
    for size in [1000, 4096, whole.len()] {
        let got = desk.receives(piecemeal(&whole, size), LIMITS).await.unwrap();
        assert_eq!((got.fields.one("title"), got.fields.text("body")), ("Zoë & co", "one\ntwo"));
        assert_eq!(got.fields.all("newsletter"), ["weekly", "daily"]);
        assert!(got.faults.is_empty(), "{:?}", got.faults);
        let file = got.file.clone().unwrap();
        assert_eq!((file.byte_size, file.media_type.format), (100_000, "PDF"));
        assert_eq!(desk.files.read(Shelf::Reports, &file.key).await.unwrap(), report);
        let (cover, kind) = got.cover.clone().unwrap();
        let picture = desk.files.read(Shelf::Covers, &cover).await.unwrap();
        assert_eq!((picture.as_ref(), kind.ending), (PNG, "png"));
        for key in [&file.key, &cover] {
            assert!(
                key.is_ascii() && !key.contains("..") && key.matches('/').count() == 1,
                "{key}"
            );
        }
        if size == 1000 {
            got.keep(&file.key);
            got.keep(&cover);
            drop(got);
            assert!(holds(desk.directory.path()), "what is kept stays");
            desk.files.delete_of_report(&file.key).await.unwrap();
            desk.files.delete_of_report(&cover).await.unwrap();
        }
    }
    desk.holds_nothing().await;
}

#[tokio::test]
async fn says_what_is_wrong_with_files_and_keeps_none() {
    let desk = Desk::new();
    let nothing = part("file", Some(""), b"");
    let large = vec![0; 3_000_000];
    for (parts, faulty) in [
        (vec![nothing.clone()], None),
        (vec![part("file", Some("a.pdf"), b"")], Some("file")),
        (vec![part("file", Some("a.pdf"), b"%PD")], Some("file")),
        (vec![part("file", Some("a.pdf"), &large)], Some("file")),
        (vec![part("file", Some("a.pdf"), PDF), part("file", Some("b.pdf"), PDF)], Some("file")),
        (vec![part("file", Some("a.pdf"), &large), part("file", Some("b.pdf"), PDF)], Some("file")),
        (vec![part("cover", Some("a.png"), b"<svg onload=alert(1)>")], Some("cover")),
        (vec![part("cover", Some("a.png"), &[PNG, &large].concat())], Some("cover")),
        (vec![part("cover", Some("a.png"), PNG), part("cover", Some("b.png"), PNG)], Some("cover")),
    ] {
        let got = desk.receives(piecemeal(&form(&parts), 50_000), LIMITS).await.unwrap();
        let faults: Vec<&str> = got.faults.iter().map(|(field, _)| *field).collect();
        assert_eq!(faults, faulty.into_iter().collect::<Vec<_>>(), "{:?}", got.faults);
        drop(got);
        desk.holds_nothing().await;
    }
}

#[tokio::test]
async fn keeps_nothing_of_what_is_too_large_too_slow_or_broken_off() {
    let desk = Desk::new();
    let mut report = PDF.to_vec();
    report.resize(9_000_000, b'x');
    let whole = form(&[part("cover", Some("a.png"), PNG), part("file", Some("a.pdf"), &report)]);

    let small = Limits { bytes: 8_999_999, ..LIMITS };
    let refused = desk.receives(piecemeal(&whole, 100_000), small).await;
    assert!(matches!(refused, Err(Error::TooLarge)), "{refused:?}");
    desk.holds_nothing().await;

    let half = piecemeal(&whole[..8_900_000], 100_000);
    let refused = desk.receives(half, LIMITS).await;
    assert!(matches!(refused, Err(Error::Malformed)), "{refused:?}");
    desk.holds_nothing().await;

    let lost = stream::iter([
        Ok(Bytes::copy_from_slice(&whole[..8_900_000])),
        Err(std::io::Error::other("reset")),
    ]);
    let refused = desk.receives(Body::from_stream(lost), LIMITS).await;
    assert!(matches!(refused, Err(Error::Malformed)), "{refused:?}");
    desk.holds_nothing().await;

    let silent = stream::iter([std::io::Result::Ok(Bytes::copy_from_slice(&whole[..8_900_000]))]);
    let silent = Body::from_stream(silent.chain(stream::pending()));
    let impatient = Limits { silence: Duration::from_millis(50), ..LIMITS };
    let refused = desk.receives(silent, impatient).await;
    assert!(matches!(refused, Err(Error::TooSlow)), "{refused:?}");
    desk.holds_nothing().await;

    let mut endless = b"--xYzZY\r\nContent-Disposition: ".to_vec();
    endless.resize(9_000_000, b'x');
    let refused = desk.receives(piecemeal(&endless, 100_000), LIMITS).await;
    assert!(matches!(refused, Err(Error::TooLarge)), "{refused:?}");

    for text in [vec![part("body", None, &vec![b'x'; 400_000])], vec![part("a", None, b"x"); 1001]]
    {
        let refused = desk.receives(piecemeal(&form(&text), 100_000), LIMITS).await;
        assert!(matches!(refused, Err(Error::TooLarge)), "{refused:?}");
    }
    desk.holds_nothing().await;
}

#[tokio::test]
async fn takes_nothing_but_such_forms() {
    let desk = Desk::new();
    for kind in ["application/x-www-form-urlencoded", "multipart/form-data", "", "text/plain"] {
        let clock = Clock::manual(Timestamp::parse("2026-11-23T09:00:00Z").unwrap());
        let at = Moment::new(&clock, &Random::seeded(7));
        let request = Request::builder().header("content-type", kind);
        let request = request.body(Body::from(form(&[]))).unwrap();
        let refused = receive(&desk.files, &at, request, LIMITS).await;
        assert!(matches!(refused, Err(Error::WrongType)), "{kind}: {refused:?}");
    }
    let announced = Request::builder()
        .header("content-type", "multipart/form-data; boundary=xYzZY")
        .header("content-length", "20000001");
    let announced = announced.body(Body::from_stream(stream::pending::<std::io::Result<Bytes>>()));
    let clock = Clock::manual(Timestamp::parse("2026-11-23T09:00:00Z").unwrap());
    let at = Moment::new(&clock, &Random::seeded(7));
    let refused = receive(&desk.files, &at, announced.unwrap(), LIMITS).await;
    assert!(matches!(refused, Err(Error::TooLarge)), "{refused:?}");
    for broken in [&b""[..], b"--xYzZY", b"--other--\r\n", b"\r\n\r\n"] {
        let refused = desk.receives(Body::from(broken.to_vec()), LIMITS).await;
        assert!(matches!(refused, Err(Error::Malformed)), "{broken:?}: {refused:?}");
    }
}
