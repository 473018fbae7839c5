//! What people are told of a form that stood elsewhere: on the page of the receipt, in "my data", and at the console; and what
//! the signed receipt says in words that other programs read.

use assent::domain::staff::member::Role;
use assent_ledger::receipt::verify;
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use super::{ADA, PRESS, SIGNUPS, document, filled_in, send, send_from, shown, start};
use crate::support::app::{Database, PATH, TestApp, form};
use crate::support::both_databases;
use crate::support::linked_data;

/// What is shown of the first consent: its receipt's page, my data, the console's page of the person and of the receipt; and
/// what the signed receipt says.
struct Told {
    readers: [String; 2],
    staff: [String; 2],
    signed: Value,
}

async fn told(app: &TestApp) -> Told {
    let mail = app.next_mail(ADA, 0).await;
    let pressed = app.post(&mail.link("/confirm/"), "choices=shown").await;
    assert_eq!(pressed.status, 303, "{}", pressed.text());
    let page = app.next_mail(ADA, 1).await.link("/preferences/").replace(&app.base, "");
    app.seal().await;
    let data = document(&app.get(&format!("{page}/my-data.json")).await);
    let id = data["consents"][0]["receipt_id"].as_str().unwrap();
    let receipt = format!("{page}/receipts/{id}");
    let person = data["subscriber"]["subscriber_id"].as_str().unwrap();
    let desk = app.sign_in(Role::Viewer).await;
    let keys = app.core.flow_settings.ledger_keys.trusted();
    let jws = app.get(&format!("{receipt}.jws")).await.text();
    Told {
        readers: [app.get(&receipt).await.text(), app.get(&format!("{page}/my-data")).await.text()],
        staff: [
            desk.page(&format!("/console/receipts/{id}")).await,
            desk.page(&format!("/console/subscribers/{person}")).await,
        ],
        signed: verify(&jws, &keys).expect("a receipt that holds").payload,
    }
}

fn all_have(pages: &[String], what: &[&str]) {
    for page in pages {
        let page = page.replace("&#x2f;", "/");
        for what in what {
            assert!(page.contains(what), "{what}: {page}");
        }
    }
}

fn record(told: &Told) -> &Value {
    &told.signed["dpv:hasRecordOfActivity"]
}

#[apply(both_databases!)]
async fn of_our_script_on_a_page_of_theirs(database: Database) {
    let app = start(database).await;
    let mut body = filled_in(&app, ADA).await;
    body["drawn_by"] = json!("element");
    let hash = shown(&app).await["form"].as_str().unwrap().to_owned();
    assert_eq!(send_from(&app, Some(PRESS), (SIGNUPS, &body)).await.status, 202);
    let told = told(&app).await;
    let (page, stated) = ("https://press.example/articles/1", "as it was stated");
    all_have(
        &told.readers,
        &["Through our form on another site", page, stated, &hash, "By the link in our message"],
    );
    all_have(&told.readers, &["Our script did, as the page said that it stood on"]);
    all_have(
        &told.staff,
        &[
            "our script, as the page said",
            page,
            "as stated",
            "By the button behind the mailed link",
        ],
    );
    assert!(told.staff[1].contains(&hash), "{}", told.staff[1]);
    let form = &record(&told)["dct:references"];
    assert_eq!(
        (&form["@type"], &form["dct:format"], &form["schema:sha256"]),
        (&json!("schema:DigitalDocument"), &json!("application/json"), &json!(hash))
    );
    assert_eq!(record(&told)["dpv:hasConsentStatus"]["schema:location"]["schema:url"], page);
    assert_eq!(linked_data::faults(std::slice::from_ref(&told.signed)), [""]);
}

#[apply(both_databases!)]
async fn of_a_form_that_was_pasted_and_of_a_program(database: Database) {
    let app = start(database).await;
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let pasted = app.request("POST", PATH).header("origin", PRESS).header(kind.0, kind.1);
    assert_eq!(app.send(pasted.body(form(ADA, ""))).await.status, 303);
    let told_of_pasted = told(&app).await;
    all_have(
        &told_of_pasted.readers,
        &["Through another site’s own form", PRESS, "Somebody else says that they did"],
    );
    assert!(!told_of_pasted.readers[0].contains("On a page of ours"), "it is none");
    all_have(&told_of_pasted.staff, &["somebody else, as they say", PRESS]);

    let app = start(database).await;
    let mut body = filled_in(&app, ADA).await;
    body.as_object_mut().unwrap().remove("page");
    assert_eq!(send(&app, SIGNUPS, &body).await.status, 202);
    let told = told(&app).await;
    all_have(&told.readers, &["By a program, or from a page that is not known", "/api/v1/signups"]);
    assert!(!told.readers[0].contains("on another site"), "nobody said so: {}", told.readers[0]);
    assert_eq!(record(&told)["dpv:hasConsentStatus"]["schema:location"], Value::Null);
}

#[apply(both_databases!)]
async fn of_a_page_of_ours(database: Database) {
    let app = start(database).await;
    let asked =
        format!("{}&framed_by=https%3A%2F%2Fpress.example", app.blank("/embed/sample").await);
    assert_eq!(app.post("/embed/sample", &form(ADA, &asked)).await.status, 202);
    let told = told(&app).await;
    let hash = asked.split_once("blank=").unwrap().1.split('&').next().unwrap();
    all_have(
        &told.readers,
        &["On a page of ours", "/embed/sample", PRESS, "as it was stated", hash],
    );
    all_have(&told.readers, &["We did, as far as whoever sent the form said"]);
    all_have(&told.staff, &["this program, as far as whoever sent the form said", PRESS]);
    assert!(
        told.staff[1].contains("in a frame") && told.staff[1].contains(hash),
        "{}",
        told.staff[1]
    );
    let form = &record(&told)["dct:references"];
    assert_eq!(
        (&form["@type"], &form["dct:format"]),
        (&json!("schema:WebPage"), &json!("text/html"))
    );
    assert_eq!(record(&told)["dpv:hasConsentStatus"]["schema:location"]["schema:url"], PRESS);
    assert_eq!(linked_data::faults(std::slice::from_ref(&told.signed)), [""]);
}
