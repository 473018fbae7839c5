//! The gate: personal, counted, and over one day.

use std::time::Duration;

use assent::flows::catalog::edit_report::replace_file;
use futures_util::future::join_all;
use macro_rules_attribute::apply;

use crate::support::app::{Answer, Database, PATH, REPORT, SLUG, STYLES, TestApp};
use crate::support::both_databases;

const LIMIT_ONE: &[(&str, &str)] = &[("ASSENT_DOWNLOAD_LIMIT", "1")];
const JUST_OVER_AN_HOUR: Duration = Duration::from_mins(61);

async fn ranged(app: &TestApp, path: &str, range: &str) -> Answer {
    asked(app, "GET", path, &[("range", range)]).await
}

async fn asked(app: &TestApp, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = app.request(method, path);
    app.send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)))
        .await
}

async fn head(app: &TestApp, path: &str) -> Answer {
    app.send(app.request("HEAD", path)).await
}

async fn used(app: &TestApp) -> i64 {
    app.count("SELECT used FROM download_grant").await
}

/// Downloads counted, by the grant and one by one.
async fn counted(app: &TestApp) -> [i64; 2] {
    [used(app).await, app.count("SELECT count(*) FROM download").await]
}

/// Gives the sample report another file; what it holds.
async fn replace(app: &TestApp) -> Vec<u8> {
    let other = REPORT.to_ascii_uppercase();
    let path = app.dir.path().join("other.pdf");
    std::fs::write(&path, &other).unwrap();
    let at = app.core.moment();
    let file = app.core.files.put_report(at.new_id(), &path).await.unwrap();
    let mut tx = app.write().await;
    replace_file(&mut tx, &app.act(), &SLUG.parse().unwrap(), &file).await.unwrap();
    tx.commit().await.unwrap();
    other
}

