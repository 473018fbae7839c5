//! People are found by who they are and by what they agreed to, newest first, and by nothing they are no
//! more.

use std::collections::BTreeSet;

use assent::domain::catalog::purpose::Purpose;
use assent::domain::contacts::search::{SearchWords, Sought};
use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::signup::submitted_form::Method;
use assent::flows::contacts::backfill_words::backfill_words;
use assent::flows::contacts::erase::{Erasing, erase};
use assent::store::catalog::reports;
use assent::store::contacts::search::{
    ConsentFilter, Count, Found, SearchPosition, SubscriberFilter, search,
};
use assent::store::contacts::subscribers;
use assent::store::{Db, Tx};
use assent_ledger::event_type::EventType;
use macro_rules_attribute::apply;
use uuid::Uuid;

use crate::support::app::{Database, SLUG, TestApp};
use crate::support::both_databases;

fn sought(q: &str) -> SubscriberFilter {
    SubscriberFilter { sought: Sought::parse(q).unwrap(), ..SubscriberFilter::default() }
}

async fn find(
    app: &TestApp,
    filter: &SubscriberFilter,
    place: SearchPosition,
    at_once: usize,
) -> Found {
    search(&mut app.read().await, filter, place, at_once).await.unwrap()
}

/// The addresses that a filter leaves, in its order.
async fn found(app: &TestApp, filter: &SubscriberFilter) -> Vec<String> {
    let page = find(app, filter, SearchPosition::First, 50).await;
    assert_eq!(page.count, Count::Exactly(i64::try_from(page.ids.len()).unwrap()));
    let mut tx = app.read().await;
    let mut addresses = Vec::new();
    for id in page.ids {
        addresses.push(subscribers::find(&mut tx, id).await.unwrap().unwrap().email.to_string());
    }
    addresses
}

async fn subscribe(app: &TestApp, email: &str, more: &str) {
    app.clock.advance(std::time::Duration::from_mins(1));
    app.subscribe(email, more).await;
}

/// The words in the table, and those of the subscribers' rows; they must be the same, and what the rows say.
async fn words_agree(app: &TestApp) {
    let mut tx = app.read().await;
    let (mut listed, people) = read_words(&mut tx).await;
    let mut kept = Vec::new();
    for (id, email, name, organisation, job_title, words) in people {
        let texts = [&name, &organisation, &job_title].map(Option::as_deref);
        let present = SearchWords::new(&email, texts);
        assert_eq!(words, present.kept());
        kept.extend(present.iter().map(|word| (word.to_owned(), id)));
    }
    listed.sort();
    kept.sort();
    assert_eq!(listed, kept);
}

type Person = (Uuid, String, Option<String>, Option<String>, Option<String>, String);

async fn read_words(tx: &mut Tx) -> (Vec<(String, Uuid)>, Vec<Person>) {
    const WORDS: &str = "SELECT word, subscriber_id FROM subscriber_word";
    const PEOPLE: &str =
        "SELECT subscriber_id, email, name, organisation, job_title, words FROM subscriber";
    match tx {
        Tx::Sqlite(tx) => (
            sqlx::query_as(WORDS).fetch_all(&mut **tx).await.unwrap(),
            sqlx::query_as(PEOPLE).fetch_all(&mut **tx).await.unwrap(),
        ),
        Tx::Postgres(tx) => (
            sqlx::query_as(WORDS).fetch_all(&mut **tx).await.unwrap(),
            sqlx::query_as(PEOPLE).fetch_all(&mut **tx).await.unwrap(),
        ),
    }
}

