//! Reports: added with their files, edited by two at once, published, taken back.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use assent::domain::staff::member::Role;
use assent::worker::purge::forget_pieces;
use futures_util::stream::{self, StreamExt};
use macro_rules_attribute::apply;
use reqwest::Body;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use uuid::Uuid;

use crate::support::app::{Answer, Database, PATH, POLICY, REPORT, TestApp};
use crate::support::desk::{TestDesk, audit, escaped, hidden};
use crate::support::{both_databases, poll};

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

#[apply(both_databases!)]
async fn a_second_report_is_published_from_a_pdf_and_reaches_its_reader(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    assert!(desk.page(NEW).await.contains("The weekly"), "what it can offer");
    let answer = upload(&desk, NEW, &[
        ("title", None, "Skills & councils: What’s missing?".as_bytes()),
        ("slug", None, b""),
        ("summary", None, b"What is missing."),
        ("body", None, b"## Inside\r\n\r\n* one\r\n* two\r\n\r\n<script>alert(1)</script>\r\n\r\n[x](javascript:alert(1))"),
        ("pages", None, b"12"),
        ("required", None, b"organisation"),
        ("newsletter", None, b"weekly"),
        ("cover", Some("..\\..\\cover.svg"), PNG),
        ("file", Some("../../../../etc/passwd"), PDF),
    ]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let path = "/console/reports/skills-and-councils-whats-missing";
    assert_eq!(answer.location(), format!("{path}?word=added"));
    let page = desk.page(answer.location()).await;
    assert!(
        page.contains("added as a draft") && page.contains("then publish it with the button above"),
        "{page}"
    );

    let public = "/reports/skills-and-councils-whats-missing";
    assert_eq!(app.get(public).await.status, 404, "a draft is nobody's to read");
    let preview = desk.page(&format!("{path}/preview")).await;
    assert!(preview.contains("<dt>Published</dt><dd>Not yet</dd>"), "{preview}");
    assert!(preview.contains("This is a preview") && preview.contains("<li>one</li>"), "{preview}");
    assert!(preview.contains("<div inert>") && !preview.contains(&format!("action=\"{public}\"")));
    assert!(
        !preview.contains("<script>alert") && !preview.contains("href=\"javascript:"),
        "{preview}"
    );
    assert_eq!(app.get(&format!("{path}/preview")).await.status, 303, "for staff alone");
    assert_eq!(desk.get(&format!("{path}/cover")).await.body, PNG);
    assert_eq!(desk.get(&format!("{path}/file")).await.body, PDF);
    let posted = desk.post(&format!("{path}/preview"), "email=a%40b.example").await;
    assert_eq!(posted.status, 405, "its form does nothing");

    assert_eq!(
        desk.post(&format!("{path}/publish"), "").await.location(),
        format!("{path}?word=published")
    );
    let shown = app.get(public).await.text();
    assert!(
        shown.contains("What’s missing?")
            && shown.contains("The weekly")
            && shown.contains("12 pages")
    );
    assert!(app.get("/").await.text().contains(public), "at once, without waiting");

    let typed =
        |more: &str| format!("email=ada%40b.example&consent=yes&policy={POLICY}&website={more}");
    assert_eq!(app.post(public, &typed("")).await.status, 422, "it requires an organisation");
    let before = app.inbox().len();
    assert_eq!(
        app.post(public, &typed("&organisation=A+council&newsletter=weekly")).await.status,
        303
    );
    let link = app.next_mail("ada@b.example", before).await.link("/confirm/");
    let download = app.post(&link, "").await.location().to_owned();
    assert_eq!(app.get(&format!("{download}/file")).await.body, PDF);
    assert_eq!(app.exported("newsletter:weekly").await, ["ada@b.example"]);

    let list = desk.page("/console/reports").await;
    let row = list.split("<tr>").find(|row| row.contains("skills-and")).unwrap();
    let numbers: Vec<&str> =
        row.split(" class=\"num\">").skip(1).map(|n| n.split('<').next().unwrap()).collect();
    assert_eq!(numbers, ["1", "1", "1"], "signups, confirmed, downloads: {row}");
    assert!(row.contains("PDF, 12 pages, 52 bytes"), "{row}");
    let added = audit(&app, "report.add").await;
    assert_eq!(added[0]["slug"], "skills-and-councils-whats-missing");
    assert_eq!(audit(&app, "report.publish").await.len(), 1);
}

#[apply(both_databases!)]
async fn a_pdf_behind_other_bytes_reaches_its_reader_as_it_is(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    for (title, before) in [
        ("Mark", &b"\xef\xbb\xbf"[..]),
        ("Line", b"written by a scanner\r\n"),
        ("Far", &[b' '; 1000]),
    ] {
        let file = [before, PDF].concat();
        let answer = upload(
            &desk,
            NEW,
            &[("title", None, title.as_bytes()), ("file", Some("a.pdf"), &file)],
        )
        .await;
        assert_eq!(answer.status, 303, "{title}: {}", answer.text());
        let path = format!("/console/reports/{}", title.to_lowercase());
        assert_eq!(desk.get(&format!("{path}/file")).await.body, file, "{title}");
        assert!(desk.page(&path).await.contains("PDF"), "{title}");
    }
    let late = [&[b' '; 1024], PDF].concat();
    let answer =
        upload(&desk, NEW, &[("title", None, b"Late"), ("file", Some("a.pdf"), &late)]).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("Choose a PDF, EPUB or ZIP"));
}