#[apply(both_databases!)]
async fn the_file_comes_whole_or_in_one_piece(database: Database) {
    let app = TestApp::start(database).await;
    let file = format!("{}/file", app.subscribe("ada@b.example", "").await);
    let size = REPORT.len();

    let looked = head(&app, &file).await;
    assert_eq!((looked.status, looked.header("content-length")), (200, size.to_string().as_str()));
    assert_eq!(used(&app).await, 0, "HEAD counts nothing");

    let whole = app.get(&file).await;
    assert_eq!((whole.status, whole.body.as_slice()), (200, REPORT));
    for (name, value) in [
        ("content-type", "application/pdf"),
        ("content-disposition", "attachment; filename=\"sample.pdf\""),
        ("accept-ranges", "bytes"),
        ("cache-control", "private, no-store"),
        ("x-robots-tag", "noindex, nofollow"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(whole.header(name), value, "{name}");
        assert_eq!(looked.header(name), value, "{name} of HEAD");
    }
    for name in ["etag", "last-modified"] {
        assert!(
            !whole.header(name).is_empty() && whole.header(name) == looked.header(name),
            "{name}"
        );
    }
    assert_eq!(used(&app).await, 1);

    let part = ranged(&app, &file, "bytes=5-9").await;
    assert_eq!((part.status, part.body.as_slice()), (206, &REPORT[5..10]));
    assert_eq!(part.header("content-range"), format!("bytes 5-9/{size}"));
    let tail = ranged(&app, &file, "Bytes=-4").await;
    assert_eq!(
        (tail.status, tail.body.as_slice()),
        (206, &REPORT[size - 4..]),
        "units have no case"
    );
    let first = ranged(&app, &file, "bytes=0-0").await;
    assert_eq!((first.status, first.body.as_slice()), (206, &REPORT[..1]));

    for refused in ["bytes=0-1,4-5", &format!("bytes={size}-")] {
        let answer = ranged(&app, &file, refused).await;
        assert_eq!(
            (answer.status, answer.header("content-range")),
            (416, format!("bytes */{size}").as_str())
        );
    }
    assert_eq!(ranged(&app, &file, "bytes=oops").await.status, 200);
    let looked = asked(&app, "HEAD", &file, &[("range", "bytes=5-9")]).await;
    assert_eq!(
        (looked.status, looked.header("content-length")),
        (200, size.to_string().as_str()),
        "of GET alone"
    );
    assert_eq!(counted(&app).await, [1, 1], "all of it within the hour is one download");
    app.advance(JUST_OVER_AN_HOUR);
    assert_eq!(ranged(&app, &file, "bytes=5-9").await.status, 206);
    assert_eq!(counted(&app).await, [2, 2], "and the next one afterwards");
}

// Browsers, download managers and viewers: many pieces at once, on a link that was never used.
#[apply(both_databases!)]
async fn one_download_is_one_download(database: Database) {
    let app = TestApp::start_with(database, LIMIT_ONE).await;
    let page = app.subscribe("ada@b.example", "").await;
    let file = format!("{page}/file");
    let ranges: Vec<String> = (0..16).map(|n| format!("bytes={}-{}", n * 4, n * 4 + 3)).collect();
    let pieces = join_all(ranges.iter().map(|range| ranged(&app, &file, range))).await;
    for (n, piece) in pieces.iter().enumerate() {
        assert_eq!((piece.status, piece.body.as_slice()), (206, &REPORT[n * 4..n * 4 + 4]));
    }
    assert_eq!(counted(&app).await, [1, 1]);
    for answer in join_all((0..4).map(|_| app.get(&file))).await {
        assert_eq!((answer.status, answer.body.as_slice()), (200, REPORT));
    }
    assert_eq!(
        (head(&app, &file).await.status, app.get(&page).await.status),
        (200, 200),
        "they say what GET does"
    );
    assert_eq!(counted(&app).await, [1, 1]);

    app.advance(JUST_OVER_AN_HOUR);
    for range in ["bytes=0-1", "bytes=-4", "bytes=9-"] {
        assert_eq!(ranged(&app, &file, range).await.status, 410, "{range}");
    }
    assert_eq!(
        (app.get(&file).await.status, head(&app, &file).await.status, app.get(&page).await.status),
        (410, 410, 410)
    );
    assert_eq!(counted(&app).await, [1, 1]);
}

#[apply(both_databases!)]
async fn a_probe_uses_up_no_more_than_the_download_that_follows(database: Database) {
    for probe in ["bytes=0-1", "bytes=-4", "bytes=1-"] {
        let app = TestApp::start_with(database, LIMIT_ONE).await;
        let file = format!("{}/file", app.subscribe("ada@b.example", "").await);
        assert_eq!(ranged(&app, &file, probe).await.status, 206);
        assert_eq!(counted(&app).await, [1, 1], "nothing is fetched uncounted");
        let whole = app.get(&file).await;
        assert_eq!((whole.status, whole.body.as_slice()), (200, REPORT), "{probe}");
        assert_eq!(counted(&app).await, [1, 1], "{probe}");
    }
}

#[apply(both_databases!)]
async fn the_last_count_is_the_last(database: Database) {
    let app = TestApp::start_with(database, &[("ASSENT_DOWNLOAD_LIMIT", "3")]).await;
    let page = app.subscribe("ada@b.example", "").await;
    let file = format!("{page}/file");
    for n in 1..=3 {
        let tries = join_all((0..8).map(|_| app.get(&file))).await;
        assert!(tries.iter().all(|answer| answer.status == 200));
        assert_eq!(counted(&app).await, [n, n]);
        app.advance(JUST_OVER_AN_HOUR);
    }
    let tries = join_all((0..8).map(|_| app.get(&file))).await;
    assert!(tries.iter().all(|answer| answer.status == 410));
    assert!(app.get(&page).await.text().contains("good for 3 downloads"));
    assert_eq!(head(&app, &file).await.status, 410);
    assert_eq!(ranged(&app, &file, "bytes=9-").await.status, 410);
    assert_eq!(counted(&app).await, [3, 3]);

    // One press mails a fresh link, and the old one opens nothing any more.
    assert_eq!(app.post(&format!("{page}/fresh"), "").await.status, 303);
    let fresh = app.next_mail("ada@b.example", 2).await.link("/downloads/");
    assert_eq!(app.get(&format!("{fresh}/file")).await.body, REPORT);
    let old = app.get(&page).await;
    assert!(old.status == 410 && old.text().contains("newer link"));
}

#[apply(both_databases!)]
async fn nobody_puts_a_file_together_from_two(database: Database) {
    let app = TestApp::start(database).await;
    let file = format!("{}/file", app.subscribe("ada@b.example", "").await);
    let begun = ranged(&app, &file, "bytes=0-9").await;
    let (etag, since) = (begun.header("etag"), begun.header("last-modified"));
    assert_eq!((begun.status, etag.starts_with('"')), (206, true), "a strong one: {etag}");
    let rest = |condition: (&'static str, String)| {
        let app = &app;
        let file = &file;
        async move {
            asked(app, "GET", file, &[("range", "bytes=10-"), (condition.0, &condition.1)]).await
        }
    };
    for condition in ["if-range", "if-match"] {
        assert_eq!(rest((condition, etag.to_owned())).await.body, &REPORT[10..], "{condition}");
    }
    assert_eq!(rest(("if-unmodified-since", since.to_owned())).await.body, &REPORT[10..]);

    app.advance(Duration::from_mins(1));
    let other = replace(&app).await;
    let again = rest(("if-range", etag.to_owned())).await;
    assert_eq!(
        (again.status, again.body.as_slice()),
        (200, other.as_slice()),
        "all of the new one"
    );
    assert_eq!(rest(("if-range", since.to_owned())).await.status, 200, "a date is no proof");
    for condition in [
        ("if-match", etag),
        ("if-match", "W/\"x\""),
        ("if-match", "nonsense"),
        ("if-unmodified-since", since),
    ] {
        let refused = rest((condition.0, condition.1.to_owned())).await;
        assert_eq!(refused.status, 412, "{condition:?}");
        assert!(refused.text().contains("Load it again from its beginning"), "{}", refused.text());
        assert_eq!(
            asked(&app, "HEAD", &file, &[condition]).await.status,
            412,
            "HEAD {condition:?}"
        );
    }
    let (now, changed) = (again.header("etag"), again.header("last-modified"));
    assert!(now != etag && changed != since);
    for (method, condition, expected) in [
        ("GET", ("if-none-match", now), 304),
        ("HEAD", ("if-none-match", now), 304),
        ("GET", ("if-none-match", "*"), 304),
        ("GET", ("if-modified-since", changed), 304),
        ("GET", ("if-none-match", etag), 200),
        ("GET", ("if-modified-since", since), 200),
        ("GET", ("if-match", "*"), 200),
        ("HEAD", ("if-match", now), 200),
        ("GET", ("if-modified-since", "yesterday"), 200),
        ("GET", ("if-unmodified-since", "yesterday"), 200),
    ] {
        let answer = asked(&app, method, &file, &[condition]).await;
        assert_eq!(answer.status, expected, "{method} {condition:?}");
        if expected == 304 {
            assert_eq!((answer.header("etag"), answer.body.len()), (now, 0));
            assert_eq!(answer.header("cache-control"), "private, no-store");
        }
    }
    // Whoever may not have it learns nothing by asking under a condition, and what is not sent is not counted.
    app.advance(JUST_OVER_AN_HOUR);
    assert_eq!(asked(&app, "GET", &file, &[("if-none-match", now)]).await.status, 304);
    assert_eq!(asked(&app, "GET", &file, &[("if-match", etag)]).await.status, 412);
    assert_eq!(counted(&app).await, [1, 1]);
    app.advance(Duration::from_hours(24 * 31));
    assert_eq!(asked(&app, "GET", &file, &[("if-none-match", now)]).await.status, 410);
}

#[apply(both_databases!)]
async fn public_pages_say_when_they_are_the_same(database: Database) {
    let app = TestApp::start(database).await;
    let css = STYLES.path();
    let text = "/policies/privacy/2026-11.md";
    let forms = ["/", PATH, "/newsletters"];
    let others = ["/policies/privacy", "/policies/privacy/2026-11", text, "/ledger/verify", css];
    for path in forms.into_iter().chain(others) {
        let page = app.get(path).await;
        let etag = page.header("etag");
        assert!(etag.starts_with("W/\""), "what is compressed on its way: {path} {etag}");
        let packed = asked(&app, "GET", path, &[("accept-encoding", "gzip")]).await;
        assert_eq!(
            (packed.header("etag"), packed.header("vary")),
            (etag, "accept-encoding"),
            "{path}"
        );
        for method in ["GET", "HEAD"] {
            let same =
                asked(&app, method, path, &[("if-none-match", etag), ("accept-encoding", "gzip")])
                    .await;
            assert_eq!(
                (same.status, same.header("etag"), same.body.len()),
                (304, etag, 0),
                "{method} {path}"
            );
            assert_eq!(same.header("cache-control"), page.header("cache-control"), "{path}");
            assert_eq!(same.header("vary"), "accept-encoding", "{path}");
            assert_eq!(
                asked(&app, method, path, &[("if-none-match", "\"x\"")]).await.status,
                200,
                "{method} {path}"
            );
            assert_eq!(
                asked(&app, method, path, &[("if-match", "\"x\"")]).await.status,
                412,
                "{method} {path}"
            );
        }
    }
    let before = app.get("/policies/privacy").await;
    assert_eq!(before.header("cache-control"), "no-cache");
    let mut tx = app.write().await;
    app.advance(Duration::from_hours(1));
    app.publish_policy(&mut tx, "2026-12").await;
    tx.commit().await.unwrap();
    crate::support::poll::until("the new policy", || async {
        let answer =
            asked(&app, "GET", "/policies/privacy", &[("if-none-match", before.header("etag"))])
                .await;
        (answer.status == 200 && answer.text().contains("2026-12")).then_some(())
    })
    .await;
    assert_eq!(app.get(PATH).await.header("cache-control"), "no-cache");
    let refused = app.post(PATH, "").await;
    assert_eq!(
        (refused.header("cache-control"), refused.header("etag")),
        ("no-store", ""),
        "what somebody sent is no page to keep"
    );
}

#[apply(both_databases!)]
async fn the_link_works_until_its_date(database: Database) {
    let app = TestApp::start(database).await;
    let page = app.subscribe("ada@b.example", "&newsletter=weekly").await;
    let shown = app.get(&page).await.text();
    assert!(shown.contains("until the end of 23 December 2026") && shown.contains("The weekly"));
    // From nine in the morning.
    app.advance(Duration::from_hours(24 * 30 + 14));
    assert_eq!(app.get(&page).await.status, 200);
    app.advance(Duration::from_hours(1));
    for path in [page.clone(), format!("{page}/file")] {
        let gone = app.get(&path).await;
        assert!(gone.status == 410 && gone.text().contains("fresh link"), "{path}");
    }
    assert_eq!(app.post(&format!("{page}/fresh"), "").await.status, 303);
    let fresh = app.next_mail("ada@b.example", 2).await.link("/downloads/");
    assert_eq!(app.get(&fresh).await.status, 200);
}

#[apply(both_databases!)]
async fn a_revoked_grant_is_never_renewed(database: Database) {
    let app = TestApp::start(database).await;
    let page = app.subscribe("ada@b.example", "").await;
    app.mail_settled().await;
    // Not even what is under way goes on.
    assert_eq!(ranged(&app, &format!("{page}/file"), "bytes=0-3").await.status, 206);
    let revoke = "UPDATE download_grant SET revoked_at = created_at";
    assert_eq!(app.tamper(revoke).await.unwrap(), 1);
    assert_eq!(ranged(&app, &format!("{page}/file"), "bytes=4-").await.status, 410);
    assert_eq!(app.get(&format!("{page}/file")).await.status, 410);
    assert_eq!(app.post(&format!("{page}/fresh"), "").await.status, 410);
    app.mail_settled().await;
    assert_eq!(app.inbox().len(), 2);
    assert_eq!(app.get("/downloads/nonsense/file").await.status, 404);
    assert_eq!(app.post("/downloads/nonsense/fresh", "").await.status, 404);
}
