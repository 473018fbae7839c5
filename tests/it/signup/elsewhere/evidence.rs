//! What evidence says of forms that stood elsewhere: who drew them, on which page, and what they were told to show.

use assent::store::signup::signups;
use assent_ledger::digest::sha256_hex;
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use super::{ADA, PRESS, SIGNUPS, filled_in, send, send_from, shown, start};
use crate::consent::workflow::proved;
use crate::support::app::{Database, TestApp, form};
use crate::support::both_databases;

/// What the receipt of the privacy policy's consent is computed from.
async fn proof(app: &TestApp) -> Value {
    let mail = app.next_mail(ADA, 0).await;
    let pressed = app.post(&mail.link("/confirm/"), "choices=shown").await;
    assert_eq!(pressed.status, 303, "{}", pressed.text());
    app.next_mail(ADA, 1).await;
    let (_, ledger) = proved(app, ADA).await.remove(0);
    ledger
}

#[apply(both_databases!)]
async fn a_form_that_our_script_drew(database: Database) {
    let app = start(database).await;
    let mut body = filled_in(&app, ADA).await;
    body["drawn_by"] = json!("element");
    assert_eq!(send_from(&app, Some(PRESS), (SIGNUPS, &body)).await.status, 202);
    let told = shown(&app).await;
    let ledger = proof(&app).await;
    let context = &ledger["context"];
    assert_eq!((&context["drawn_by"], &context["method"]), (&json!("element"), &json!("api")));
    assert_eq!(context["source"], PRESS, "which many share, for good");
    assert_eq!(ledger["body"]["page"], "https://press.example/articles/1", "without what followed");
    assert_eq!(context["form"], told["form"]);
    let document = ledger["documents"]["form"].as_str().unwrap();
    assert_eq!(told["form"], sha256_hex(document.as_bytes()));
    let document: Value = serde_json::from_str(document).unwrap();
    assert_eq!(document["boxes"], told["boxes"]);
    assert_eq!(ledger["body"]["unticked"], json!(["newsletter:weekly"]));
    assert_eq!(ledger["body"]["data"], json!(["email"]));
    assert!(app.does(&["ledger", "verify"]).contains("sound"));
}

#[apply(both_databases!)]
async fn a_form_that_somebody_elses_program_drew(database: Database) {
    let app = start(database).await;
    let mut body = filled_in(&app, ADA).await;
    body.as_object_mut().unwrap().remove("page");
    assert_eq!(send(&app, SIGNUPS, &body).await.status, 202);
    let ledger = proof(&app).await;
    let context = &ledger["context"];
    assert_eq!((&context["drawn_by"], &context["method"]), (&json!("page"), &json!("api")));
    assert_eq!(context["source"], "/api/v1/signups");
    assert_eq!(context["form"], shown(&app).await["form"], "which it says that it showed");
}

#[apply(both_databases!)]
async fn a_form_on_our_own_page_and_one_that_was_pasted_elsewhere(database: Database) {
    let app = start(database).await;
    let blank = app.blank("/reports/sample").await;
    let pasted = form(ADA, &blank);
    let request = app.request("POST", "/reports/sample").header("origin", PRESS);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(app.send(request.body(pasted)).await.status, 303);
    let ledger = proof(&app).await;
    let context = &ledger["context"];
    assert_eq!((&context["drawn_by"], &context["method"]), (&json!("page"), &json!("form")));
    assert_eq!(context["source"], PRESS);
    assert_eq!(context["form"], Value::Null, "it is no page of ours that was seen");

    let bob = "bob@b.example";
    app.subscribe(bob, "").await;
    let (_, ledger) = proved(&app, bob).await.remove(0);
    let context = &ledger["context"];
    assert_eq!((&context["drawn_by"], &context["method"]), (&json!("ours"), &json!("form")));
    assert_eq!(context["source"], "/reports/sample");
}

#[apply(both_databases!)]
async fn a_path_that_may_name_somebody_is_not_kept(database: Database) {
    let app = start(database).await;
    for (page, kept) in [
        ("https://press.example/u/ada@b.example", None),
        ("https://press.example/u/ada%40b.example", None),
        (&format!("https://press.example/{}", "a".repeat(300)), None),
        ("https://press.example/%3Cscript%3E?x=1#y", Some("https://press.example/%3Cscript%3E")),
        ("https://user:password@press.example/a", Some("https://press.example/a")),
    ] {
        let mut body = filled_in(&app, ADA).await;
        body["page"] = json!(page);
        assert_eq!(send(&app, SIGNUPS, &body).await.status, 202, "{page}");
        let address_key = app.core.flow_settings.address_secret.key(&ADA.parse().unwrap());
        let stored = signups::list_of(&mut app.read().await, &address_key).await.unwrap();
        let newest = stored.last().unwrap();
        assert_eq!((newest.source.as_str(), newest.page.as_deref()), (PRESS, kept), "{page}");
    }
    let contexts = "SELECT count(*) FROM consent_context";
    assert_eq!(app.count(contexts).await, 1, "what is kept for good does not grow with pages");
}

#[apply(both_databases!)]
async fn a_box_that_was_added_while_confirming_stood_on_our_page(database: Database) {
    let app = start(database).await;
    assert_eq!(send(&app, SIGNUPS, &filled_in(&app, ADA).await).await.status, 202);
    let mail = app.next_mail(ADA, 0).await;
    let pressed = app.post(&mail.link("/confirm/"), "choices=shown&newsletter=weekly").await;
    assert_eq!(pressed.status, 303, "{}", pressed.text());
    app.next_mail(ADA, 1).await;
    let (_, ledger) = proved(&app, ADA)
        .await
        .into_iter()
        .find(|(purpose, _)| purpose == "newsletter:weekly")
        .expect("a receipt");
    let context = &ledger["context"];
    assert_eq!((&context["drawn_by"], &context["method"]), (&json!("ours"), &json!("form")));
    assert_eq!(context["source"], "/confirm");
    assert_eq!(app.exported("newsletter:weekly").await, [ADA]);
    assert!(app.does(&["ledger", "verify"]).contains("sound"));
}
