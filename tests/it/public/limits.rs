//! Nobody is bombed, and nobody posts without end.

use std::time::Duration;

use crate::support::app::{Database, PATH, TestApp, form};
use crate::support::both_databases;

const LIMITED: &[(&str, &str)] = &[("ASSENT_LIMIT_MAIL_PER_ADDRESS", "2/15min,4/day")];

/// How many mails were decided on.
async fn decided(app: &TestApp) -> i64 {
    app.count("SELECT count(*) FROM outbox").await
}

both_databases! {
    async fn one_mailbox_gets_two_in_a_quarter_and_four_a_day(database: Database) {
        let app = TestApp::start_with(database, LIMITED).await;
        // Dots and tags of one mailbox are one bucket; many at once are still one.
        let names = ["a.da@gmail.com", "ada@gmail.com", "ada+x@googlemail.com", "ADA@gmail.com"];
        let burst = (0..60).map(|n| app.ask(names[n % names.len()]));
        for answer in futures_util::future::join_all(burst).await {
            assert_eq!((answer.status, answer.location()), (303, "/check-your-inbox"));
        }
        assert_eq!(decided(&app).await, 1, "a minute apart");
        let mut seen = Vec::new();
        for _ in 0..60 {
            app.advance(Duration::from_mins(1) + Duration::from_millis(1));
            assert_eq!(app.ask("ada@gmail.com").await.status, 303);
            seen.push(decided(&app).await);
        }
        assert_eq!((seen[0], seen[12], seen[16], seen[59]), (2, 2, 4, 4));
        app.advance(Duration::from_hours(24));
        assert_eq!(app.ask("ada@gmail.com").await.status, 303);
        assert_eq!(decided(&app).await, 5);
        assert_eq!(app.ask("b.ob@b.example").await.status, 303);
        assert_eq!(app.ask("bob@b.example").await.status, 303);
        assert_eq!(decided(&app).await, 7, "elsewhere a dot makes another mailbox");
    }

    async fn fresh_links_count_as_well(database: Database) {
        let app = TestApp::start_with(database, LIMITED).await;
        let link = app.ask_and_read("ada@b.example", "").await.link("/confirm/");
        app.advance(Duration::from_hours(49));
        for _ in 0..5 {
            assert_eq!(app.post(&format!("{link}/fresh"), "").await.status, 303);
        }
        assert_eq!(decided(&app).await, 2);
    }

    async fn one_network_address_must_wait(database: Database) {
        let app = TestApp::start_with(database, &[
            ("ASSENT_LIMIT_SIGNUPS_PER_IP", "3/hour"),
            ("ASSENT_TRUSTED_PROXIES", "127.0.0.0/8"),
        ]).await;
        let from = |client: &'static str| {
            let body = form("ada@b.example", "");
            let kind = ("content-type", "application/x-www-form-urlencoded");
            app.send(app.request("POST", PATH).header("x-forwarded-for", client).header(kind.0, kind.1).body(body))
        };
        for _ in 0..3 {
            assert_eq!(from("198.51.100.7").await.status, 303);
        }
        let waits = from("192.0.2.9, 198.51.100.7").await;
        assert_eq!(waits.status, 429);
        assert!(waits.header("retry-after").parse::<u64>().unwrap() > 60);
        assert!(waits.text().contains("Wait a little"));
        assert_eq!(from("198.51.100.8").await.status, 303);
        assert_eq!(app.get(PATH).await.status, 200, "reading is not limited");
    }
}
