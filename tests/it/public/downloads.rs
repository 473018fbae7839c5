//! The gate: personal, counted, and over one day.

use std::time::Duration;

use crate::support::app::{Answer, Database, REPORT, TestApp};
use crate::support::both_databases;

async fn ranged(app: &TestApp, path: &str, range: &str) -> Answer {
    app.send(app.request("GET", path).header("range", range)).await
}

async fn used(app: &TestApp) -> i64 {
    app.count("SELECT used FROM download_grant").await
}

both_databases! {
    async fn the_file_comes_whole_or_in_one_piece(database: Database) {
        let app = TestApp::start(database).await;
        let file = format!("{}/file", app.subscribe("ada@b.example", "").await);
        let size = REPORT.len();

        let head = app.send(app.request("HEAD", &file)).await;
        assert_eq!((head.status, head.header("content-length")), (200, size.to_string().as_str()));
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
        ] {
            assert_eq!(whole.header(name), value, "{name}");
        }
        assert_eq!(used(&app).await, 1);

        let part = ranged(&app, &file, "bytes=5-9").await;
        assert_eq!((part.status, part.body.as_slice()), (206, &REPORT[5..10]));
        assert_eq!(part.header("content-range"), format!("bytes 5-9/{size}"));
        let tail = ranged(&app, &file, "bytes=-4").await;
        assert_eq!((tail.status, tail.body.as_slice()), (206, &REPORT[size - 4..]));
        assert_eq!(used(&app).await, 1, "later pieces are not counted");
        let first = ranged(&app, &file, "bytes=0-0").await;
        assert_eq!((first.status, first.body.as_slice(), used(&app).await), (206, &REPORT[..1], 2));

        for refused in ["bytes=0-1,4-5", &format!("bytes={size}-")] {
            let answer = ranged(&app, &file, refused).await;
            assert_eq!((answer.status, answer.header("content-range")), (416, format!("bytes */{size}").as_str()));
        }
        assert_eq!(ranged(&app, &file, "bytes=oops").await.status, 200);
        assert_eq!(used(&app).await, 3);
    }

    async fn the_last_count_is_the_last(database: Database) {
        let app = TestApp::start_with(database, &[("ASSENT_DOWNLOAD_LIMIT", "3")]).await;
        let page = app.subscribe("ada@b.example", "").await;
        let file = format!("{page}/file");
        let tries = futures_util::future::join_all((0..8).map(|_| app.get(&file))).await;
        assert_eq!(tries.iter().filter(|t| t.status == 200).count(), 3);
        assert_eq!(tries.iter().filter(|t| t.status == 410).count(), 5);
        assert!(app.get(&page).await.text().contains("good for 3 downloads"));
        assert_eq!(app.send(app.request("HEAD", &file)).await.status, 410);
        assert_eq!(ranged(&app, &file, "bytes=9-").await.status, 206, "what was begun may be finished");
        app.advance(Duration::from_mins(61));
        assert_eq!(ranged(&app, &file, "bytes=9-").await.status, 410);
        assert_eq!(used(&app).await, 3);

        // One press mails a fresh link, and the old one opens nothing any more.
        assert_eq!(app.post(&format!("{page}/fresh"), "").await.status, 303);
        let fresh = app.next_mail("ada@b.example", 2).await.link("/downloads/");
        assert_eq!(app.get(&format!("{fresh}/file")).await.body, REPORT);
        let old = app.get(&page).await;
        assert!(old.status == 410 && old.text().contains("newer link"));
    }

    async fn nothing_is_fetched_uncounted(database: Database) {
        let app = TestApp::start_with(database, &[("ASSENT_DOWNLOAD_LIMIT", "1")]).await;
        let file = format!("{}/file", app.subscribe("ada@b.example", "").await);
        assert_eq!(ranged(&app, &file, "bytes=1-").await.status, 206);
        assert_eq!(used(&app).await, 1, "a later piece without a start is counted as one");
        assert_eq!(app.get(&file).await.status, 410);
    }

    async fn the_link_works_until_its_date(database: Database) {
        let app = TestApp::start(database).await;
        let page = app.subscribe("ada@b.example", "&newsletter=weekly").await;
        let shown = app.get(&page).await.text();
        assert!(shown.contains("23 December 2026") && shown.contains("The weekly"));
        app.advance(Duration::from_hours(24 * 30 - 1));
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

    async fn a_revoked_grant_is_never_renewed(database: Database) {
        let app = TestApp::start(database).await;
        let page = app.subscribe("ada@b.example", "").await;
        app.mail_settled().await;
        let revoke = "UPDATE download_grant SET revoked_at = created_at";
        assert_eq!(app.tamper(revoke).await.unwrap(), 1);
        assert_eq!(app.get(&format!("{page}/file")).await.status, 410);
        assert_eq!(app.post(&format!("{page}/fresh"), "").await.status, 410);
        app.mail_settled().await;
        assert_eq!(app.inbox().len(), 2);
        assert_eq!(app.get("/downloads/nonsense/file").await.status, 404);
        assert_eq!(app.post("/downloads/nonsense/fresh", "").await.status, 404);
    }
}
