//! The bot check: work that a browser does for a form, and a lower limit for those that cannot.

use std::io::Write;
use std::num::NonZeroU32;
use std::process::{Command, Stdio};
use std::time::Duration;

use assent::domain::alarm::confirmations;
use assent::flows::raise_alarm::raise;
use assent::store::alarms;
use assent::worker::tasks::forget_signups::forget_signups;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use data_encoding::HEXLOWER;
use futures_util::future::join_all;
use macro_rules_attribute::apply;
use ring::pbkdf2::PBKDF2_HMAC_SHA256;
use serde_json::{Value, json};

use crate::support::api::{refusal, refused};
use crate::support::app::{Answer, Database, PATH, POLICY, SLUG, TestApp, form};
use crate::support::page_form::PageForm;
use crate::support::{both_databases, poll};

const PRESS: &str = "https://press.example";
const ON: [(&str, &str); 2] = [("ASSENT_BOT_CHECK", "on"), ("ASSENT_EMBED_ORIGINS", PRESS)];
const SAMPLE: &str = "reports/sample";
const SIGNUPS: &str = "/api/v1/signups";
const USED_UP: &str = "SELECT count(*) FROM solved_check";

/// The work for the form of this name, done as a browser does it.
async fn work(app: &TestApp, name: &str) -> String {
    let answer = app.get(&format!("/api/v1/challenge?form={name}")).await;
    assert_eq!(
        (answer.status, answer.header("cache-control")),
        (200, "no-store"),
        "{}",
        answer.text()
    );
    let challenge: Value = serde_json::from_slice(&answer.body).expect("a challenge");
    tokio::task::spawn_blocking(move || solve(&challenge)).await.unwrap()
}

/// The answer to a challenge, as ALTCHA describes it: the number whose key begins as it must.
fn solve(challenge: &Value) -> String {
    let asked = &challenge["parameters"];
    let bytes = |name: &str| HEXLOWER.decode(asked[name].as_str().unwrap().as_bytes()).unwrap();
    let (nonce, salt) = (bytes("nonce"), bytes("salt"));
    let number = |name: &str| u32::try_from(asked[name].as_u64().unwrap()).unwrap();
    let rounds = NonZeroU32::new(number("cost")).unwrap();
    let key = |counter: u32| {
        let mut key = vec![0; number("keyLength") as usize];
        let password = [&nonce[..], &counter.to_be_bytes()].concat();
        ring::pbkdf2::derive(PBKDF2_HMAC_SHA256, rounds, &salt, &password, &mut key);
        HEXLOWER.encode(&key)
    };
    let beginning = asked["keyPrefix"].as_str().unwrap();
    let counter = (0..u32::MAX).find(|counter| key(*counter).starts_with(beginning)).unwrap();
    let solution = json!({"counter": counter, "derivedKey": key(counter)});
    STANDARD.encode(json!({"challenge": challenge, "solution": solution}).to_string())
}

fn with(email: &str, work: &str) -> String {
    let work: String = url::form_urlencoded::byte_serialize(work.as_bytes()).collect();
    form(email, &format!("&altcha={work}"))
}

async fn call(app: &TestApp, (email, altcha): (&str, &str), key: Option<&str>) -> Answer {
    let document: Value =
        serde_json::from_slice(&app.get("/api/v1/forms/sample").await.body).unwrap();
    let body = json!({
        "form": document["form"], "email": email, "altcha": altcha,
        "consent": {"accepted": true, "policy": POLICY},
    });
    let request = app.request("POST", SIGNUPS).header("content-type", "application/json");
    let request = match key {
        Some(key) => request.header("idempotency-key", key),
        None => request,
    };
    app.send(request.body(body.to_string())).await
}

async fn signups(app: &TestApp) -> i64 {
    app.count("SELECT count(*) FROM signup").await
}

#[apply(both_databases!)]
async fn without_work_fewer_forms_are_taken_of_a_network(database: Database) {
    let limit = [("ASSENT_LIMIT_SIGNUPS_PER_IP", "12/hour")];
    let app = TestApp::start_with(database, &[&ON[..], &limit].concat()).await;
    for n in 0..3 {
        assert_eq!(app.ask(&format!("r{n}@b.example")).await.status, 303, "a quarter of all");
    }
    let refused = app.ask("late@b.example").await;
    assert_eq!(refused.status, 429);
    assert!(!refused.header("retry-after").is_empty());
    for n in 3..6 {
        let sent =
            app.post(PATH, &with(&format!("r{n}@b.example"), &work(&app, SAMPLE).await)).await;
        assert_eq!((sent.status, sent.location()), (303, "/check-your-inbox"), "{}", sent.text());
    }
    assert_eq!(signups(&app).await, 6);
    // What could not be taken anyway costs nobody their share.
    assert_eq!(app.post("/newsletters", &form("bob@b.example", "")).await.status, 422);
}

