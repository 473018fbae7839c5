//! Reports: added with their files, edited by two at once, published, taken back.

mod adding;
mod address_rules;
mod drawing;
mod editing;
mod offering;
mod returning;

use std::path::Path;

use reqwest::Body;

use crate::support::app::{Answer, TestApp};
use crate::support::desk::TestDesk;
use crate::support::poll;

const PDF: &[u8] = b"%PDF-1.7\nThe second report, from the console.\n%%EOF\n";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nNot much of a picture.";
const NEW: &str = "/console/reports/new";

/// One field of a form with files: its name, the name of its file if it is one, and what it holds.
type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut whole = Vec::new();
    for (name, file, content) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        let head =
            format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        whole.extend_from_slice(head.as_bytes());
        whole.extend_from_slice(content);
        whole.extend_from_slice(b"\r\n");
    }
    whole.extend_from_slice(b"--cut--\r\n");
    whole
}

async fn send(desk: &TestDesk<'_>, path: &str, body: impl Into<Body>) -> Answer {
    let request = desk.request("POST", &format!("{path}?csrf={}", desk.csrf));
    let kind = ("content-type", "multipart/form-data; boundary=cut");
    desk.app.send(request.header(kind.0, kind.1).body(body)).await
}

async fn upload(desk: &TestDesk<'_>, path: &str, parts: &[Part<'_>]) -> Answer {
    send(desk, path, form(parts)).await
}

/// Adds a report of this title as a draft; gives its path at the console.
async fn add(desk: &TestDesk<'_>, title: &str) -> String {
    let parts = [("title", None, title.as_bytes()), ("file", Some("a.pdf"), PDF)];
    let answer = upload(desk, NEW, &parts).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.location().split('?').next().unwrap().to_owned()
}

/// How many files the store holds below this directory, besides heads and endings.
fn count(directory: &Path) -> usize {
    let entries = std::fs::read_dir(directory).into_iter().flatten().map(Result::unwrap);
    let entries = entries.filter(|entry| entry.file_name() != "outside");
    entries.map(|e| if e.file_type().unwrap().is_dir() { count(&e.path()) } else { 1 }).sum()
}

fn files(app: &TestApp) -> usize {
    count(&app.dir.path().join("files"))
}

async fn holds(app: &TestApp, count: usize) {
    let held = || async { (files(app) == count).then_some(()) };
    poll::until(&format!("{count} files in the store"), held).await;
}
