//! Nobody is bombed, and nobody posts without end.

use std::time::Duration;

use assent::domain::timestamp::Timestamp;
use assent::store::Db;
use macro_rules_attribute::apply;

use crate::support::app::{Database, PATH, TestApp, form};
use crate::support::{both_databases, poll};

const LIMITED: &[(&str, &str)] = &[("ASSENT_LIMIT_MAIL_PER_ADDRESS", "2/15min,4/day")];

/// How many mails were decided on, of those that count against a mailbox.
async fn decided(app: &TestApp) -> i64 {
    app.count("SELECT count(*) FROM outbox WHERE due_at IS NOT NULL").await
}

/// When the mails leave that count against a mailbox, in their order.
async fn moments(app: &TestApp) -> Vec<Timestamp> {
    const DUE: &str = "SELECT due_at FROM outbox
                       WHERE kind IN ('confirm', 'download_link', 'preferences_link') AND due_at IS NOT NULL
                       ORDER BY due_at";
    match &app.core.db {
        Db::Sqlite { readers, .. } => sqlx::query_scalar(DUE).fetch_all(readers).await.unwrap(),
        Db::Postgres { pool, .. } => sqlx::query_scalar(DUE).fetch_all(pool).await.unwrap(),
    }
}

/// The most that fall into any stretch of this length.
fn most_within(moments: &[Timestamp], length: Duration) -> usize {
    let within = |from: &Timestamp| {
        moments.iter().filter(|at| **at >= *from && **at < from.plus(length)).count()
    };
    moments.iter().map(within).max().unwrap_or(0)
}

// One mailbox, under all of its names, through every door that mails whoever is typed in.
#[apply(both_databases!)]
async fn no_door_and_no_name_of_a_mailbox_leads_around_its_limit(database: Database) {
    let app = TestApp::start_with(database, LIMITED).await;
    let mut tx = app.write().await;
    app.add_report(&mut tx, ("second", "A second report"), &[]).await;
    tx.commit().await.unwrap();
    poll::until("the second report", || async {
        (app.get("/reports/second").await.status == 200).then_some(())
    })
    .await;
    let known = "a.da@gmail.com";
    let first = app.ask(known).await;
    let link = app.next_mail(known, 0).await.link("/confirm/");
    let download = app.post(&link, "").await.location().to_owned();
    let open = app.ask("ada+open@gmail.com").await;
    assert_eq!((first.status, open.status), (303, 303));
    let names = ["ada@gmail.com", known, "a.d.a+x@googlemail.com", "ADA+y@GMAIL.com"];
    let knock = async |n: usize| {
        let name = names[n % names.len()];
        let answer = match n % 8 {
            0 => app.ask(name).await,
            1 => app.post("/reports/second", &form(name, "")).await,
            2 => app.post("/newsletters", &form(name, "&newsletter=weekly")).await,
            3 => app.post("/preferences", &format!("email={known}")).await,
            4 => app.post(&format!("{download}/fresh"), "").await,
            5 => app.post(&format!("{link}/fresh"), "").await,
            6 => app.post("/fresh-link", &format!("email={known}")).await,
            _ => {
                let again = app.request("POST", "/check-your-inbox/resend");
                app.send(again.header("cookie", open.cookie())).await
            }
        };
        assert!(answer.status == 303 || answer.status == 200, "{n}: {}", answer.status);
    };
    // 150 in sixteen minutes, several at once; then 150 in a day and an hour.
    for n in 0..50 {
        futures_util::future::join_all((0..3).map(|k| knock(n * 3 + k))).await;
        app.advance(Duration::from_millis(19_200));
    }
    let begun = moments(&app).await;
    assert_eq!(most_within(&begun, Duration::from_mins(15)), 2);
    assert!((3..=4).contains(&begun.len()), "{begun:?}");
    for n in 150..300 {
        knock(n).await;
        app.advance(Duration::from_mins(10));
    }
    poll::until("all wishes answered", || async {
        (app.count("SELECT count(*) FROM link_request").await == 0).then_some(())
    })
    .await;
    let all = moments(&app).await;
    for (length, most) in
        [(Duration::from_mins(1), 1), (Duration::from_mins(15), 2), (Duration::from_hours(24), 4)]
    {
        assert_eq!(most_within(&all, length), most, "{length:?}: {all:?}");
    }
    assert!(all.len() > 4, "the next day there are more");

    // After a quiet day each door opens again; then one more mail waits for a minute, and all doors stay shut.
    for (door, kind) in [(3, "preferences_link"), (4, "download_link"), (1, "confirm")] {
        app.advance(Duration::from_hours(25));
        let before = decided(&app).await;
        knock(door).await;
        poll::until(kind, || async { (decided(&app).await == before + 1).then_some(()) }).await;
        for n in 0..8 {
            knock(n).await;
        }
        poll::until("all wishes answered", || async {
            (app.count("SELECT count(*) FROM link_request").await == 0).then_some(())
        })
        .await;
        assert_eq!(decided(&app).await, before + 2, "{kind}");
        assert_eq!(most_within(&moments(&app).await, Duration::from_mins(1)), 1, "{kind}");
    }
}

