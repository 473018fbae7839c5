//! Choices saved: kept, ended, added, all withdrawn; a name corrected.

use macro_rules_attribute::apply;

use super::{ADA, BOTH, KEEPS_ALL, WEEKLY, assert_refused, state, subscribed, ticks_all, words};
use crate::support::app::{Database, REPORT, TestApp, form};
use crate::support::page_form::is_ticked;
use crate::support::{both_databases, poll};

const WITHDRAWN: &str = "SELECT count(*) FROM consent_event WHERE type = 'withdrawn'";
const GIVEN: &str = "SELECT count(*) FROM consent_event WHERE type IN ('given', 'renewed')";
const LEFT: &str = "SELECT count(*) FROM suppression WHERE reason = 'unsubscribed'";

#[apply(both_databases!)]
async fn a_form_keeps_ends_and_adds(database: Database) {
    let app = TestApp::start(database).await;
    let mut tx = app.write().await;
    app.add_newsletter(&mut tx, "daily", "The daily").await;
    tx.commit().await.unwrap();
    let page = subscribed(&app, ADA).await;
    poll::until("the second newsletter", || async {
        app.get(&page).await.text().contains("The daily").then_some(())
    })
    .await;
    let other =
        "choices=shown&policy=2026-11&purpose=privacy-policy&purpose=newsletter%3Adaily&name=Ada";
    let saved = app.post(&page, &format!("{other}{}", app.seen(&page).await)).await;
    assert_eq!(
        (saved.status, saved.location().split('&').next()),
        (303, Some(format!("{page}?word=saved").as_str()))
    );
    assert_eq!(
        (app.count(WITHDRAWN).await, app.count(GIVEN).await, app.count(LEFT).await),
        (1, 3, 1)
    );
    assert!(app.exported(WEEKLY).await.is_empty());
    assert_eq!(app.exported("privacy-policy").await, [ADA]);
    let row = app.export("newsletter:daily").await;
    assert!(
        row.contains(",given,") && row.contains(",2026-11,") && row.contains(",,/preferences,"),
        "{row}"
    );

    let receipt = app.next_mail(ADA, 2).await;
    let said = words(&receipt);
    let (agreed, ended) = said.split_once("What has ended").unwrap();
    assert!(
        agreed.contains(
            "\"Subscribe me to The daily (News every Thursday). Sample Press may email it to me"
        ),
        "{said}"
    );
    assert!(agreed.contains("version 2026-11") && !agreed.contains("The weekly"));
    assert!(ended.contains("The weekly Ended at 09:00 UTC on 23 November 2026"), "{said}");
    assert_eq!(receipt.link("/preferences/"), format!("{}{page}", app.base));

    // Once more the same: nothing changes, and no mail says otherwise.
    let same = "choices=shown&policy=2026-11&purpose=privacy-policy&purpose=newsletter%3Adaily&purpose=newsletter%3Adaily&name=Ada";
    let before = state(&app).await;
    assert_eq!(app.post(&page, same).await.status, 303);
    assert_eq!(state(&app).await, before);

    // A tick of their own lifts what they had left.
    assert_eq!(app.post(&page, &ticks_all(&app, &page).await).await.status, 303);
    assert_eq!((app.exported(WEEKLY).await, app.count(LEFT).await), (vec![ADA.to_owned()], 1));
    assert!(app.exported("newsletter:daily").await.is_empty());
    app.next_mail(ADA, 3).await;
    app.mail_settled().await;
    assert_eq!(app.mail_to(ADA).len(), 4);
}

#[apply(both_databases!)]
async fn nothing_stands_without_the_privacy_policy(database: Database) {
    let app = TestApp::start(database).await;
    let page = subscribed(&app, ADA).await;
    assert_eq!(
        app.post(&page, "policy=2026-11&purpose=newsletter%3Aweekly&name=Ada").await.status,
        303
    );
    assert_eq!((app.count(WITHDRAWN).await, app.count(LEFT).await), (2, 2));
    assert!(
        app.exported("privacy-policy").await.is_empty() && app.exported(WEEKLY).await.is_empty()
    );
    let receipt = app.next_mail(ADA, 2).await;
    assert_eq!(receipt.subject, "Receipt: what you agreed to has ended");
    assert!(words(&receipt).contains("Nothing is in force any more"));

    let before = state(&app).await;
    let alone = format!(
        "policy=2026-11&purpose=newsletter%3Aweekly&name=Ada+King{}",
        app.seen(&page).await
    );
    let refused = app.post(&page, &alone).await;
    assert_refused(&refused, "a newsletter alone");
    assert!(
        refused.text().contains("Tick Privacy policy as well")
            && is_ticked(&refused.text(), WEEKLY)
    );
    assert_eq!(state(&app).await, before);
    assert!(app.get(&page).await.text().contains("value=\"Ada King\""), "the name holds by itself");
    assert_eq!(app.post(&page, &ticks_all(&app, &page).await).await.status, 303);
    assert_eq!((app.exported(WEEKLY).await, app.count(LEFT).await), (vec![ADA.to_owned()], 0));
}