#[apply(both_databases!)]
async fn an_answer_is_good_once_for_its_form_and_its_time(database: Database) {
    let app = TestApp::start_with(database, &ON).await;
    let done = work(&app, SAMPLE).await;
    assert_eq!(app.post(PATH, &with("ada@b.example", &done)).await.status, 303);
    let again = app.post(PATH, &with("bob@b.example", &done)).await;
    assert_eq!(again.status, 422);
    let page = again.text();
    assert!(page.contains("The small task of this form was used up"), "{page}");
    let kept = PageForm::find(&page, PATH);
    assert_eq!(kept.value("email"), "bob@b.example");
    assert_eq!((kept.is_ticked("yes"), kept.value("altcha")), (Some(true), ""));
    assert!(page.contains("src=\"/form-check.js\""));
    assert!(again.header("content-security-policy").contains("script-src 'self'"));

    let other = work(&app, "newsletters").await;
    let sent = app.post(PATH, &with("bob@b.example", &other)).await;
    assert!(
        sent.status == 422 && sent.text().contains("did not do the small task"),
        "{}",
        sent.text()
    );
    let late = work(&app, SAMPLE).await;
    app.advance(Duration::from_mins(31));
    let sent = app.post(PATH, &with("bob@b.example", &late)).await;
    assert!(sent.status == 422 && sent.text().contains("took too long"), "{}", sent.text());
    assert_eq!(signups(&app).await, 1);
    // What ran out is forgotten in the background, and not while a form is stored.
    assert_eq!(app.post(PATH, &with("bob@b.example", &work(&app, SAMPLE).await)).await.status, 303);
    assert_eq!(app.count(USED_UP).await, 2);
    let forget = || async {
        let (db, settings) = (&app.core.db, &app.core.flow_settings);
        forget_signups(db, settings, &app.core.moment()).await.unwrap();
        app.count(USED_UP).await
    };
    app.advance(Duration::from_mins(30));
    assert_eq!(forget().await, 1);
    app.advance(Duration::from_mins(30));
    assert_eq!(forget().await, 0);
}

/// Has the database take no form until it is told to.
fn taking_none(database: Database) -> [&'static [&'static str]; 2] {
    match database {
        Database::Sqlite => [
            &[
                "CREATE TRIGGER no_room BEFORE INSERT ON signup BEGIN SELECT RAISE(ABORT, 'full'); END",
            ],
            &["DROP TRIGGER no_room"],
        ],
        Database::Postgres => [
            &[
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
                 AS $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$",
                "CREATE TRIGGER no_room BEFORE INSERT ON signup FOR EACH ROW EXECUTE FUNCTION refuse()",
            ],
            &["DROP FUNCTION refuse CASCADE"],
        ],
    }
}

#[apply(both_databases!)]
async fn work_is_good_until_a_form_is_stored_with_it(database: Database) {
    let app = TestApp::start_with(database, &ON).await;
    let done = [work(&app, SAMPLE).await, work(&app, SAMPLE).await];
    // A form that cannot be taken.
    assert_eq!(app.post(PATH, &with("nobody", &done[0])).await.status, 422);
    // And two that the database does not take.
    let [refuse, take] = taking_none(database);
    for sql in refuse {
        app.tamper(sql).await.unwrap();
    }
    let lost = app.post(PATH, &with("ada@b.example", &done[0])).await;
    assert!(lost.status >= 500, "{}", lost.text());
    let lost = call(&app, ("bob@b.example", &done[1]), Some("bob")).await;
    assert!(lost.status >= 500, "{}", lost.text());
    assert_eq!((signups(&app).await, app.count(USED_UP).await), (0, 0));
    for sql in take {
        app.tamper(sql).await.unwrap();
    }
    assert_eq!(app.post(PATH, &with("ada@b.example", &done[0])).await.status, 303);
    let taken = call(&app, ("bob@b.example", &done[1]), Some("bob")).await;
    assert_eq!(taken.status, 202, "{}", taken.text());
    assert_eq!((signups(&app).await, app.count(USED_UP).await), (2, 2));
}

// Whoever sends both kinds is answered the same.
#[apply(both_databases!)]
async fn a_form_that_is_dropped_uses_its_work_up(database: Database) {
    let app = TestApp::start_with(database, &ON).await;
    let done = work(&app, SAMPLE).await;
    let trapped = with("ada@b.example", &done).replace("website=", "website=x");
    assert_eq!(app.post(PATH, &trapped).await.status, 303);
    assert_eq!(app.post(PATH, &trapped).await.status, 422);
    assert_eq!(app.post(PATH, &with("bob@b.example", &done)).await.status, 422);
    assert_eq!(app.count("SELECT CAST(sum(dropped) AS bigint) FROM dropped_form").await, 1);
    assert_eq!(signups(&app).await, 0);
}