#[apply(both_databases!)]
async fn what_a_killed_upload_left_goes_after_a_day(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    upload(
        &desk,
        NEW,
        &[("title", None, b"Kept"), ("file", Some("a.pdf"), PDF), ("cover", Some("a.png"), PNG)],
    )
    .await;
    let now = UNIX_EPOCH + Duration::from_micros(app.clock.now().micros().try_into().unwrap());
    let store = app.dir.path().join("files");
    let (id, before) = (Uuid::from_u128(7), files(&app));
    for folder in ["reports", "covers"] {
        let begun =
            ["pdf#1", "png#2"].map(|ending| store.join(folder).join(format!("{id}.{ending}")));
        for file in begun {
            std::fs::write(file, PDF).unwrap();
        }
        // What rows name is as old, and stays.
        for entry in std::fs::read_dir(store.join(folder)).unwrap() {
            let file = std::fs::File::options().write(true).open(entry.unwrap().path()).unwrap();
            file.set_modified(now - Duration::from_mins(24 * 60 - 30)).unwrap();
        }
    }
    let forget = || forget_pieces(&app.core.files, app.clock.now());
    assert_eq!((forget().await.unwrap(), files(&app)), (0, before + 4), "it may be under way");
    app.advance(Duration::from_hours(1));
    assert_eq!((forget().await.unwrap(), files(&app)), (4, before));
    assert_eq!(desk.get("/console/reports/kept/file").await.body, PDF);
    assert_eq!(desk.get("/console/reports/kept/cover").await.body, PNG);
}

