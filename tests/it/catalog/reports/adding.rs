//! Reports added with their files; what is refused leaves none.

use std::time::{Duration, UNIX_EPOCH};

use assent::domain::staff::member::Role;
use assent::worker::tasks::forget_uploads::forget_uploads;
use futures_util::stream::{self, StreamExt};
use macro_rules_attribute::apply;
use reqwest::Body;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use uuid::Uuid;

use super::{NEW, PDF, PNG, Part, files, form, holds, send, upload};
use crate::support::app::{Database, POLICY, TestApp};
use crate::support::both_databases;
use crate::support::desk::audit;

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
    let forget = || forget_uploads(&app.core.files, app.clock.now());
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
        (vec![("title", None, "…".as_bytes()), file], "Enter a short name"),
        (vec![title, file, ("slug", None, b"../x")], "lower-case letters and digits"),
        (vec![title, file, ("slug", None, b"sample")], "There is a report “sample” already"),
        (vec![title, file, ("slug", None, b"new")], "taken by this console"),
        (vec![title, file, ("slug", None, b"newsletters")], "the newsletters’ form"),
        (vec![("title", None, b"Newsletters"), file], "choose another short name"),
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