#[apply(both_databases!)]
async fn a_name_can_be_corrected_and_taken_away(database: Database) {
    let app = TestApp::start(database).await;
    let page = subscribed(&app, ADA).await;
    let send = async |name: &str| {
        app.post(&page, &KEEPS_ALL.replace("name=Ada", &format!("name={name}"))).await
    };
    assert!(app.export(WEEKLY).await.contains(",Ada,"));
    assert_eq!(send("Ada+%3Cb%3EKing%3C%2Fb%3E%2C+%7B%7B7*7%7D%7D").await.status, 303);
    let shown = app.get(&page).await.text();
    assert!(
        shown.contains("value=\"Ada &lt;b&gt;King&lt;/b&gt;, {{7*7}}\"")
            && !shown.contains("<b>King"),
        "{shown}"
    );
    assert!(app.export(WEEKLY).await.contains("\"Ada <b>King</b>, {{7*7}}\""));
    let kept = state(&app).await;
    let long = "%C3%BC".repeat(201);
    for hostile in [
        "Ada%0d%0aBcc%3A+eve%40evil.example",
        "Ada%00",
        "%E2%80%AEadA",
        "%ff",
        "Ada&name=Eve",
        &long,
    ] {
        assert_refused(&send(hostile).await, hostile);
        assert_eq!(state(&app).await, kept, "{hostile}");
    }
    // A form without the field leaves the name alone.
    assert_eq!(app.post(&page, KEEPS_ALL.trim_end_matches("&name=Ada")).await.status, 303);
    assert_eq!(state(&app).await, kept);
    assert_eq!(send("++").await.status, 303);
    assert!(
        !app.export(WEEKLY).await.contains("King") && !app.get(&page).await.text().contains("King")
    );
    assert_eq!((app.count(WITHDRAWN).await, app.count(GIVEN).await), (0, 2));
}

#[apply(both_databases!)]
async fn a_form_that_no_browser_sends_does_no_harm(database: Database) {
    let app = TestApp::start(database).await;
    let page = subscribed(&app, ADA).await;
    app.mail_settled().await;
    let before = state(&app).await;
    for odd in [
        "purpose=%20",
        "purpose=Not+A+Code",
        "purpose=",
        "purpose=newsletter%3Aweekly%00",
        "purpose=privacy-policy&purpose=%ff",
    ] {
        assert_refused(&app.post(&page, odd).await, odd);
    }
    let huge = format!("{KEEPS_ALL}&x={}", "a".repeat(64 * 1024));
    assert_eq!(app.post(&page, &huge).await.status, 413);
    for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
        let request =
            app.request("POST", &page).header("content-type", kind).body("purpose=privacy-policy");
        assert_eq!(app.send(request).await.status, 415, "{kind}");
    }
    assert_eq!(state(&app).await, before);
    // What is not on offer cannot be agreed to, and takes nothing else along.
    for unknown in ["purpose=newsletter%3Anone", "purpose=partner-offers", "purpose=weekly"] {
        assert_refused(&app.post(&page, &format!("{KEEPS_ALL}&{unknown}")).await, unknown);
        assert_refused(&app.post(&page, unknown).await, unknown);
    }
    assert_eq!(
        app.post(&page, &format!("{KEEPS_ALL}&newsletter=none&topic=x&consent=no")).await.status,
        303
    );
    assert_eq!(state(&app).await, before);
}

#[apply(both_databases!)]
async fn an_empty_form_withdraws_the_rest_which_is_all(database: Database) {
    let app = TestApp::start(database).await;
    let page = subscribed(&app, ADA).await;
    assert_eq!(app.send(app.request("POST", &page)).await.status, 303);
    assert_eq!((app.count(WITHDRAWN).await, app.count(LEFT).await), (2, 2));
    assert!(app.exported("privacy-policy").await.is_empty());
    assert!(app.get(&page).await.text().contains("value=\"Ada\""), "the name was not on it");
}

#[apply(both_databases!)]
async fn one_press_withdraws_everything(database: Database) {
    let app = TestApp::start(database).await;
    let download = app.subscribe("bob@b.example", BOTH).await;
    let page = subscribed(&app, ADA).await;
    let file = format!("{}/file", app.mail_to(ADA)[1].link("/downloads/"));
    let done = app.post(&format!("{page}/withdraw-all"), "").await;
    assert_eq!(
        (done.status, done.location().split('&').next()),
        (303, Some(format!("{page}?word=withdrawn").as_str()))
    );
    for purpose in ["privacy-policy", WEEKLY] {
        assert_eq!(app.exported(purpose).await, ["bob@b.example"]);
    }
    let shown = app.get(done.location()).await.text();
    assert!(
        shown.contains("You have withdrawn everything")
            && shown.contains("Nothing is agreed at present"),
        "{shown}"
    );
    let receipt = app.next_mail(ADA, 2).await;
    assert!(
        words(&receipt).contains("Privacy policy Ended at")
            && words(&receipt).contains("The weekly Ended at")
    );
    assert_eq!(app.get(&file).await.body, REPORT, "what was promised stays");
    assert_eq!(app.get(&download).await.status, 200);

    let button = format!("{page}/withdraw-all");
    let presses = futures_util::future::join_all((0..4).map(|_| app.post(&button, ""))).await;
    assert!(presses.iter().all(|again| again.status == 303));
    assert_eq!((app.count(WITHDRAWN).await, app.count(LEFT).await), (2, 2));
    app.mail_settled().await;
    assert_eq!(app.mail_to(ADA).len(), 3);

    // Joining again needs a fresh tick, and the press behind mail 1.
    assert_eq!(
        app.post("/reports/sample", &form(ADA, "").replace("consent=yes", "")).await.status,
        422
    );
    let mail = app.ask_and_read(ADA, BOTH).await;
    assert_eq!(app.exported("privacy-policy").await, ["bob@b.example"]);
    assert_eq!(app.post(&mail.link("/confirm/"), "").await.status, 303);
    assert_eq!(app.exported(WEEKLY).await, ["bob@b.example", ADA]);
    assert_eq!(app.count(LEFT).await, 0);
}