#[apply(both_databases!)]
async fn what_is_refused_says_so_and_leaves_no_file(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let before = files(&app);
    let title: Part<'_> = ("title", None, b"Typed title");
    let file: Part<'_> = ("file", Some("a.pdf"), PDF);
    let long = "x".repeat(201);
    let huge = vec![b'x'; 65 * 1024];
    for (parts, words) in [
        (vec![], "Enter a title"),
        (vec![title], "Choose the file that readers get"),
        (vec![title, ("file", Some(""), b"")], "Choose the file that readers get"),
        (vec![title, ("file", Some("a.pdf"), b"")], "This file is empty"),
        (vec![title, ("file", Some("a.pdf"), b"<html>")], "Choose a PDF, EPUB or ZIP"),
        (vec![title, ("file", Some("a.pdf"), b"MZ\x90\0")], "Choose a PDF, EPUB or ZIP"),
        (vec![title, file, file], "Choose one file"),
        (vec![title, file, ("cover", Some("a.png"), b"<svg/>")], "Choose a PNG, JPEG or WebP"),
        (vec![title, title, file], "Fill in this field once"),
        (vec![("title", None, b"a\0b"), file], "on one line"),
        (vec![("title", None, long.as_bytes()), file], "at most 200 characters"),
        (vec![("title", None, "李小龍".as_bytes()), file], "Enter a short name"),
        (vec![title, file, ("slug", None, b"../x")], "lower-case letters and digits"),
        (vec![title, file, ("slug", None, b"sample")], "There is a report “sample” already"),
        (vec![title, file, ("slug", None, b"new")], "taken by this console"),
        (vec![title, file, ("body", None, &huge)], "at most 64 kB"),
        (vec![title, file, ("pages", None, b"-1")], "whole number of pages"),
        (vec![title, file, ("pages", None, b"99999999999999999999")], "whole number of pages"),
        (vec![title, file, ("required", None, b"email")], "Choose from the fields shown here"),
        (vec![title, file, ("newsletter", None, b"none")], "Choose from the newsletters"),
        (vec![title, file, ("purpose", None, b"privacy-policy")], "Choose from the purposes"),
    ] {
        let answer = upload(&desk, NEW, &parts).await;
        assert_eq!(answer.status, 422, "{words}: {}", answer.text());
        let page = answer.text();
        assert!(page.contains(words) && page.contains("<title>Error: "), "{words}: {page}");
        let files = [("cover", "a.png"), ("file", "a.pdf")];
        for (field, name) in files.into_iter().filter(|(field, name)| {
            parts.iter().any(|part| part.0 == *field && part.1 == Some(*name))
        }) {
            assert!(
                page.contains(&format!("<li><a href=\"#{field}\">Choose "))
                    || page.contains(&format!("<li><a href=\"#{field}\">This file")),
                "{name} is gone: {words}: {page}"
            );
        }
        if parts.contains(&title) {
            assert!(page.contains("value=\"Typed title\""), "what was typed is kept: {words}");
        }
        holds(&app, before).await;
    }
    // All of it at once: a short name that is taken, a file of another kind, and a cover that was not kept.
    let slug: Part<'_> = ("slug", None, b"sample");
    let cover: Part<'_> = ("cover", Some("a.png"), PNG);
    for (sent, words) in [
        (file, "Choose the file again"),
        (("file", Some("a.pdf"), &b"<html>"[..]), "Choose a PDF, EPUB or ZIP"),
    ] {
        let page = upload(&desk, NEW, &[title, slug, cover, sent]).await.text();
        for (field, words) in [
            ("slug", "There is a report “sample” already"),
            ("cover", "Choose the file again"),
            ("file", words),
        ] {
            assert!(page.contains(&format!("<a href=\"#{field}\">{words}")), "{field}: {page}");
        }
        holds(&app, before).await;
    }
    let body = form(&[title, file]);
    let plain = desk.request("POST", &format!("{NEW}?csrf={}", desk.csrf)).body(body.clone());
    assert_eq!(app.send(plain).await.status, 415, "not said to be a form");
    let kind = ("content-type", "multipart/form-data; boundary=cut");
    let unproved = desk.request("POST", NEW).header(kind.0, kind.1).body(body.clone());
    assert_eq!(app.send(unproved).await.status, 403, "without its token");
    let half = send(&desk, NEW, body[..body.len() - 20].to_vec()).await;
    assert_eq!(half.status, 400, "broken off");
    holds(&app, before).await;
    assert_eq!(app.count("SELECT count(*) FROM report").await, 1);
}

#[apply(both_databases!)]
async fn what_is_too_large_or_lost_on_the_way_leaves_no_file(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let before = files(&app);
    let head = |length: &str| {
        format!(
            "POST {NEW}?csrf={} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nContent-Length: {length}\r\n\
         Content-Type: multipart/form-data; boundary=cut\r\n\r\n",
            desk.csrf, app.address, desk.cookie
        )
    };
    // Refused by what it announces, before any of it is sent.
    let mut stream = tokio::net::TcpStream::connect(app.address).await.unwrap();
    stream.write_all(head("500000001").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("up to 500 MB"), "{answer}");

    // A browser that goes away in the middle.
    let mut start = form(&[("title", None, b"Lost"), ("file", Some("a.pdf"), PDF)]);
    start.truncate(start.len() - 12);
    start.resize(9_000_000, b'x');
    let mut stream = tokio::net::TcpStream::connect(app.address).await.unwrap();
    stream.write_all(head("20000000").as_bytes()).await.unwrap();
    stream.write_all(&start).await.unwrap();
    holds(&app, before + 1).await;
    drop(stream);
    holds(&app, before).await;
    assert_eq!(app.count("SELECT count(*) FROM report").await, 1);

    // Large enough for several parts, in small pieces.
    let mut large = PDF.to_vec();
    large.resize(17_000_000, b'x');
    let whole = form(&[("title", None, b"Large"), ("file", Some("a.pdf"), &large)]);
    let pieces: Vec<std::io::Result<Vec<u8>>> =
        whole.chunks(70_000).map(|p| Ok(p.to_vec())).collect();
    let sent = send(&desk, NEW, Body::wrap_stream(stream::iter(pieces).boxed())).await;
    assert_eq!(sent.location(), "/console/reports/large?word=added", "{}", sent.text());
    assert!(desk.get("/console/reports/large/file").await.body == large);
    holds(&app, before + 1).await;
}

