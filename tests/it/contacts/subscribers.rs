//! Finding people at the console.

use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::staff::member::Role;
use assent::flows::contacts::backfill_words::backfill_words;
use assent::store::Db;
use macro_rules_attribute::apply;
use uuid::Uuid;

use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::desk::{TestDesk, pager};

const LIST: &str = "/console/subscribers";

/// The addresses that a page of the list shows, in its order.
fn listed(page: &str) -> Vec<String> {
    page.split("<th scope=\"row\" class=\"address\"><a href=\"/console/subscribers/")
        .skip(1)
        .map(|row| {
            let text = row.split_once('>').unwrap().1;
            text.split_once("</a>").unwrap().0.replace("<wbr>", "")
        })
        .collect()
}

async fn find(desk: &TestDesk<'_>, query: &str) -> Vec<String> {
    listed(&desk.page(&format!("{LIST}?{query}")).await)
}

async fn subscribe(app: &TestApp, email: &str, more: &str) {
    app.clock.advance(std::time::Duration::from_mins(1));
    app.subscribe(email, more).await;
}

#[apply(both_databases!)]
async fn somebody_is_found_by_what_is_known_of_them(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Viewer).await;
    let empty = desk.page(LIST).await;
    assert!(
        empty.contains("No subscribers yet") && empty.contains("href=\"/console/reports\""),
        "{empty}"
    );
    subscribe(&app, "ada@leeds.gov.uk", "&name=Ada+Hughes&newsletter=weekly").await;
    subscribe(&app, "ben@york.gov.uk", "&organisation=York+Council").await;
    app.suppress("ben@york.gov.uk", SuppressionReason::Manual).await;
    let all = desk.page(LIST).await;
    assert_eq!(listed(&all), ["ben@york.gov.uk", "ada@leeds.gov.uk"]);
    assert!(all.contains("2 people"), "{all}");
    for (query, whom) in [
        ("q=hugh", "ada@leeds.gov.uk"),
        ("q=%40york.gov.uk", "ben@york.gov.uk"),
        ("q=ADA%40leeds.gov.uk", "ada@leeds.gov.uk"),
        ("purpose=newsletter%3Aweekly&state=given", "ada@leeds.gov.uk"),
        ("q=&purpose=newsletter%3Aweekly&state=&report=sample&policy=2026-11", "ada@leeds.gov.uk"),
        ("suppressed=yes&since=2026-11-23&until=2026-11-23", "ben@york.gov.uk"),
        ("suppressed=no&state=given", "ada@leeds.gov.uk"),
    ] {
        assert_eq!(find(&desk, query).await, [whom], "{query}");
    }
    assert_eq!(all.matches("Mail stopped</span>").count(), 1, "{all}");
    assert!(
        all.contains("<span>The weekly</span>") && all.contains("data-label=\"Organisation\""),
        "{all}"
    );
    let one = desk.page(&format!("{LIST}?q=hugh")).await;
    assert!(one.contains("1 of 2 people"), "{one}");
    for query in ["q=nobody", "state=withdrawn", "until=2026-11-22", "since=2026-11-24"] {
        let page = desk.page(&format!("{LIST}?{query}")).await;
        assert_eq!(listed(&page), Vec::<String>::new(), "{query}");
        assert!(page.contains("Nobody was found"), "{query}: {page}");
    }
}

#[apply(both_databases!)]
async fn what_cannot_be_asked_for_is_said(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Viewer).await;
    subscribe(&app, "ada@b.example", "&name=%3Cscript%3Ealert(1)%3C%2Fscript%3E").await;
    for (query, field) in [
        ("purpose=newsletter%3Anone", "purpose"),
        ("state=requested", "state"),
        ("state=%27", "state"),
        ("report=none", "report"),
        ("policy=%00", "policy"),
        ("since=yesterday", "since"),
        ("since=2026-11-23T09:00", "since"),
        ("until=2026-02-30", "until"),
        ("suppressed=maybe", "suppressed"),
        ("q=a&q=b", "q"),
        ("q=%FF", "q"),
        ("q=a+b+c+d+e+f+g+h+i", "q"),
    ] {
        let answer = desk.get(&format!("{LIST}?{query}")).await;
        assert_eq!(answer.status, 422, "{query}");
        let page = answer.text();
        assert!(page.contains(&format!("<a href=\"#{field}\">")), "{query}: {page}");
        assert!(page.contains("<title>Error: Subscribers"), "{query}");
        assert_eq!(listed(&page), Vec::<String>::new(), "{query}");
    }
    let huge = desk.get(&format!("{LIST}?q={}", "a".repeat(5000))).await;
    assert_eq!(huge.status, 422);
    for query in ["q=%3Cscript%3E", "q=%27%20OR%201%3D1", "after=x&before=y", "after=", "x=1&x=2"] {
        let page = desk.page(&format!("{LIST}?{query}")).await;
        assert!(!page.contains("<script>"), "{query}: {page}");
    }
    // Places that nobody has are places all the same.
    let ends = [(Uuid::nil(), 0, 1), (Uuid::max(), 1, 1)];
    for (id, after, before) in ends {
        assert_eq!(find(&desk, &format!("after={id}")).await.len(), after);
        assert_eq!(find(&desk, &format!("before={id}")).await.len(), before);
    }
}

