//! Reports edited, by two at once, and their files replaced.

use std::collections::BTreeSet;

use assent::domain::staff::member::Role;
use macro_rules_attribute::apply;

use super::{PDF, PNG, add, files, holds, upload};
use crate::support::app::{Database, PATH, REPORT, TestApp};
use crate::support::both_databases;
use crate::support::desk::{audit, escaped, hidden};

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