#[apply(both_databases!)]
async fn two_editors_never_overwrite_each_other_unseen(database: Database) {
    let app = TestApp::start(database).await;
    let (ada, ben) = (
        app.sign_in(Role::Marketing).await,
        app.sign_in_as("ben@sample.example", Role::Marketing).await,
    );
    let path = "/console/reports/sample";
    let seen = hidden(&ada.page(path).await, "seen");
    assert_eq!(seen, hidden(&ben.page(path).await, "seen"));
    let fields = |seen: &str, title: &str, summary: &str, pages: &str| {
        format!(
            "seen={}&title={}&summary={}&body={}&pages={pages}&newsletter=weekly",
            escaped(seen),
            escaped(title),
            escaped(summary),
            escaped("## Inside\r\n\r\nA *few* pages."),
        )
    };
    let (title, summary) = ("A sample report", "What there is to say about samples.");
    let saved = ada.post(path, &fields(&seen, "Ada’s title", summary, "4")).await;
    assert_eq!(saved.location(), format!("{path}?word=saved"), "{}", saved.text());
    let said = audit(&app, "report.edit").await;
    assert_eq!(
        said[0],
        serde_json::json!({"slug": "sample", "changed": ["title"],
        "before": {"title": title}, "after": {"title": "Ada’s title"}})
    );

    // Ben changes something else: both stand.
    let saved = ben.post(path, &fields(&seen, title, "Ben’s summary", "4")).await;
    assert_eq!(saved.location(), format!("{path}?word=merged"), "{}", saved.text());
    assert!(ben.page(saved.location()).await.contains("somebody else changed meanwhile was kept"));
    let shown = app.get(PATH).await.text();
    assert!(shown.contains("Ada’s title") && shown.contains("Ben’s summary"), "{shown}");

    // He changes the same: he is told, and keeps what he typed.
    let refused = ben.post(path, &fields(&seen, "Ben’s title", summary, "5")).await;
    assert_eq!(refused.status, 409);
    let page = refused.text();
    assert!(page.contains("<title>Error: ") && page.contains("value=\"Ben’s title\""), "{page}");
    assert!(page.contains("readonly>\nAda’s title</textarea>"), "what stands now: {page}");
    let other = fields("", title, summary, "4").replace("newsletter=weekly", "required=name");
    let names = ben.post(path, &other).await.text();
    assert!(names.contains("readonly>\nThe weekly</textarea>"), "by its name: {names}");
    assert!(app.get(PATH).await.text().contains("Ada’s title"), "nothing was saved");
    let again = hidden(&page, "seen");
    assert_ne!(again, seen);
    assert_eq!(
        ben.post(path, &fields(&again, "Ben’s title", "Ben’s summary", "5")).await.status,
        303
    );
    assert!(app.get(PATH).await.text().contains("Ben’s title"));

    // A form that does not say what it saw changes nothing that differs.
    for hostile in ["", "title=", "x"] {
        let refused = ada.post(path, &fields(hostile, "Blind", "Ben’s summary", "5")).await;
        assert_eq!(refused.status, 409, "{hostile}");
    }
    // Of many at once, each with the same view, one is saved and the others are told.
    let seen = hidden(&ada.page(path).await, "seen");
    let tries = futures_util::future::join_all((0..6).map(|n| {
        let (desk, body) = (&ada, fields(&seen, &format!("Title {n}"), "Ben’s summary", "5"));
        async move { desk.post(path, &body).await.status }
    }))
    .await;
    assert_eq!(tries.iter().filter(|status| **status == 303).count(), 1, "{tries:?}");
    assert_eq!(tries.iter().filter(|status| **status == 409).count(), 5, "{tries:?}");
    let kept = ada.page(path).await;
    assert!(kept.contains("value=\"weekly\" checked"), "what it offers stayed");
    for (fields, words) in
        [("title=&seen=x", "Enter a title"), ("title=a&title=b", "Fill in this field once")]
    {
        let refused = ada.post(path, fields).await;
        assert!(refused.status == 422 && refused.text().contains(words), "{words}");
    }
    assert_eq!(ada.post("/console/reports/nowhere", "title=a").await.status, 404);
}