#[apply(both_databases!)]
async fn pages_lead_on_and_back_and_keep_the_question(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Viewer).await;
    fill(&app).await;
    let first = desk.page(&format!("{LIST}?q=x&policy=2026-11&state=given")).await;
    assert!(first.contains("120 of 121 people"), "{first}");
    assert_eq!(pager(&first, "prev"), None);
    let mut seen = listed(&first);
    let second = desk.page(&pager(&first, "next").unwrap()).await;
    seen.extend(listed(&second));
    let third = desk.page(&pager(&second, "next").unwrap()).await;
    seen.extend(listed(&third));
    assert_eq!(pager(&third, "next"), None);
    let expected: Vec<String> = (1..=120).rev().map(|n| format!("x{n:03}@b.example")).collect();
    assert_eq!(seen, expected);
    let back = desk.page(&pager(&third, "prev").unwrap()).await;
    assert_eq!(listed(&back), listed(&second));
    let back = desk.page(&pager(&back, "prev").unwrap()).await;
    assert_eq!(listed(&back), listed(&first));
}

#[apply(both_databases!)]
async fn whoever_did_not_confirm_is_found_by_their_whole_address(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Viewer).await;
    app.ask_and_read("ada@b.example", "").await;
    app.mail_settled().await;
    let page = desk.page(&format!("{LIST}?q=ADA%40b.example")).await;
    assert!(page.contains("ada@b.example has not confirmed") && page.contains("Sent"), "{page}");
    for query in ["q=ada", "q=%40b.example", "q=ben%40b.example"] {
        let page = desk.page(&format!("{LIST}?{query}")).await;
        assert!(
            page.contains("Nobody was found") && !page.contains("has not confirmed"),
            "{query}"
        );
    }
    // Who confirmed is left out by the other filter; a newer form of theirs is no reason to say otherwise.
    app.subscribe("dora@b.example", "").await;
    app.ask_and_read("dora@b.example", "").await;
    for query in ["q=dora%40b.example&state=withdrawn", "q=dora%40b.example&suppressed=yes"] {
        let page = desk.page(&format!("{LIST}?{query}")).await;
        assert!(
            page.contains("Nobody was found") && !page.contains("has not confirmed"),
            "{query}: {page}"
        );
    }
    app.suppress("cleo@b.example", SuppressionReason::Complained).await;
    app.ask("cleo@b.example").await;
    let page = desk.page(&format!("{LIST}?q=cleo%40b.example")).await;
    assert!(page.contains("None was sent"), "{page}");
}

/// 120 people who agreed to what one did, put in by the database alone.
async fn fill(app: &TestApp) {
    const SQLITE: &str =
        "INSERT INTO subscriber (subscriber_id, email, address_key, verified_at, created_at)
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 120)
         SELECT CAST(printf('%016d', n) AS BLOB), printf('x%03d@b.example', n),
             CAST(printf('%032d', n) AS BLOB), n, n FROM n";
    const POSTGRES: &str =
        "INSERT INTO subscriber (subscriber_id, email, address_key, verified_at, created_at)
         SELECT CAST(lpad(CAST(n AS text), 32, '0') AS uuid),
             'x' || lpad(CAST(n AS text), 3, '0') || '@b.example',
             convert_to(lpad(CAST(n AS text), 32, '0'), 'UTF8'), to_timestamp(n), to_timestamp(n)
         FROM generate_series(1, 120) AS n";
    app.subscribe("first@c.example", "").await;
    match &app.core.db {
        Db::Sqlite { writer, .. } => sqlx::query(SQLITE).execute(writer).await.map(drop).unwrap(),
        Db::Postgres { pool, .. } => sqlx::query(POSTGRES).execute(pool).await.map(drop).unwrap(),
    }
    app.tamper(
        "INSERT INTO consent SELECT s.subscriber_id, c.purpose, c.state, c.event_id, c.notice_id,
             c.policy_version_id, c.report_id, c.source, c.requested_at, c.confirmed_at, c.mac
         FROM subscriber s, consent c WHERE s.email LIKE 'x%'",
    )
    .await
    .unwrap();
    backfill_words(&app.core.db).await.unwrap();
}