#[apply(both_databases!)]
async fn people_are_found_by_who_they_are(database: Database) {
    let app = TestApp::start(database).await;
    subscribe(
        &app,
        "Ada.Hughes@leeds.gov.uk",
        "&name=Ada+Hughes&organisation=Leeds+City+Council&job_title=Head+of+Housing",
    )
    .await;
    subscribe(&app, "ben@hr.leeds.gov.uk", "&name=Ben+O%27Neill").await;
    subscribe(
        &app,
        "cleo@b.example",
        "&name=%C3%89lodie+%25_%27%3B--&organisation=100%25+Council+q%22b%5Cc%2F%C3%A9",
    )
    .await;
    let (ada, ben, cleo) = ("Ada.Hughes@leeds.gov.uk", "ben@hr.leeds.gov.uk", "cleo@b.example");
    for (q, whom) in [
        ("", &[cleo, ben, ada][..]),
        ("ADA.hughes@leeds.gov.uk", &[ada]),
        ("hugh", &[ada]),
        ("@leeds.gov.uk", &[ben, ada]),
        ("leeds.gov.uk", &[ben, ada]),
        ("@gov.uk", &[ben, ada]),
        ("council", &[cleo, ada]),
        ("coun lee", &[ada]),
        ("neil", &[ben]),
        ("o'n", &[ben]),
        ("éLO", &[cleo]),
        ("elodie", &[cleo]),
        ("e\u{301}lodie", &[cleo]),
        ("head hous", &[ada]),
        ("q\"B\\c", &[cleo]),
        ("100%", &[cleo]),
        ("%", &[cleo, ben, ada]),
        ("a%", &[ada]),
        ("a_a", &[]),
        ("'; DROP TABLE subscriber; --", &[]),
        ("ughes", &[]),
        ("ada ben", &[]),
    ] {
        assert_eq!(found(&app, &sought(q)).await, whom, "{q}");
    }
    words_agree(&app).await;
}

#[apply(both_databases!)]
async fn people_are_found_by_what_they_agreed_to(database: Database) {
    let app = TestApp::start(database).await;
    subscribe(&app, "ada@b.example", "&newsletter=weekly").await;
    subscribe(&app, "ben@b.example", "").await;
    let middle = app.clock.now().plus(std::time::Duration::from_secs(1));
    subscribe(&app, "cleo@b.example", "&newsletter=weekly").await;
    app.suppress("cleo@b.example", SuppressionReason::Bounced).await;
    app.suppress("ben@b.example", SuppressionReason::NotMe).await;
    let report_id = reports::list(&mut app.read().await).await.unwrap()[0].report_id;
    assert_eq!(SLUG, "sample");
    let weekly: Purpose = "newsletter:weekly".parse().unwrap();
    let consent = |consent| SubscriberFilter { consent, ..SubscriberFilter::default() };
    let state = |purpose: &Purpose, state| {
        consent(ConsentFilter {
            purpose: Some(purpose.clone()),
            state: Some(state),
            ..ConsentFilter::default()
        })
    };
    let (ada, ben, cleo) = ("ada@b.example", "ben@b.example", "cleo@b.example");
    let all = SubscriberFilter::default();
    for (filter, whom) in [
        (state(&weekly, EventType::Given), &[cleo, ada][..]),
        (state(&weekly, EventType::Withdrawn), &[]),
        (
            consent(ConsentFilter { purpose: Some(weekly.clone()), ..ConsentFilter::default() }),
            &[cleo, ada],
        ),
        (
            consent(ConsentFilter { report_id: Some(report_id), ..ConsentFilter::default() }),
            &[cleo, ben, ada],
        ),
        (consent(ConsentFilter { report_id: Some(Uuid::nil()), ..ConsentFilter::default() }), &[]),
        (
            consent(ConsentFilter {
                policy_version_id: Some(report_id),
                ..ConsentFilter::default()
            }),
            &[],
        ),
        (SubscriberFilter { suppressed: Some(true), ..all.clone() }, &[cleo]),
        (SubscriberFilter { suppressed: Some(false), ..all.clone() }, &[ben, ada]),
        (SubscriberFilter { since: Some(middle), ..all.clone() }, &[cleo]),
        (SubscriberFilter { until: Some(middle), ..all.clone() }, &[ben, ada]),
        (SubscriberFilter { suppressed: Some(false), ..state(&weekly, EventType::Given) }, &[ada]),
        (SubscriberFilter { until: Some(middle), ..state(&weekly, EventType::Given) }, &[ada]),
    ] {
        assert_eq!(found(&app, &filter).await, whom, "{filter:?}");
    }
}