#[apply(both_databases!)]
async fn a_replaced_file_reaches_those_who_have_a_link(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let download = app.subscribe("ada@b.example", "").await;
    assert_eq!(app.get(&format!("{download}/file")).await.body, REPORT);
    assert!(!app.get(&download).await.text().contains("<img"), "it has no cover");
    let path = "/console/reports/sample";
    let before = files(&app);
    for (part, words) in [
        (("file", Some("b.pdf"), &b"nothing of the kind"[..]), "Choose a PDF, EPUB or ZIP"),
        (("file", Some(""), b""), "Choose a file first"),
        (("cover", Some("b.png"), PNG), "Choose a file first"),
    ] {
        let refused = upload(&desk, &format!("{path}/file"), &[part]).await;
        assert!(
            refused.status == 422 && refused.text().contains(words),
            "{words}: {}",
            refused.text()
        );
        holds(&app, before).await;
    }
    let done =
        upload(&desk, &format!("{path}/file"), &[("file", Some("b.zip"), b"PK\x03\x04new")]).await;
    assert_eq!(done.location(), format!("{path}?word=file"), "{}", done.text());
    let got = app.get(&format!("{download}/file")).await;
    assert_eq!(
        (got.body.as_slice(), got.header("content-type")),
        (&b"PK\x03\x04new"[..], "application/zip")
    );
    holds(&app, before).await;
    let mut seen_tags = BTreeSet::new();
    for picture in [PNG, b"\xff\xd8\xffAnother picture"] {
        let done = upload(&desk, &format!("{path}/cover"), &[("cover", Some("c"), picture)]).await;
        assert_eq!(done.location(), format!("{path}?word=cover"), "{}", done.text());
        let cover = app.get(&format!("{PATH}/cover")).await;
        assert_eq!(cover.body, picture, "on its page at once");
        assert_eq!(
            cover.header("cross-origin-resource-policy"),
            "cross-origin",
            "other sites may show it"
        );
        assert_eq!(cover.header("cache-control"), "public, max-age=3600");
        for (name, value, expected) in [
            ("if-none-match", cover.header("etag"), 304),
            ("if-modified-since", cover.header("last-modified"), 304),
            ("if-none-match", "\"x\"", 200),
            ("if-match", "\"x\"", 412),
            ("if-match", cover.header("etag"), 200),
        ] {
            for method in ["GET", "HEAD"] {
                let answer = app.request(method, &format!("{PATH}/cover")).header(name, value);
                let answer = app.send(answer).await;
                assert_eq!(answer.status, expected, "{method} {name}: {value}");
                assert!(
                    expected != 304
                        || answer.header("etag") == cover.header("etag") && answer.body.is_empty()
                );
            }
        }
        assert!(seen_tags.insert(cover.header("etag").to_owned()), "another picture, another tag");
        holds(&app, before + 1).await;
    }
    assert!(
        app.get(&download)
            .await
            .text()
            .contains("<img class=\"cover\" src=\"/reports/sample/cover\" alt=\"\"")
    );
    assert_eq!(desk.post(&format!("{path}/withdraw"), "sure=yes").await.status, 303);
    let page = app.get(&download).await;
    assert!(
        page.status == 200 && !page.text().contains("<img"),
        "nothing is shown that does not open"
    );
    let said = audit(&app, "report.file").await;
    assert_eq!(
        (said[0]["before"]["file"]["bytes"].as_u64(), said[0]["after"]["file"]["bytes"].as_u64()),
        (Some(REPORT.len() as u64), Some(7))
    );
    assert_eq!(audit(&app, "report.cover").await.len(), 2);
    assert_eq!(
        upload(&desk, "/console/reports/nowhere/file", &[("file", Some("a"), PDF)]).await.status,
        404
    );
    holds(&app, before + 1).await;
}