#[apply(both_databases!)]
async fn a_key_whose_work_was_used_up_is_free_again(database: Database) {
    let app = TestApp::start_with(database, &ON).await;
    let done = work(&app, SAMPLE).await;
    let keys: Vec<String> = (0..6).map(|n| format!("key{n}")).collect();
    let sent = keys.iter().map(async |key| {
        let email = format!("{key}@b.example");
        (key, call(&app, (&email, &done), Some(key)).await)
    });
    let (taken, refusals): (Vec<_>, Vec<_>) =
        join_all(sent).await.into_iter().partition(|(_, answer)| answer.status == 202);
    assert_eq!((taken.len(), refusals.len(), signups(&app).await), (1, 5, 1));
    for (key, answer) in refusals {
        assert_eq!(refusal(&answer), refused(422, "altcha", "spent"));
        let again = call(&app, ("new@b.example", &work(&app, SAMPLE).await), Some(key)).await;
        assert_eq!((again.status, again.header("idempotency-replayed")), (202, ""));
    }
    assert_eq!(signups(&app).await, 6);
}

#[apply(both_databases!)]
async fn of_many_with_one_answer_at_once_one_is_taken(database: Database) {
    let app = TestApp::start_with(database, &ON).await;
    let done = work(&app, SAMPLE).await;
    let sent =
        (0..8).map(async |n| app.post(PATH, &with(&format!("r{n}@b.example"), &done)).await.status);
    let mut answers = join_all(sent).await;
    answers.sort_unstable();
    assert_eq!(answers, [303, 422, 422, 422, 422, 422, 422, 422]);
    assert_eq!(signups(&app).await, 1);
}

#[apply(both_databases!)]
async fn what_is_no_answer_stores_nothing(database: Database) {
    let off = [("ASSENT_LIMIT_SIGNUPS_PER_IP", "off")];
    let app = TestApp::start_with(database, &[&ON[..], &off].concat()).await;
    let done = work(&app, SAMPLE).await;
    for wrong in [
        "x",
        "%00",
        "e30=",
        &"A".repeat(20_000),
        &done[..done.len() - 8],
        &format!("{done}{done}"),
        "<script>alert(1)</script>",
    ] {
        let page = app.post(PATH, &with("ada@b.example", wrong)).await;
        assert_eq!(page.status, 422, "{wrong}");
        assert!(!page.text().contains("<script>alert"));
        let told = call(&app, ("ada@b.example", wrong), None).await;
        assert_eq!(refusal(&told), refused(422, "altcha", "wrong"), "{wrong}");
    }
    assert_eq!((signups(&app).await, app.count(USED_UP).await), (0, 0));
    // Of one that is sent twice, the first counts.
    let twice = format!("{}&altcha=x", with("ada@b.example", &done));
    assert_eq!(app.post(PATH, &twice).await.status, 303);
}

#[apply(both_databases!)]
async fn programs_do_the_work_or_are_refused(database: Database) {
    let app = TestApp::start_with(database, &ON).await;
    let told: Value = serde_json::from_slice(&app.get("/api/v1/forms/sample").await.body).unwrap();
    assert_eq!(told["check"], "altcha");
    let bare = call(&app, ("ada@b.example", ""), None).await;
    assert_eq!(refusal(&bare), refused(422, "altcha", "required"));
    let done = work(&app, SAMPLE).await;
    let taken = call(&app, ("ada@b.example", &done), Some("one")).await;
    assert_eq!(taken.status, 202, "{}", taken.text());
    // The same request once more is answered as it was; another one with the same work is not.
    let again = call(&app, ("ada@b.example", &done), Some("one")).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (202, "true"));
    let other = call(&app, ("bob@b.example", &done), Some("two")).await;
    assert_eq!(refusal(&other), refused(422, "altcha", "spent"));
    assert_eq!(signups(&app).await, 1);
}

