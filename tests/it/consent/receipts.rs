//! What somebody can take along: everything that is held of them, and receipts that prove what they agreed
//! to; and what marketing must take out of copies made earlier.

use std::time::Duration;

use assent::domain::signup::link::LinkKind;
use assent::flows::By;
use assent::flows::consent::withdraw::{Leave, Leaving, withdraw};
use assent::store::consent::withdrawals::{self, Withdrawal};
use assent_ledger::digest::sha256_hex;
use assent_ledger::receipt::{Compared, Verified, verify};
use macro_rules_attribute::apply;
use serde_json::Value;
use uuid::Uuid;

use crate::support::app::{Database, TestApp};
use crate::support::{both_databases, linked_data, poll};

const ADA: &str = "ada@b.example";
const BOTH: &str = "&newsletter=weekly";
const TYPED: &str = "&name=Ada+%3Cscript%3Ealert(1)%3C%2Fscript%3E&organisation=Northmoor+%26+%22Sons%22&job_title=Head+of+%7B%7B7*7%7D%7D&newsletter=weekly";

/// The path of somebody's choices.
fn choices(app: &TestApp, email: &str) -> String {
    app.mail_to(email)[1].link("/preferences/").replace(&app.base, "")
}

fn subscriber_id(app: &TestApp, email: &str) -> Uuid {
    let page = choices(app, email);
    app.core.links.secrets.open(LinkKind::Manage, page.rsplit('/').next().unwrap()).unwrap().id
}