#[apply(both_databases!)]
async fn what_somebody_was_called_finds_nobody(database: Database) {
    let app = TestApp::start(database).await;
    subscribe(&app, "ada@b.example", "&name=Ada+Hughes&organisation=Leeds").await;
    subscribe(&app, "ADA@b.example", "&name=Ada+King").await;
    assert_eq!(found(&app, &sought("hughes")).await, Vec::<String>::new());
    assert_eq!(found(&app, &sought("king leeds")).await, ["ADA@b.example"]);
    words_agree(&app).await;
    let id = find(&app, &sought("king"), SearchPosition::First, 50).await.ids[0];
    let mut tx = app.write().await;
    subscribers::rename(&mut tx, id, Some("Zoë")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(found(&app, &sought("king")).await, Vec::<String>::new());
    assert_eq!(found(&app, &sought("zoë")).await, ["ADA@b.example"]);
    words_agree(&app).await;
    let mut tx = app.write().await;
    let key = subscribers::find(&mut tx, id).await.unwrap().unwrap().address_key;
    assert!(
        erase(
            &mut tx,
            &app.core.flow_settings,
            &key,
            Erasing { at: &app.core.moment(), method: Method::Staff, source: "test", actor: None }
        )
        .await
        .unwrap()
    );
    tx.commit().await.unwrap();
    assert_eq!(app.count("SELECT count(*) FROM subscriber_word").await, 0);
    assert_eq!(found(&app, &sought("")).await, Vec::<String>::new());
}

#[apply(both_databases!)]
async fn who_was_stored_before_is_split_up_once(database: Database) {
    let app = TestApp::start(database).await;
    subscribe(&app, "ada@b.example", "&name=Ada+Hughes").await;
    subscribe(&app, "ben@b.example", "").await;
    app.tamper("UPDATE subscriber SET words = NULL").await.unwrap();
    app.tamper("DELETE FROM subscriber_word").await.unwrap();
    assert_eq!(found(&app, &sought("hughes")).await, Vec::<String>::new());
    let both = tokio::join!(backfill_words(&app.core.db), backfill_words(&app.core.db));
    assert_eq!(both.0.unwrap() + both.1.unwrap(), 2);
    words_agree(&app).await;
    assert_eq!(found(&app, &sought("hughes")).await, ["ada@b.example"]);
}

#[apply(both_databases!)]
async fn who_was_split_up_before_a_capital_sharp_s_was_two_letters_is_split_up_anew(
    database: Database,
) {
    const MIGRATION: &str = include_str!("../../../migrations/sqlite/0038_capital_sharp_s.sql");
    const AS_BEFORE: &str = "UPDATE subscriber SET words = replace(words, 'gross', 'groß')";
    const LISTED_AS_BEFORE: &str =
        "UPDATE subscriber_word SET word = replace(word, 'gross', 'groß')";
    let app = TestApp::start(database).await;
    subscribe(&app, "ada@b.example", "&organisation=GRO%E1%BA%9E+AG").await;
    subscribe(&app, "ben@b.example", "&organisation=Klein+AG").await;
    assert_eq!(found(&app, &sought("gross")).await, ["ada@b.example"]);
    app.tamper(AS_BEFORE).await.unwrap();
    app.tamper(LISTED_AS_BEFORE).await.unwrap();
    assert_eq!(found(&app, &sought("gross")).await, Vec::<String>::new());
    let other = include_str!("../../../migrations/postgres/0038_capital_sharp_s.sql");
    assert_eq!(MIGRATION, other, "one text for both");
    for statement in MIGRATION.split_inclusive(";\n") {
        app.tamper(statement).await.unwrap();
    }
    assert_eq!(backfill_words(&app.core.db).await.unwrap(), 1, "nobody else is");
    words_agree(&app).await;
    assert_eq!(found(&app, &sought("GROSS")).await, ["ada@b.example"]);
}

#[apply(both_databases!)]
async fn a_common_search_is_walked_through_without_losing_anybody(database: Database) {
    let app = TestApp::start(database).await;
    fill(&app.core.db).await;
    assert_eq!(backfill_words(&app.core.db).await.unwrap(), 12_000);
    // All 12,000 begin with `x`; of these every third is of the council; nobody is of both.
    let x = find(&app, &sought("x"), SearchPosition::First, 50).await;
    assert_eq!((x.ids.len(), x.count, x.newer), (50, Count::Unknown, None));
    assert_eq!(
        find(&app, &sought("council"), SearchPosition::First, 50).await.count,
        Count::Exactly(4000)
    );
    for (q, at_once, all) in [("x", 3000, 12_000), ("x council", 500, 4000), ("x seldom", 50, 1)] {
        let filter = sought(q);
        let (mut seen, mut pages, mut place) = (Vec::new(), Vec::new(), SearchPosition::First);
        loop {
            let page = find(&app, &filter, place, at_once).await;
            assert!(page.ids.is_sorted_by(|a, b| a > b), "{q}");
            seen.extend(page.ids.iter().copied());
            let older = page.older;
            pages.push(page);
            match older {
                Some(id) => place = SearchPosition::OlderThan(id),
                None => break,
            }
        }
        assert!(seen.is_sorted_by(|a, b| a > b), "{q}");
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), all, "{q}");
        // The same pages, the other way.
        let mut back: Vec<Uuid> = Vec::new();
        let mut place = SearchPosition::NewerThan(Uuid::nil());
        loop {
            let page = find(&app, &filter, place, at_once).await;
            back.extend(page.ids.iter().rev().copied());
            match page.newer {
                Some(id) => place = SearchPosition::NewerThan(id),
                None => break,
            }
        }
        back.reverse();
        assert_eq!(back, seen, "{q}");
    }
    // What nobody has, among what everybody has: found out in strides, each of which says so.
    let none = sought("x y.x");
    assert_eq!(find(&app, &none, SearchPosition::First, 50).await.count, Count::Exactly(0));
    let filter = SubscriberFilter { suppressed: Some(false), ..sought("x") };
    app.tamper("INSERT INTO suppression (address_key, reason, purpose, since) SELECT address_key, 'manual', '*', created_at FROM subscriber").await.unwrap();
    let (mut place, mut strides) = (SearchPosition::First, 0);
    loop {
        let page = find(&app, &filter, place, 50).await;
        assert_eq!((page.ids.len(), page.count), (0, Count::Unknown));
        strides += 1;
        assert_eq!(page.cut_short, page.older.is_some());
        match page.older {
            Some(id) => place = SearchPosition::OlderThan(id),
            None => break,
        }
    }
    assert_eq!(strides, 5);
}