#[apply(both_databases!)]
async fn one_mailbox_gets_two_in_a_quarter_and_four_a_day(database: Database) {
    let app = TestApp::start_with(database, LIMITED).await;
    // Dots and tags of one mailbox are one bucket; many at once are still one.
    let names = ["a.da@gmail.com", "ada@gmail.com", "ada+x@googlemail.com", "ADA@gmail.com"];
    let burst = (0..60).map(|n| app.ask(names[n % names.len()]));
    for answer in futures_util::future::join_all(burst).await {
        assert_eq!((answer.status, answer.location()), (303, "/check-your-inbox"));
    }
    assert_eq!(decided(&app).await, 2, "one at once, and one a minute behind it");
    assert_eq!(most_within(&moments(&app).await, Duration::from_mins(1)), 1);
    let mut seen = Vec::new();
    for _ in 0..60 {
        app.advance(Duration::from_mins(1) + Duration::from_millis(1));
        assert_eq!(app.ask("ada@gmail.com").await.status, 303);
        seen.push(decided(&app).await);
    }
    assert_eq!((seen[0], seen[13], seen[16], seen[59]), (2, 2, 4, 4));
    app.advance(Duration::from_hours(24));
    assert_eq!(app.ask("ada@gmail.com").await.status, 303);
    assert_eq!(decided(&app).await, 5);
    assert_eq!(app.ask("b.ob@b.example").await.status, 303);
    assert_eq!(app.ask("bob@b.example").await.status, 303);
    assert_eq!(decided(&app).await, 7, "elsewhere a dot makes another mailbox");
}

#[apply(both_databases!)]
async fn fresh_links_count_as_well(database: Database) {
    let app = TestApp::start_with(database, LIMITED).await;
    let link = app.ask_and_read("ada@b.example", "").await.link("/confirm/");
    app.advance(Duration::from_hours(72));
    let press = async || assert_eq!(app.post(&format!("{link}/fresh"), "").await.status, 303);
    press().await;
    // Until it is on its way, another press is about the same mail.
    let first = app.next_mail("ada@b.example", 1).await.link("/confirm/");
    for _ in 0..4 {
        press().await;
    }
    assert_eq!(decided(&app).await, 3, "one at once, and one a minute behind it");
    assert_eq!(app.get(&first).await.status, 200, "a second press supersedes no link that works");
    app.advance(Duration::from_mins(1));
    assert_eq!(app.next_mail("ada@b.example", 2).await.link("/confirm/"), first);
}

#[apply(both_databases!)]
async fn one_network_address_must_wait(database: Database) {
    let app = TestApp::start_with(
        database,
        &[("ASSENT_LIMIT_SIGNUPS_PER_IP", "3/hour"), ("ASSENT_TRUSTED_PROXIES", "127.0.0.0/8")],
    )
    .await;
    let from = |client: &'static str| {
        let body = form("ada@b.example", "");
        let kind = ("content-type", "application/x-www-form-urlencoded");
        app.send(
            app.request("POST", PATH)
                .header("x-forwarded-for", client)
                .header(kind.0, kind.1)
                .body(body),
        )
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
    // However their proxy writes them, each reader has one allowance of their own.
    for client in [
        "198.51.100.7:50123",
        "192.0.2.9:1, 198.51.100.7:65535",
        "\"198.51.100.7\"",
        "198.51.100.7,",
        "[::ffff:198.51.100.7]:9",
    ] {
        assert_eq!(from(client).await.status, 429, "{client}");
    }
    for client in [
        "203.0.113.5:1",
        "203.0.113.5:2",
        "203.0.113.5:3",
        "[2001:db8::1]:50123",
        "\"[2001:db8::2]:1\"",
        "[2001:db8::3]",
    ] {
        assert_eq!(from(client).await.status, 303, "{client}");
    }
    for client in ["203.0.113.5:4", "2001:db8::4"] {
        assert_eq!(from(client).await.status, 429, "{client}");
    }
}

// An office behind one address: what a program there guesses, or a form there sends too often, keeps nobody from the rest.
#[apply(both_databases!)]
async fn what_one_door_uses_up_of_a_network_leaves_the_others(database: Database) {
    let app = TestApp::start_with(database, &[("ASSENT_LIMIT_SIGNUPS_PER_IP", "2/hour")]).await;
    let signup = form("ada@b.example", "");
    let doors = [
        ("GET", "/api/v1/withdrawals", "", 401),
        ("POST", "/preferences", "email=ada%40b.example", 303),
        ("POST", "/fresh-link", "email=ada%40b.example", 303),
        ("POST", "/console/forgot", "email=ada%40b.example", 303),
        ("GET", "/unsubscribe/x", "", 404),
        ("POST", PATH, signup.as_str(), 303),
    ];
    let knock = async |(method, path, body, _): (&str, &str, &str, u16)| {
        let request = app.request(method, path).header("authorization", "Bearer assent_guess");
        let form = ("content-type", "application/x-www-form-urlencoded");
        let answer = app.send(request.header(form.0, form.1).body(body.to_owned())).await;
        if answer.status == 429 {
            assert!(answer.header("retry-after").parse::<u64>().unwrap() > 60, "{path}");
        }
        answer.status
    };
    for door in doors {
        for _ in 0..2 {
            assert_eq!(knock(door).await, door.3, "{}", door.1);
        }
        for _ in 0..3 {
            assert_eq!(knock(door).await, 429, "{}", door.1);
        }
    }
    // The form of the newsletters is a form as that of the report is.
    let newsletters = form("bob@b.example", "&newsletter=weekly");
    assert_eq!(app.post("/newsletters", &newsletters).await.status, 429);
}
