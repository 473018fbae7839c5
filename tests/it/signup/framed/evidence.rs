//! What evidence says of a form in a frame: that we drew it, which one it was, and whose page was around it.

use assent_ledger::digest::sha256_hex;
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use super::{ADA, FRAME, PRESS, code, filled_in, load, send, sign_up, start, type_code};
use crate::consent::workflow::proved;
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::page_form::PageForm;

/// What the receipt of the first consent is computed from.
async fn proof(app: &TestApp) -> Value {
    app.next_mail(ADA, 1).await;
    let (_, ledger) = proved(app, ADA).await.remove(0);
    assert!(app.does(&["ledger", "verify"]).contains("sound"));
    ledger
}

#[apply(both_databases!)]
async fn it_is_ours_and_names_the_page_around_it(database: Database) {
    let app = start(database).await;
    let blank = load(&app, FRAME, &format!("{PRESS}/articles/1?utm_source=mail")).await.text();
    let page = sign_up(&app, ADA).await;
    let code = code(&app, ADA, 0).await;
    assert_eq!(type_code(&app, &page, &code).await.status, 200);
    let ledger = proof(&app).await;
    let (body, context) = (&ledger["body"], &ledger["context"]);
    assert_eq!((&context["drawn_by"], &context["method"]), (&json!("ours"), &json!("form")));
    assert_eq!(context["source"], FRAME, "our own page, which many share");
    assert_eq!(body["page"], PRESS, "no more of it than its browser says");
    assert_eq!(body["unticked"], json!(["newsletter:weekly"]));
    assert_eq!(body["confirmed"]["by"], "code");
    // The form that evidence keeps is the one of all pages: none is named in it.
    let document = ledger["documents"]["form"].as_str().unwrap();
    assert_eq!(context["form"], sha256_hex(document.as_bytes()));
    assert!(document.contains("form embed/reports/sample;") && !document.contains("press.example"));
    assert_eq!(context["form"], PageForm::find(&blank, FRAME).value("blank"));
    let data = app.get(&app.mail_to(ADA)[1].link("/preferences/")).await;
    assert_eq!(data.status, 200);
}

#[apply(both_databases!)]
async fn a_page_that_is_not_known_is_not_named(database: Database) {
    let app = start(database).await;
    for page in ["https://evil.example/", "https://press.example.evil.example/", "x", ""] {
        let form = load(&app, FRAME, page).await.text();
        assert!(!form.contains("framed_by") && !form.contains("data-host"), "{page}");
    }
    let told = filled_in(&app, ADA).await;
    assert_eq!(told.value("framed_by"), PRESS);
    for (email, stated) in [
        ("a@b.example", "https://evil.example"),
        ("b@b.example", "https://press.example/"),
        ("c@b.example", "<script>"),
        ("d@b.example", ""),
    ] {
        let body = told.clone().fill("email", email).fill("framed_by", stated).body();
        let answer = send(&app, FRAME, &body).await;
        assert_eq!(answer.status, 202, "{stated}");
        assert!(!answer.text().contains("data-host"), "{stated}");
    }
    let twice = format!("{}&framed_by={PRESS}", told.fill("email", "e@b.example").body());
    assert_eq!(send(&app, FRAME, &twice).await.status, 202);
    assert_eq!(app.count("SELECT count(*) FROM signup WHERE page IS NULL").await, 5);
    assert_eq!(app.count("SELECT count(*) FROM signup WHERE drawn_by = 'ours'").await, 5);
}

#[apply(both_databases!)]
async fn what_their_own_html_sends_here_is_theirs(database: Database) {
    let app = start(database).await;
    let body = filled_in(&app, ADA).await.body();
    let request = app.request("POST", FRAME).header("origin", PRESS);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = app.send(request.body(body)).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    assert_eq!(app.count("SELECT count(*) FROM signup WHERE drawn_by = 'page'").await, 1);
    let (page, mail) = (answer.text(), app.next_mail(ADA, 0).await);
    assert!(page.contains("Follow the link in it.") && !page.contains("name=\"code\""), "{page}");
    assert!(!mail.text.contains("Enter this code"), "{}", mail.text);
}

#[apply(both_databases!)]
async fn who_corrects_an_address_keeps_the_page_around_it(database: Database) {
    let app = start(database).await;
    let page = sign_up(&app, ADA).await.text();
    let anew = format!("{FRAME}?framed_by=https%3A%2F%2Fpress.example");
    assert!(page.contains(&format!("href=\"{anew}\"")), "{page}");
    let own = format!("{}{FRAME}", app.base);
    let form = PageForm::find(&load(&app, &anew, &own).await.text(), FRAME);
    assert_eq!(form.value("framed_by"), PRESS);
    let evil = load(&app, &format!("{FRAME}?framed_by=https://evil.example"), PRESS).await.text();
    assert!(!evil.contains("evil.example") && !evil.contains("data-host"), "{evil}");
    // And the way to it, where its page said one.
    let typed = filled_in(&app, "bob@b.example").await;
    let page = send(&app, &format!("{FRAME}?utm_source=a%26b&x=y"), &typed.body()).await.text();
    let anew = format!("{anew}&amp;utm_source=a%26b\">use a different address");
    assert!(page.contains(&anew), "{page}");
}