/// 12,000 people, put in by the database alone.
/// Twelve thousand people of these days: long ago, they would be forgotten meanwhile.
async fn fill(db: &Db) {
    const SQLITE: &str =
        "INSERT INTO subscriber (subscriber_id, email, address_key, name, verified_at, created_at)
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 12000)
         SELECT CAST(printf('%016d', n) AS BLOB), printf('x%d@b.example', n),
             CAST(printf('%032d', n) AS BLOB),
             CASE WHEN n = 7 THEN 'Seldom' WHEN n % 3 = 0 THEN 'Council' END,
             1795000000000000 + n, 1795000000000000 + n FROM n";
    const POSTGRES: &str =
        "INSERT INTO subscriber (subscriber_id, email, address_key, name, verified_at, created_at)
         SELECT encode(convert_to(lpad(CAST(n AS text), 16, '0'), 'UTF8'), 'hex')::uuid,
             'x' || n || '@b.example', convert_to(lpad(CAST(n AS text), 32, '0'), 'UTF8'),
             CASE WHEN n = 7 THEN 'Seldom' WHEN n % 3 = 0 THEN 'Council' END,
             to_timestamp(1795000000 + n), to_timestamp(1795000000 + n) FROM generate_series(1, 12000) AS n";
    match db {
        Db::Sqlite { writer, .. } => sqlx::query(SQLITE).execute(writer).await.map(drop).unwrap(),
        Db::Postgres { pool, .. } => sqlx::query(POSTGRES).execute(pool).await.map(drop).unwrap(),
    }
}