#[apply(both_databases!)]
async fn a_draft_made_by_mistake_goes_with_its_files(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let before = files(&app);
    let parts = [
        ("title", None, &b"By mistake"[..]),
        ("newsletter", None, b"weekly"),
        ("cover", Some("a.png"), PNG),
        ("file", Some("a.pdf"), PDF),
    ];
    let path = "/console/reports/by-mistake";
    assert_eq!(upload(&desk, NEW, &parts).await.location(), format!("{path}?word=added"));
    holds(&app, before + 2).await;
    assert!(desk.page(path).await.contains(&format!("{path}/delete")));
    let delete = format!("{path}/delete");
    assert!(desk.page(&delete).await.contains("are deleted for good"));
    let unsure = desk.post(&delete, "").await;
    assert!(unsure.status == 422 && unsure.text().contains("Tick the box"), "{}", unsure.text());
    assert_eq!(desk.post(&delete, "sure=yes").await.location(), "/console/reports?word=deleted");
    holds(&app, before).await;
    let list = desk.page("/console/reports?word=deleted").await;
    assert!(list.contains("The draft is deleted.") && !list.contains("By mistake"), "{list}");
    assert_eq!(desk.get(path).await.status, 404);
    assert_eq!(desk.post(&delete, "sure=yes").await.status, 404);
    let said = audit(&app, "report.delete").await;
    assert_eq!(
        (said.len(), said[0]["slug"].as_str(), said[0]["title"].as_str()),
        (1, Some("by-mistake"), Some("By mistake"))
    );

    // Its name is free again. Whatever was published stays, and so do its files and its boxes.
    assert_eq!(upload(&desk, NEW, &parts).await.location(), format!("{path}?word=added"));
    assert_eq!(desk.post(&format!("{path}/publish"), "").await.status, 303);
    for state in ["published", "withdrawn"] {
        let refused = desk.post(&delete, "sure=yes").await;
        assert!(
            refused.status == 422 && refused.text().contains("no draft any more"),
            "{state}: {}",
            refused.text()
        );
        assert!(
            !desk.page(path).await.contains("/delete\"")
                && !desk.page(&delete).await.contains("name=\"sure\""),
            "{state}"
        );
        assert_eq!(desk.post(&format!("{path}/withdraw"), "sure=yes").await.status, 303);
    }
    assert!(desk.page(path).await.contains("value=\"weekly\" checked"));
    holds(&app, before + 2).await;
    // Nor one that somebody asked for, however it came to be a draft.
    app.subscribe("ada@b.example", "").await;
    assert_eq!(
        app.tamper("UPDATE report SET status = 'draft', published_at = NULL WHERE slug = 'sample'")
            .await
            .unwrap(),
        1
    );
    assert_eq!(desk.post("/console/reports/sample/delete", "sure=yes").await.status, 422);
    assert_eq!(app.count("SELECT count(*) FROM report").await, 2);

    // Published and deleted at once: one of the two is done.
    for n in 0..5 {
        let path = add(&desk, &format!("Draft {n}")).await;
        let (delete, publish) = (format!("{path}/delete"), format!("{path}/publish"));
        let (deleted, published) =
            futures_util::join!(desk.post(&delete, "sure=yes"), desk.post(&publish, ""));
        let pair = (deleted.status, published.status);
        assert!(pair == (303, 404) || pair == (422, 303), "{pair:?}");
        assert_eq!(desk.get(&path).await.status, if pair.0 == 303 { 404 } else { 200 });
    }
}

#[apply(both_databases!)]
async fn contacts_begin_with_those_who_may_be_written_to(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let bare = add(&desk, "Bare").await;
    assert!(!desk.page(&bare).await.contains("/console/exports?"), "a draft has no contacts");
    assert_eq!(desk.post(&format!("{bare}/publish"), "").await.status, 303);
    for screen in ["/console/reports", "/console/reports/sample"] {
        assert!(
            desk.page(screen)
                .await
                .contains("/console/exports?purpose=newsletter%3Aweekly&amp;report=sample\""),
            "{screen}"
        );
    }
    assert!(
        desk.page(&bare).await.contains("/console/exports?report=bare\""),
        "what for is chosen there"
    );
}

#[apply(both_databases!)]
async fn taking_back_says_how_many_links_work_on_and_asks(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let draft = add(&desk, "Only a draft").await;
    let refused = desk.post(&format!("{draft}/withdraw"), "sure=yes").await;
    assert!(
        refused.status == 422 && refused.text().contains("never published"),
        "{}",
        refused.text()
    );
    let download = app.subscribe("ada@b.example", "").await;
    app.subscribe("ben@b.example", "").await;
    let path = "/console/reports/sample/withdraw";
    assert!(desk.page(path).await.contains("2 links that readers have still work"));
    let unsure = desk.post(path, "").await;
    assert!(unsure.status == 422 && unsure.text().contains("Tick the box"), "{}", unsure.text());
    assert_eq!(app.get(PATH).await.status, 200);
    assert_eq!(desk.post(path, "sure=yes").await.location(), "/console/reports?word=withdrawn");
    assert!(desk.page("/console/reports?word=withdrawn").await.contains("no longer offered"));
    assert_eq!(app.get(PATH).await.status, 410);
    assert_eq!(app.get(&format!("{download}/file")).await.status, 200);
    assert!(desk.page("/console/reports/sample").await.contains("Publish it again"));
    assert_eq!(desk.post("/console/reports/sample/publish", "").await.status, 303);
    assert_eq!(app.get(PATH).await.status, 200);
}