#[apply(both_databases!)]
async fn challenges_are_given_for_forms_that_are_there(database: Database) {
    let app = TestApp::start_with(database, &ON).await;
    for (path, status) in [
        ("/api/v1/challenge?form=reports/sample", 200),
        ("/api/v1/challenge?form=newsletters", 200),
        ("/api/v1/challenge?form=reports/none", 404),
        ("/api/v1/challenge?form=sample", 404),
        ("/api/v1/challenge?form=%00", 404),
        ("/api/v1/challenge", 422),
        ("/api/v1/challenge?form=newsletters&form=newsletters", 422),
        ("/api/v1/challenge?form=newsletters&cost=1", 422),
    ] {
        assert_eq!(app.get(path).await.status, status, "{path}");
    }
    let from = async |origin: &str| {
        let request = app.request("GET", "/api/v1/challenge?form=newsletters");
        app.send(request.header("origin", origin)).await
    };
    let known = from(PRESS).await;
    assert_eq!((known.status, known.header("access-control-allow-origin")), (200, PRESS));
    assert_eq!(from("https://anybody.example").await.status, 403);
    assert_eq!(app.count(USED_UP).await, 0, "asking writes nothing");
}

// What evidence names of a form is the same with a check and without.
#[apply(both_databases!)]
async fn a_check_comes_and_goes_with_the_alarm(database: Database) {
    let app = TestApp::start_with(database, &[("ASSENT_BOT_CHECK", "alarm")]).await;
    // What is asked for stands on the page, in its policy and in the document; nothing where these were made on two sides
    // of a change.
    let looks = async || {
        let page = app.get(PATH).await;
        let blank = app.blank(PATH).await;
        let told: Value =
            serde_json::from_slice(&app.get("/api/v1/forms/sample").await.body).unwrap();
        let asks = page.text().contains("/form-check.js");
        let runs = page.header("content-security-policy").contains("script-src 'self'");
        (asks == runs && asks == told["check"].is_string())
            .then(|| (asks, blank, told["form"].clone()))
    };
    let (asked, blank, form) = looks().await.expect("one answer");
    assert!(!asked);
    assert_eq!(app.get("/altcha.js").await.header("access-control-allow-origin"), "*");
    let subject = confirmations(Some(&SLUG.parse().unwrap()));
    let at = app.core.moment();
    let raised = app.core.db.run(|tx| Box::pin(raise(tx, &at, &subject, "few")));
    raised.await.unwrap();
    let is = async |asked: bool| {
        let seen =
            poll::until("the check", || async { looks().await.filter(|seen| seen.0 == asked) });
        let (_, blank_now, form_now) = seen.await;
        assert_eq!((&blank_now, &form_now), (&blank, &form));
    };
    is(true).await;
    assert!(!app.get("/newsletters").await.text().contains("/form-check.js"), "it is of one form");
    let mut tx = app.write().await;
    assert!(alarms::delete(&mut tx, &subject).await.unwrap());
    tx.commit().await.unwrap();
    is(false).await;
}

#[apply(both_databases!)]
async fn forms_are_named_that_always_ask(database: Database) {
    let app = TestApp::start_with(database, &[("ASSENT_BOT_CHECK", "newsletters")]).await;
    assert!(!app.get(PATH).await.text().contains("altcha"));
    for path in ["/", "/newsletters"] {
        let page = app.get(path).await;
        assert!(page.text().contains("data-check=\"newsletters\""), "{path}");
        assert!(page.header("content-security-policy").ends_with("connect-src 'self'"), "{path}");
    }
    assert_eq!(app.ask("ada@b.example").await.status, 303);
    assert_eq!(app.post(PATH, &with("ada@b.example", "whatever it says")).await.status, 303);
}

/// ALTCHA's own library for servers, which tests/release puts into the directory of this variable.
const SOLVES: &str = "
const { solveChallenge } = require('altcha-lib');
const { deriveKey } = require('altcha-lib/algorithms/pbkdf2');
const challenge = JSON.parse(require('fs').readFileSync(0, 'utf8'));
solveChallenge({ challenge, deriveKey }).then((solution) =>
    process.stdout.write(Buffer.from(JSON.stringify({ challenge, solution })).toString('base64')));
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn the_library_of_altcha_does_the_work() {
    let place = std::env::var_os("TEST_ALTCHA").expect("TEST_ALTCHA");
    let app = TestApp::start_with(Database::Sqlite, &ON).await;
    let challenge = app.get("/api/v1/challenge?form=reports/sample").await.body;
    let mut node = Command::new("node");
    node.args(["-e", SOLVES]).env("NODE_PATH", std::path::Path::new(&place).join("node_modules"));
    node.env_remove("LD_PRELOAD").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = node.spawn().expect("Node.js");
    running.stdin.take().unwrap().write_all(&challenge).unwrap();
    let ended = running.wait_with_output().unwrap();
    assert!(ended.status.success());
    let done = String::from_utf8(ended.stdout).unwrap();
    assert_eq!(app.post(PATH, &with("ada@b.example", &done)).await.status, 303);
    let bare = call(&app, ("bob@b.example", &done), None).await;
    assert_eq!(refusal(&bare), refused(422, "altcha", "spent"));
}
