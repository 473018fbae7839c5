//! `POST /api/v1/bounces`, as mail relays use it.

use assent::domain::mail::return_path::ReturnPaths;
use assent::domain::signup::link::LinkSecrets;
use assent::mail::returned::MOST;
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use crate::mail::bounces::{
    ADA, BOTH, JSON, PATH, RECORDED, RFC822, WEEKLY, message, post, return_path, start, state,
};
use crate::support::app::{Answer, Database, TestApp};
use crate::support::both_databases;

/// A problem document and the faults it names, as field and code.
fn problem(answer: &Answer, status: u16) -> Vec<(String, String)> {
    let text = answer.text();
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (status, "application/problem+json"),
        "{text}"
    );
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&document["type"], &document["status"]), (&json!("about:blank"), &json!(status)));
    assert!(document["title"].is_string());
    let faults = document["errors"].as_array().unwrap();
    let word = |fault: &Value, name: &str| fault[name].as_str().unwrap().to_owned();
    assert!(faults.iter().all(|fault| !word(fault, "message").is_empty()));
    faults.iter().map(|fault| (word(fault, "field"), word(fault, "code"))).collect()
}

async fn event(app: &TestApp, event: &Value) -> Answer {
    post(app, JSON, event.to_string()).await
}

fn named(faults: &[(&str, &str)]) -> Vec<(String, String)> {
    faults.iter().map(|(field, code)| ((*field).to_owned(), (*code).to_owned())).collect()
}

#[apply(both_databases!)]
async fn an_event_says_the_same_as_a_message(database: Database) {
    let app = start(database).await;
    for (n, (kind, status)) in
        [("hard", json!("5.1.1")), ("soft", json!("4.2.2")), ("complaint", Value::Null)]
            .into_iter()
            .enumerate()
    {
        let email = format!("r{n}@b.example");
        app.subscribe(&email, BOTH).await;
        let path = return_path(&app, &app.mail_to(&email)[1]).to_uppercase();
        let before = app.count("SELECT count(*) FROM outbox").await;
        for path in [format!("<{path}>"), path.to_lowercase()] {
            let answer =
                event(&app, &json!({"return_path": path, "kind": kind, "status": status})).await;
            assert_eq!((answer.status, answer.text().as_str()), (202, RECORDED), "{kind}");
            assert_eq!(answer.header("content-type"), "application/json");
        }
        assert_eq!(app.count("SELECT count(*) FROM outbox").await, before);
    }
    assert_eq!(app.exported(WEEKLY).await, ["r1@b.example"]);
    for (count, sql) in [
        (1, "SELECT count(*) FROM bounce WHERE kind = 'hard' AND status = '5.1.1'"),
        (1, "SELECT count(*) FROM bounce WHERE kind = 'soft' AND status = '4.2.2'"),
        (1, "SELECT count(*) FROM bounce WHERE kind = 'complaint' AND status IS NULL"),
        (3, "SELECT count(*) FROM bounce"),
    ] {
        assert_eq!(app.count(sql).await, count, "{sql}");
    }
}

#[apply(both_databases!)]
async fn what_is_no_bounce_is_taken_and_ignored(database: Database) {
    let app = start(database).await;
    let mail = app.ask_and_read(ADA, "").await;
    let before = state(&app).await;
    for (name, reason) in [
        ("vacation", "an automatic reply (RFC 3834)"),
        ("delivered", "news of a mail that arrived"),
        ("read_receipt", "a receipt: its reader's program tells what became of the mail"),
        ("forwarded", "neither a bounce nor a complaint"),
        ("arf_not_spam", "feedback that is no complaint of a reader's"),
        ("quota_warning", "a mail server's message that tells of no mail that came back"),
    ] {
        let answer = post(&app, RFC822, message(name, &return_path(&app, &mail))).await;
        let said: Value = serde_json::from_str(&answer.text()).unwrap();
        assert_eq!(
            (answer.status, said),
            (202, json!({"status": "ignored", "reason": reason})),
            "{name}"
        );
    }
    assert_eq!(state(&app).await, before);
}

#[apply(both_databases!)]
async fn what_a_relay_calls_hard_and_its_status_does_not_is_counted_alone(database: Database) {
    let app = start(database).await;
    let mail = app.ask_and_read(ADA, "").await;
    let sent = json!({"return_path": return_path(&app, &mail), "kind": "hard", "status": "5.7.1"});
    assert_eq!(event(&app, &sent).await.text(), RECORDED);
    assert_eq!(
        app.count("SELECT count(*) FROM bounce WHERE kind = 'soft' AND status = '5.7.1'").await,
        1
    );
    assert_eq!(state(&app).await[..2], [1, 0]);
}

