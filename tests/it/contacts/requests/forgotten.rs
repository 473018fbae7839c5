//! What stays of requests: with whoever was erased, and after its time. What people see of their own.

use assent::domain::staff::member::Role;
use assent::flows::contacts::forget_requests::{ForgottenRequests, forget_requests};
use macro_rules_attribute::apply;

use super::{DAY, ROWS, close, complain, enter, path_of, write};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::desk::audit;

async fn forget(app: &TestApp) -> ForgottenRequests {
    let (at, settings) = (app.core.moment(), &app.core.flow_settings);
    app.core.db.run(|tx| Box::pin(forget_requests(tx, settings.at(&at)))).await.unwrap()
}

/// How many requests and letters hold anything of who sent them.
const NAMED: &str = "SELECT count(*) FROM privacy_request
                     WHERE name IS NOT NULL OR email IS NOT NULL OR mac IS NOT NULL OR words IS NOT NULL
                        OR outcome_note IS NOT NULL OR extension_reason IS NOT NULL";
const WRITTEN: &str = "SELECT count(*) FROM request_letter WHERE words IS NOT NULL";

#[apply(both_databases!)]
async fn of_who_is_erased_the_proof_of_an_answer_stays(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "").await;
    let desk = app.sign_in(Role::Admin).await;
    let answered = enter(&desk, "access", "2026-11-20", "&email=ada%40b.example&name=Ada").await;
    close(&desk, &answered, "done").await;
    let asked =
        enter(&desk, "erasure", "2026-11-21", "&email=ada%40b.example&words=All+of+it").await;
    let other = enter(&desk, "access", "2026-11-21", "&email=bob%40b.example&name=Bob").await;
    assert_eq!(app.does(&["erase", "ada@b.example"]), "erased\n");
    // What was answered is reduced at once; who still waits for an answer is still known.
    let page = desk.page(&answered).await;
    assert!(page.contains("Erased at") && !page.contains("ada@b.example"), "{page}");
    assert!(
        page.contains("Done") && page.contains("20 Nov 2026"),
        "its dates and outcome stay: {page}"
    );
    let page = desk.page(&asked).await;
    assert!(page.contains("ada@b.example") && page.contains("Erased at"), "{page}");
    let told = write(&desk, &asked, "outcome", "way=mail&words=You+are+erased.").await;
    assert_eq!(told.status, 303);
    let mail = app.next_mail("ada@b.example", 2).await;
    assert!(mail.text.contains("You are erased."), "{}", mail.text);
    app.mail_settled().await;
    let done = desk.post(&format!("{asked}/close"), "outcome=done&note=Erased+all.").await;
    assert_eq!(done.location(), format!("{asked}?word=closed"));
    assert_eq!((app.count(NAMED).await, app.count(WRITTEN).await), (1, 0), "Bob's alone");
    assert!(desk.page(&other).await.contains("bob@b.example"));
    // Its key stays: a new complaint of the same address finds them.
    let reference = complain(&app, "ada@b.example", "Am I erased?").await;
    let page = desk.page(&path_of(&desk, &reference).await).await;
    assert_eq!(page.matches("Another request").count(), 2, "{page}");
    assert!(!page.contains("Erased at"), "what comes later was not erased: {page}");
}

// Who was never a subscriber is erased by their address, too.
#[apply(both_databases!)]
async fn of_who_was_never_known_no_more_stays(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Admin).await;
    let path = enter(&desk, "erasure", "2026-11-21", "&email=ada%40b.example").await;
    app.does(&["erase", "ada@b.example"]);
    assert_eq!(app.count(NAMED).await, 1, "it is still to be answered");
    close(&desk, &path, "done").await;
    assert_eq!((app.count(NAMED).await, app.count(WRITTEN).await), (0, 0));
    assert_eq!(forget(&app).await, ForgottenRequests::default());
}

#[apply(both_databases!)]
async fn a_closed_request_is_deleted_after_its_time(database: Database) {
    let app = TestApp::start_with(database, &[("ASSENT_REQUESTS_RETENTION", "30d")]).await;
    assert!(app.get("/complaints").await.text().contains("keep it for 30 days after"));
    let desk = app.sign_in(Role::Marketing).await;
    let closed = path_of(&desk, &complain(&app, "ada@b.example", "It happened.").await).await;
    app.next_mail("ada@b.example", 0).await;
    app.mail_settled().await;
    assert_eq!(write(&desk, &closed, "outcome", "way=mail&words=Yes.").await.status, 303);
    app.next_mail("ada@b.example", 1).await;
    app.mail_settled().await;
    close(&desk, &closed, "upheld").await;
    let open = path_of(&desk, &complain(&app, "ada@b.example", "Again.").await).await;
    app.mail_settled().await;
    app.advance(29 * DAY + 23 * (DAY / 24));
    assert_eq!(forget(&app).await.deleted, 0);
    app.advance(DAY / 24);
    assert_eq!(forget(&app).await.deleted, 1);
    let desk = app.sign_in(Role::Marketing).await;
    assert_eq!((desk.get(&closed).await.status, desk.get(&open).await.status), (404, 200));
    let mails = "SELECT count(*) FROM outbox WHERE kind IN ('request_received', 'request_letter')";
    assert_eq!((app.count(ROWS).await, app.count(mails).await), (1, 1));
    assert_eq!(app.count("SELECT count(*) FROM request_letter").await, 1);
    assert_eq!(audit(&app, "request.forget").await[0]["requests"], 1);
}

#[apply(both_databases!)]
async fn people_see_their_own_requests(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "").await;
    let manage = app.mail_to("ada@b.example").pop().unwrap().link("/preferences/");
    let reference = complain(&app, "ada@b.example", "It <happened>.").await;
    complain(&app, "bob@b.example", "Of Bob.").await;
    let desk = app.sign_in(Role::Marketing).await;
    let path = path_of(&desk, &reference).await;
    close(&desk, &path, "partly_upheld").await;
    let page = app.get(&format!("{manage}/my-data")).await.text();
    assert!(
        page.contains(&reference) && !page.contains("&lt;happened&gt;"),
        "who typed it is not known: {page}"
    );
    assert!(page.contains("upheld in part") && page.contains("It is so."), "{page}");
    assert!(!page.contains("Of Bob."), "{page}");
    let file = app.get(&format!("{manage}/my-data.json")).await.text();
    let document: serde_json::Value = serde_json::from_str(&file).unwrap();
    let requests = document["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0]["reference"], reference);
    assert_eq!(requests[0]["outcome"], "partly_upheld");
    assert_eq!(requests[0]["letters"][1]["words"], "It is so.");
    assert!(
        !file.contains("mar@") && !file.contains("staff:"),
        "who answered is not theirs: {file}"
    );
}