#[apply(both_databases!)]
async fn nothing_is_published_that_readers_could_not_agree_to(database: Database) {
    let blank = [("ASSENT_CONTROLLER_ADDRESS", "")];
    let app = TestApp::start_empty(database, &blank).await;
    let desk = app.sign_in(Role::Admin).await;
    assert!(desk.page("/console/reports").await.contains("No report yet"));
    let path = add(&desk, "A report").await;
    let page = desk.page(&path).await;
    assert!(
        page.contains("can’t be published yet") && page.contains("ASSENT_CONTROLLER_ADDRESS"),
        "{page}"
    );
    assert!(
        page.contains("/console/policies/new") && !page.contains(&format!("{path}/publish")),
        "{page}"
    );
    assert!(!page.contains("ASSENT_CONTROLLER_NAME"), "what is set is not asked for");
    let refused = desk.post(&format!("{path}/publish"), "").await;
    assert!(refused.status == 422 && refused.text().contains("name, address and contact first"));
    let preview = desk.page(&format!("{path}/preview")).await;
    assert!(preview.contains("The form stands here once"), "{preview}");
    assert_eq!(app.get("/reports/a-report").await.status, 404);
    for screen in ["/console/newsletters", "/console/policies", NEW] {
        assert!(desk.page(screen).await.contains("ASSENT_CONTROLLER_ADDRESS"), "{screen}");
    }
    assert_eq!(app.count("SELECT count(*) FROM report WHERE status = 'published'").await, 0);

    let app = TestApp::start_empty(database, &[]).await;
    let desk = app.sign_in(Role::Marketing).await;
    let path = add(&desk, "A report").await;
    let page = desk.page(&path).await;
    assert!(
        page.contains("An admin publishes one") && !page.contains(&format!("{path}/publish")),
        "{page}"
    );
    let refused = desk.post(&format!("{path}/publish"), "").await;
    assert!(refused.status == 422 && refused.text().contains("Publish a privacy policy first"));
    app.publish_samples().await;
    assert!(desk.page(&path).await.contains(&format!("{path}/publish")));
    assert_eq!(desk.post(&format!("{path}/publish"), "").await.status, 303);
}

#[apply(both_databases!)]
async fn whoever_only_looks_sees_no_way_to_change(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Viewer).await;
    for screen in
        ["/console/reports", "/console/reports/sample", "/console/newsletters", "/console/policies"]
    {
        let page = desk.page(screen).await;
        assert_eq!(
            page.matches("method=\"post\"").count(),
            page.matches("/console/sign-out").count(),
            "{screen}"
        );
        assert!(
            !page.contains("/new\"")
                && !page.contains("/edit\"")
                && !page.contains("/console/exports?"),
            "{screen}"
        );
    }
    assert!(desk.page("/console/reports/sample/preview").await.contains("as it is here"));
}

#[apply(both_databases!)]
async fn hostile_words_stay_words(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Admin).await;
    let hostile = "\"><img src=x onerror=alert(1)>{{ 7*7 }}<script>alert(2)</script>";
    let path = add(&desk, hostile).await;
    let (seen, text) = (escaped(&hidden(&desk.page(&path).await, "seen")), escaped(hostile));
    let fields = format!("seen={seen}&title={text}&summary={text}&body={text}");
    assert_eq!(desk.post(&path, &fields).await.status, 303);
    assert_eq!(desk.post(&format!("{path}/publish"), "").await.status, 303);
    for screen in
        ["/console/reports", &path, &format!("{path}/preview"), &format!("{path}/withdraw"), "/"]
    {
        let page = desk.page(screen).await;
        assert!(
            !page.contains("<img src=x") && !page.contains("<script>alert"),
            "{screen}: {page}"
        );
        assert!(page.contains("{{ 7*7 }}"), "{screen}");
    }
}