#[apply(both_databases!)]
async fn what_cannot_be_used_is_named(database: Database) {
    let app = start(database).await;
    let mail = app.ask_and_read(ADA, "").await;
    let (path, before) = (return_path(&app, &mail), state(&app).await);
    let (id, _) = mail.message_id.split_once('@').unwrap();
    let strange = ReturnPaths {
        secrets: LinkSecrets::new([9; 32], &[]),
        domain: "bounces.sample.example".to_owned(),
    };
    let forged = strange.address(id.parse().unwrap());

    let not_ours = named(&[("body", "not-ours")]);
    for from in [forged.as_str(), ADA, "reports@localhost"] {
        assert_eq!(
            problem(&post(&app, RFC822, message("postfix_unknown", from)).await, 422),
            not_ours
        );
    }
    for name in ["arf_all_redacted", "qmail"] {
        assert_eq!(problem(&post(&app, RFC822, message(name, ADA)).await, 422), not_ours);
    }
    for empty in ["", "\r\n\r\n"] {
        assert_eq!(problem(&post(&app, RFC822, empty).await, 422), named(&[("body", "required")]));
    }

    let malformed = named(&[("body", "malformed")]);
    for body in ["", "{", "[]", "null", "\"hard\"", "\u{0}"] {
        assert_eq!(problem(&post(&app, JSON, body).await, 422), malformed, "{body}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(problem(&post(&app, JSON, deep).await, 422), malformed);
    for (sent, faults) in [
        (json!({}), &[("return_path", "required"), ("kind", "required")][..]),
        (json!({"return_path": forged, "kind": "hard"}), &[("return_path", "not-ours")]),
        (json!({"return_path": 7, "kind": "hard"}), &[("return_path", "not-ours")]),
        (json!({"return_path": path, "kind": "Hard"}), &[("kind", "unknown")]),
        (json!({"return_path": path, "kind": {"hard": 1}}), &[("kind", "unknown")]),
        (json!({"return_path": path, "kind": "hard", "status": "5.1"}), &[("status", "malformed")]),
        (json!({"return_path": path, "kind": "hard", "status": 5}), &[("status", "malformed")]),
        (json!({"return_path": path, "kind": "hard", "Status": ""}), &[("body", "unknown-field")]),
        (
            json!({"x": 1, "kind": "no"}),
            &[("body", "unknown-field"), ("return_path", "required"), ("kind", "unknown")],
        ),
    ] {
        assert_eq!(problem(&event(&app, &sent).await, 422), named(faults), "{sent}");
    }

    for kind in ["text/plain", "application/x-www-form-urlencoded", "message/delivery-status", ""] {
        let answer = post(&app, kind, message("postfix_unknown", &path)).await;
        assert_eq!(problem(&answer, 415), named(&[("body", "wrong-type")]), "{kind}");
    }
    let huge = message("postfix_unknown", &path) + &"x".repeat(MOST);
    assert_eq!(problem(&post(&app, RFC822, huge).await, 413), named(&[("body", "too-large")]));
    for method in ["GET", "PUT", "DELETE"] {
        assert!(problem(&app.send(app.request(method, PATH)).await, 405).is_empty());
    }
    assert!(problem(&app.get("/api/v1/nothing").await, 404).is_empty());
    let elsewhere =
        app.request("POST", PATH).header("host", "evil.test").header("content-type", JSON);
    assert!(problem(&app.send(elsewhere).await, 421).is_empty());
    assert!(app.get("/nothing").await.text().contains("Page not found"), "people get a page");
    assert_eq!(state(&app).await, before);

    // A little smaller it is taken, with other parameters of its type, and whoever sends it.
    let big = message("postfix_unknown", &path);
    let big = format!("{big}{}", "x".repeat(MOST - big.len()));
    let request = app.request("POST", PATH).header("content-type", "Message/RFC822; charset=utf-8");
    let answer = app.send(request.header("origin", "https://relay.example").body(big)).await;
    assert_eq!((answer.status, answer.text().as_str()), (202, RECORDED));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_a_relay_is_told_to_come_back() {
    let app = start(Database::Postgres).await;
    let asked = app.ask(ADA).await;
    let mail = app.next_mail(ADA, 0).await;
    let waiting = || app.request("GET", "/check-your-inbox").header("cookie", asked.cookie());
    assert_eq!(app.send(waiting()).await.status, 200);
    app.core.db.close().await;
    let sent = json!({"return_path": return_path(&app, &mail), "kind": "hard"});
    let answer = event(&app, &sent).await;
    assert!(problem(&answer, 503).is_empty());
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    let page = app.send(waiting()).await;
    assert_eq!(page.status, 200, "readers are still told what to look for");
}