async fn my_data(app: &TestApp, page: &str) -> Value {
    let answer = app.get(&format!("{page}/my-data.json")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    assert!(answer.header("content-disposition").starts_with("attachment"));
    assert!(answer.header("cache-control").contains("no-store"));
    serde_json::from_slice(&answer.body).unwrap()
}

/// The path of the receipt for where one purpose stands.
async fn receipt(app: &TestApp, page: &str, purpose: &str) -> String {
    let data = my_data(app, page).await;
    let consents = data["consents"].as_array().unwrap();
    let standing = consents.iter().find(|consent| consent["purpose"] == purpose).unwrap();
    format!("{page}/receipts/{}", standing["receipt_id"].as_str().unwrap())
}

/// Consents that ended after a cursor, once all is sealed.
async fn ended(app: &TestApp, after: i64) -> Vec<Withdrawal> {
    app.seal().await;
    withdrawals::list(&mut app.read().await, after, 100).await.unwrap()
}

/// Who left what, in order.
fn said(ended: &[Withdrawal]) -> Vec<(Option<&str>, &str, &str)> {
    ended.iter().map(|w| (w.email.as_deref(), w.purpose.as_str(), w.event.as_str())).collect()
}

#[apply(both_databases!)]
async fn everything_held_is_in_one_file(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("bob@other.example", "&name=Bob+Nobody&organisation=Elsewhere&newsletter=weekly")
        .await;
    let download = app.subscribe(ADA, TYPED).await;
    let page = choices(&app, ADA);
    for _ in 0..2 {
        assert_eq!(app.get(&format!("{download}/file")).await.status, 200);
    }
    // A form that was never confirmed, and one whose receiver said it was not them.
    app.ask_and_read(ADA, "&name=Second+Thoughts").await;
    let not_me = app.ask_and_read(ADA, "&organisation=Third+Party").await.link("/not-me");
    assert_eq!(app.post(&not_me, "").await.status, 200);
    assert_eq!(app.post(&page, "policy=2026-11&purpose=privacy-policy").await.status, 303);
    app.next_mail(ADA, 4).await;
    app.mail_settled().await;

    let data = my_data(&app, &page).await;
    let person = &data["subscriber"];
    for (field, value) in [
        ("email", ADA),
        ("name", "Ada <script>alert(1)</script>"),
        ("organisation", "Northmoor & \"Sons\""),
        ("job_title", "Head of {{7*7}}"),
    ] {
        assert_eq!(person[field], value, "{field}");
    }
    assert!(person["verified_at"].is_string() && person["created_at"].is_string());
    let text = data.to_string();
    for there in [
        "Second Thoughts",
        "Third Party",
        "Sample Press may hold and process",
        "Subscribe me to The weekly",
        "2026-11",
        "/reports/sample",
        "/preferences",
    ] {
        assert!(text.contains(there), "{there}");
    }
    let types: Vec<&str> = data["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(types.iter().filter(|kind| **kind == "requested").count(), 4);
    assert_eq!(types.iter().filter(|kind| **kind == "given").count(), 2);
    assert_eq!(types.last(), Some(&"withdrawn"));
    let statuses: Vec<&str> = data["signups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|signup| signup["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["cancelled", "pending", "confirmed"]);
    let started = &data["downloads"][0];
    assert_eq!(
        (&started["report"], &started["used"], started["starts"].as_array().unwrap().len()),
        (&"sample".into(), &1.into(), 1),
        "within the hour it is one"
    );
    let states: Vec<(&str, &str)> = data["consents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["purpose"].as_str().unwrap(), c["state"].as_str().unwrap()))
        .collect();
    assert_eq!(states, [("privacy-policy", "given"), ("newsletter:weekly", "withdrawn")]);
    let mut kinds: Vec<&str> = data["mails"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mail| mail["kind"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["change", "confirm", "confirm", "confirm", "receipt"]);
    let mut reasons: Vec<&str> = data["suppressions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["reason"].as_str().unwrap())
        .collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["not-me", "unsubscribed"]);
    for not in ["Bob", "bob@", "Elsewhere", "other.example"] {
        assert!(!text.contains(not), "{not}: {text}");
    }
}

#[apply(both_databases!)]
async fn the_page_says_the_same_to_people(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("bob@other.example", "&name=Bob+Nobody").await;
    app.subscribe(ADA, TYPED).await;
    let page = choices(&app, ADA);
    let not_me = app.ask_and_read(ADA, "").await.link("/not-me");
    assert_eq!(app.post(&not_me, "").await.status, 200);
    assert_eq!(app.post(&app.mail_to(ADA)[1].link("/unsubscribe/"), "").await.status, 200);
    let shown = app.get(&format!("{page}/my-data")).await;
    let text = shown.text();
    assert_eq!(shown.status, 200);
    for there in [
        "What we hold about you",
        ADA,
        "Ada &lt;script&gt;",
        "Northmoor &amp; ",
        "{{7*7}}",
        "Subscribe me to The weekly",
        "Withdrawn",
        "09:00 UTC on 23 November 2026",
        "Receipt</strong>, sent",
        "/my-data.json",
        "Messages that ask you to confirm",
        "You left",
    ] {
        assert!(text.contains(there), "{there}: {text}");
    }
    assert!(!text.contains("<script") && !text.contains("Bob") && !text.contains("other.example"));
    assert!(!text.contains(">*<"), "no code where words belong");
    assert!(shown.header("cache-control").contains("no-store"));
}

#[apply(both_databases!)]
async fn a_receipt_proves_what_was_agreed_to(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("bob@b.example", "").await;
    app.subscribe(ADA, BOTH).await;
    let page = choices(&app, ADA);
    app.seal().await;
    let keys = app.core.flow_settings.ledger_keys.trusted();
    for (purpose, words) in [
        ("privacy-policy", "Sample Press may hold and process"),
        ("newsletter:weekly", "Subscribe me to The weekly"),
    ] {
        let path = receipt(&app, &page, purpose).await;
        let shown = app.get(&path).await;
        assert_eq!(shown.status, 200);
        for there in [
            words,
            "Agreed</span>",
            ADA,
            "Sample Press, 1 Sample Street",
            "version 2026-11",
            "/reports/sample",
        ] {
            assert!(
                shown.text().to_lowercase().contains(&there.to_lowercase()),
                "{there}: {}",
                shown.text()
            );
        }
        let page_text = shown.text();
        assert!(page_text.contains(&format!("href=\"{path}.jws\"")));
        let (_, linked) = page_text.split_once("href=\"/ledger/verify#receipt=").unwrap();
        assert!(verify(linked.split('"').next().unwrap(), &keys).is_ok(), "{linked}");
        let file = app.get(&format!("{path}.jws")).await;
        assert_eq!((file.status, file.header("content-type")), (200, "application/jose"));
        assert!(file.header("content-disposition").starts_with("attachment; filename=\"receipt-"));
        let Verified { payload: proven, compared, .. } =
            verify(&file.text(), &keys).expect("a receipt that holds");
        assert_eq!(compared, Compared::Whole);
        assert_eq!(linked_data::faults(std::slice::from_ref(&proven)), [""]);
        let (body, context) = (&proven["ledger"]["body"], &proven["ledger"]["context"]);
        assert_eq!(
            (&body["email"], &context["purpose"], &context["policy"]["label"]),
            (&ADA.into(), &purpose.into(), &"2026-11".into())
        );
        let agreed = proven["dpv:hasRecordOfActivity"]["dpv:hasNotice"][0]["dct:description"]
            .as_str()
            .unwrap();
        assert!(
            agreed.contains(words) && context["notice"]["sha256"] == sha256_hex(agreed.as_bytes())
        );
        let size = proven["ledger"]["tree_size"].as_u64().unwrap();
        // The page tells the same place as the file.
        let index = proven["ledger"]["index"].as_u64().unwrap();
        assert!(shown.text().contains(&format!("Number {} of {size} (index {index})", index + 1)));
        let flipped = file.text().replacen('A', "B", 1);
        assert!(verify(&flipped, &keys).is_err());
    }
    // What ended has a receipt of its own; the one of what was given stays.
    let given = receipt(&app, &page, "newsletter:weekly").await;
    assert_eq!(app.post(&app.mail_to(ADA)[1].link("/unsubscribe/"), "").await.status, 200);
    app.seal().await;
    let withdrawn = receipt(&app, &page, "newsletter:weekly").await;
    assert_ne!(given, withdrawn);
    for (path, status) in [(given, "dpv:ConsentGiven"), (withdrawn, "dpv:ConsentWithdrawn")] {
        let proven = verify(&app.get(&format!("{path}.jws")).await.text(), &keys).unwrap();
        assert_eq!(
            proven.payload["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"]["@type"][0],
            status
        );
    }
}

#[apply(both_databases!)]
async fn a_receipt_is_only_for_whose_it_is(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("bob@b.example", "").await;
    app.subscribe(ADA, BOTH).await;
    app.seal().await;
    let (ada, bob) = (choices(&app, ADA), choices(&app, "bob@b.example"));
    let bobs = receipt(&app, &bob, "privacy-policy").await;
    let id = bobs.rsplit('/').next().unwrap();
    assert_eq!(app.get(&bobs).await.status, 200);
    let nobody = Uuid::from_u128(7).to_string();
    // The form that asked is nobody's receipt either.
    let asked = my_data(&app, &ada).await["events"][0]["event_id"].as_str().unwrap().to_owned();
    for other in
        [id, nobody.as_str(), asked.as_str(), "x", "%00", "..%2f..", ".jws", "privacy-policy"]
    {
        for ending in ["", ".jws"] {
            let path = format!("{ada}/receipts/{other}{ending}");
            assert_eq!(app.get(&path).await.status, 404, "{path}");
        }
    }
    let leave = app.mail_to(ADA)[1].link("/unsubscribe/");
    let wrong = leave.rsplit('/').next().unwrap();
    assert_eq!(app.get(&format!("/preferences/{wrong}/receipts/{id}")).await.status, 404);
    assert_eq!(app.post(&format!("{bob}/erase"), "confirm=yes").await.status, 200);
    for ending in ["", ".jws"] {
        assert_eq!(app.get(&format!("{bobs}{ending}")).await.status, 410);
    }
}

#[apply(both_databases!)]
async fn a_receipt_waits_for_its_place_in_the_ledger(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, BOTH).await;
    let page = choices(&app, ADA);
    // The worker may seal at any moment, so choices change until one receipt is seen before it does.
    let path = poll::until("a receipt that waits for its place", || async {
        let weekly = if app.exported("newsletter:weekly").await.is_empty() {
            "&purpose=newsletter%3Aweekly"
        } else {
            ""
        };
        let seen = app.seen(&page).await;
        assert_eq!(
            app.post(&page, &format!("policy=2026-11&purpose=privacy-policy{weekly}{seen}"))
                .await
                .status,
            303
        );
        let path = receipt(&app, &page, "newsletter:weekly").await;
        let file = app.get(&format!("{path}.jws")).await;
        let shown = app.get(&path).await.text();
        (file.status == 503 && shown.contains("within a minute")).then(|| {
            assert!(!file.header("retry-after").is_empty());
            assert!(shown.contains("Subscribe me to The weekly") && !shown.contains(".jws"));
            path
        })
    })
    .await;
    app.seal().await;
    assert_eq!(app.get(&format!("{path}.jws")).await.status, 200);
    assert!(app.get(&path).await.text().contains("Number "));
}

#[apply(both_databases!)]
async fn who_left_is_named_since_the_last_time(database: Database) {
    let app = TestApp::start(database).await;
    for email in [ADA, "bob@b.example", "cyn@b.example", "dee@b.example"] {
        app.subscribe(email, BOTH).await;
    }
    assert!(ended(&app, -1).await.is_empty());
    assert_eq!(app.post(&app.mail_to(ADA)[1].link("/unsubscribe/"), "").await.status, 200);
    let first = ended(&app, -1).await;
    assert_eq!(said(&first), [(Some(ADA), "newsletter:weekly", "withdrawn")]);
    assert_eq!((first[0].subscriber_id, first[0].at), (subscriber_id(&app, ADA), app.clock.now()));

    // The clock is set back two days, and still nobody is missed: the ledger's order counts.
    let bob = subscriber_id(&app, "bob@b.example");
    let mut tx = app.write().await;
    let earlier = app.core.moment().earlier(Duration::from_hours(48));
    let leave = Leave { subscriber_id: bob, leaving: &Leaving::All };
    let (case, by) = (app.core.flow_settings.at(&earlier), By::form("/preferences"));
    assert_eq!(withdraw(&mut tx, case, leave, by).await.unwrap().len(), 2);
    tx.commit().await.unwrap();
    let second = ended(&app, first[0].cursor.unwrap()).await;
    let mut purposes = said(&second);
    purposes.sort_unstable_by_key(|(_, purpose, _)| *purpose);
    let bobs = Some("bob@b.example");
    assert_eq!(
        purposes,
        [(bobs, "newsletter:weekly", "withdrawn"), (bobs, "privacy-policy", "withdrawn")]
    );
    assert!(second.iter().all(|w| w.at < first[0].at && w.cursor > first[0].cursor));

    // Who was erased is named by the key that copies have, for the address is gone.
    let cyn = subscriber_id(&app, "cyn@b.example");
    assert_eq!(
        app.post(&format!("{}/erase", choices(&app, "cyn@b.example")), "confirm=yes").await.status,
        200
    );
    let third = ended(&app, second[1].cursor.unwrap()).await;
    assert!(
        third.iter().all(|w| w.subscriber_id == cyn && w.email.is_none() && w.event == "erased")
    );
    assert_eq!(third.len(), 2);
    assert!(ended(&app, third[1].cursor.unwrap()).await.is_empty());

    // Whoever read nothing so far gets all of it, page by page in the same order.
    let all = ended(&app, -1).await;
    assert_eq!(all, [first, second, third].concat());
    let mut paged = Vec::new();
    while let Some(next) = withdrawals::list(
        &mut app.read().await,
        paged.last().map_or(-1, |w: &Withdrawal| w.cursor.unwrap()),
        1,
    )
    .await
    .unwrap()
    .pop()
    {
        paged.push(next);
    }
    assert_eq!(paged, all);
    assert_eq!(app.exported("newsletter:weekly").await, ["dee@b.example"]);
}

#[apply(both_databases!)]
async fn one_person_s_facts_keep_their_order_whatever_the_clock_says(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, BOTH).await;
    let (page, id) = (choices(&app, ADA), subscriber_id(&app, ADA));
    let keeps = "policy=2026-11&purpose=privacy-policy&purpose=newsletter%3Aweekly";
    for days in 1..6 {
        let mut tx = app.write().await;
        let earlier = app.core.moment().earlier(Duration::from_hours(24 * days));
        let leave = Leave { subscriber_id: id, leaving: &Leaving::Writing };
        let (case, by) = (app.core.flow_settings.at(&earlier), By::form("/unsubscribe"));
        let left = withdraw(&mut tx, case, leave, by).await.unwrap();
        assert_eq!(left.len(), 1);
        tx.commit().await.unwrap();
        assert!(
            app.exported("newsletter:weekly").await.is_empty(),
            "left, though before it was given"
        );
        assert_eq!(app.post(&page, &format!("{keeps}{}", app.seen(&page).await)).await.status, 303);
        assert_eq!(app.exported("newsletter:weekly").await, [ADA]);
    }
    let left = ended(&app, -1).await;
    assert_eq!(left.len(), 5);
    assert!(left.is_sorted_by(|a, b| a.cursor < b.cursor && a.at > b.at));
    let swapped =
        "SELECT count(*) FROM consent_event a JOIN consent_event b ON a.subject_id = b.subject_id
                       WHERE a.seq < b.seq AND a.leaf_index > b.leaf_index";
    assert_eq!(app.count(swapped).await, 0);
    assert_eq!(app.count("SELECT count(*) FROM consent_event WHERE leaf_index IS NULL").await, 0);
}
