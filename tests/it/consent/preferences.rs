//! The page behind somebody's own link: what they agreed to, how they change it, and how they get the
//! link back.

use std::time::Duration;

use assent::domain::catalog::notice::sha256_hex;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::text::Line;
use assent::flows::catalog::add_purpose::{NewPurpose, add_purpose};
use assent::flows::catalog::edit_purpose::{PurposeEdit, edit_purpose};
use macro_rules_attribute::apply;

use crate::signup::lost_links::{answered, told_the_same};
use crate::support::app::{Answer, Database, REPORT, TestApp, form};
use crate::support::inbox::Mail;
use crate::support::{both_databases, poll};

const ADA: &str = "ada@b.example";
const BOTH: &str = "&name=Ada&newsletter=weekly";
const WEEKLY: &str = "newsletter:weekly";
const KEEPS_ALL: &str =
    "choices=shown&policy=2026-11&purpose=privacy-policy&purpose=newsletter%3Aweekly&name=Ada";
const WITHDRAWN: &str = "SELECT count(*) FROM consent_event WHERE type = 'withdrawn'";
const GIVEN: &str = "SELECT count(*) FROM consent_event WHERE type IN ('given', 'renewed')";
const LEFT: &str = "SELECT count(*) FROM suppression WHERE reason = 'unsubscribed'";
const LINKS: &str = "SELECT count(*) FROM outbox WHERE kind = 'preferences_link'";

/// Somebody who agreed to both, and the path of their choices.
async fn subscribed(app: &TestApp, email: &str) -> String {
    app.subscribe(email, BOTH).await;
    app.mail_to(email)[1].link("/preferences/").replace(&app.base, "")
}

/// All that a press on the page could change.
async fn state(app: &TestApp) -> (Vec<i64>, String) {
    let mut counts = Vec::new();
    for sql in [
        "SELECT count(*) FROM consent_event",
        "SELECT count(*) FROM consent WHERE state IN ('given', 'renewed')",
        "SELECT count(*) FROM outbox",
        "SELECT count(*) FROM suppression",
        "SELECT count(*) FROM link_request",
        "SELECT count(*) FROM subscriber",
    ] {
        counts.push(app.count(sql).await);
    }
    (counts, app.export("privacy-policy").await + &app.export(WEEKLY).await)
}

fn words(mail: &Mail) -> String {
    mail.text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Everything ticked, on a page opened now.
async fn ticks_all(app: &TestApp, page: &str) -> String {
    format!("{KEEPS_ALL}{}", app.seen(page).await)
}

/// Whether the box of a purpose is ticked on a page.
fn is_ticked(page: &str, code: &str) -> bool {
    let value = format!("name=\"purpose\" value=\"{code}\"");
    let tag = page.split("<input type=\"checkbox\"").skip(1).find(|tag| tag.contains(&value));
    tag.expect("a box").split('>').next().unwrap().contains(" checked")
}

fn assert_refused(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 422, "{what}");
    let page = answer.text();
    assert!(
        page.contains("<title>Error: ") && page.contains("Check your answers"),
        "{what}: {page}"
    );
}

#[apply(both_databases!)]
async fn a_lost_link_is_mailed_and_nobody_learns_who_is_known(database: Database) {
    let app = TestApp::start(database).await;
    let known = subscribed(&app, ADA).await;
    let left = subscribed(&app, "left@b.example").await;
    assert_eq!(app.post(&format!("{left}/withdraw-all"), "").await.status, 303);
    app.next_mail("left@b.example", 2).await;
    for (email, reason) in [
        ("bounced@b.example", SuppressionReason::Bounced),
        ("complained@b.example", SuppressionReason::Complained),
    ] {
        subscribed(&app, email).await;
        app.suppress(email, reason).await;
    }
    app.ask_and_read("pending@b.example", "").await;
    app.mail_settled().await;
    let emails = [
        "ADA@B.example",
        "stranger@b.example",
        "left@b.example",
        "bounced@b.example",
        "complained@b.example",
        "pending@b.example",
    ];
    let page =
        told_the_same(&app, "/preferences", &emails, &["ADA@B.example", "left@b.example"]).await;
    assert!(page.contains("If we hold anything for that address"));
    let mail = app.mail_to(ADA).remove(2);
    assert_eq!(
        (mail.subject.as_str(), mail.link("/preferences/")),
        ("Your link to what you agreed to", format!("{}{known}", app.base))
    );
    assert!(!mail.raw.to_lowercase().contains("list-unsubscribe"));
    assert_eq!(app.get(&known).await.status, 200);
    assert_eq!(app.get(&app.mail_to("left@b.example")[3].link("/preferences/")).await.status, 200);
}

#[apply(both_databases!)]
async fn lost_links_count_against_the_mailbox(database: Database) {
    let app =
        TestApp::start_with(database, &[("ASSENT_LIMIT_MAIL_PER_ADDRESS", "2/15min,4/day")]).await;
    subscribed(&app, ADA).await;
    let ask = || async {
        let answer = app.post("/preferences", "email=ada%40b.example").await;
        assert_eq!((answer.status, answer.location()), (303, "/preferences?word=sent"));
        answered(&app).await;
        app.count(LINKS).await
    };
    assert_eq!(app.post("/preferences", "email=ada%40b.example").await.status, 303);
    poll::until("a link decided", || async { (app.count(LINKS).await == 1).then_some(()) }).await;
    assert_eq!(app.mail_to(ADA).len(), 2, "it leaves a minute behind mail 1");
    for _ in 0..6 {
        app.advance(Duration::from_secs(61));
        assert_eq!(ask().await, 1, "two in a quarter of an hour");
    }
    for sent in [2, 3, 3, 3] {
        app.advance(Duration::from_mins(16));
        assert_eq!(ask().await, sent, "four a day, with mail 1");
    }
    app.advance(Duration::from_hours(24));
    assert_eq!(ask().await, 4);
    assert_eq!(app.mail_to(ADA).len(), 2 + 4);
}

#[apply(both_databases!)]
async fn one_network_address_cannot_ask_without_end(database: Database) {
    let app = TestApp::start_with(database, &[("ASSENT_LIMIT_SIGNUPS_PER_IP", "3/hour")]).await;
    for n in 0..3 {
        assert_eq!(app.post("/preferences", &format!("email=r{n}%40b.example")).await.status, 303);
    }
    let waits = app.post("/preferences", "email=ada%40b.example").await;
    assert_eq!(waits.status, 429);
    assert!(waits.header("retry-after").parse::<u64>().unwrap() > 60);
    assert_eq!(app.get("/preferences").await.status, 200, "reading is not limited");
}

#[apply(both_databases!)]
async fn what_is_no_address_is_said_and_kept(database: Database) {
    let app = TestApp::start(database).await;
    for (typed, shown) in [
        ("email=", ""),
        ("", ""),
        ("email=ada", "ada"),
        ("email=ada%40localhost", "ada@localhost"),
        ("email=ada%40b.example%2C+bob%40b.example", "ada@b.example, bob@b.example"),
        (
            "email=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%40b.example",
            "&quot;&gt;&lt;script&gt;alert(1)&lt;",
        ),
        ("email=ada%40b.example&email=bob%40b.example", "ada@b.example"),
        ("email=ada%0d%0a%40b.example", "ada@b.example"),
        ("email=ada%00%40b.example", "ada@b.example"),
        ("email=%ff", ""),
    ] {
        let answer = app.post("/preferences", typed).await;
        assert_refused(&answer, typed);
        let page = answer.text();
        assert!(shown.is_empty() || page.contains(&format!("value=\"{shown}")), "{typed}: {page}");
        assert!(
            page.contains("href=\"#email\"")
                && page.contains("id=\"email-error\"")
                && !page.contains("<script"),
            "{page}"
        );
    }
    let huge = format!("email={}", "a".repeat(64 * 1024));
    assert_eq!(app.post("/preferences", &huge).await.status, 413);
    let json =
        app.request("POST", "/preferences").header("content-type", "application/json").body("{}");
    assert_eq!(app.send(json).await.status, 415);
    assert_eq!(app.count("SELECT count(*) FROM link_request").await, 0);
}

#[apply(both_databases!)]
async fn looking_changes_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let page = subscribed(&app, ADA).await;
    let receipt = app
        .get(&page)
        .await
        .text()
        .split("/receipts/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    app.mail_settled().await;
    let before = state(&app).await;
    let paths = [
        "/preferences".to_owned(),
        page.clone(),
        format!("{page}/my-data"),
        format!("{page}/my-data.json"),
        format!("{page}/receipts/{receipt}"),
    ];
    for _ in 0..50 {
        for path in &paths {
            for method in ["GET", "HEAD"] {
                assert_eq!(
                    app.send(app.request(method, path)).await.status,
                    200,
                    "{method} {path}"
                );
            }
        }
    }
    for path in ["/withdraw-all", "/erase"] {
        for method in ["GET", "HEAD"] {
            assert_eq!(app.send(app.request(method, &format!("{page}{path}"))).await.status, 405);
        }
    }
    for query in
        ["word=saved", "word=withdrawn", "word=%3Cscript%3E", "purpose=", "confirm=yes", "%ff"]
    {
        let shown = app.get(&format!("{page}?{query}")).await;
        assert!(shown.status == 200 && !shown.text().contains("<script"));
    }
    assert_eq!(state(&app).await, before);
}

#[apply(both_databases!)]
async fn the_page_shows_words_state_and_since(database: Database) {
    let app = TestApp::start(database).await;
    let mut tx = app.write().await;
    app.add_newsletter(&mut tx, "daily", "The daily").await;
    tx.commit().await.unwrap();
    poll::until("the second newsletter", || async {
        app.get("/newsletters").await.text().contains("The daily").then_some(())
    })
    .await;
    let page = subscribed(&app, ADA).await;
    let shown = app.get(&page).await.text();
    for there in [
        "Sample Press may hold and process",
        "Subscribe me to The weekly",
        "Subscribe me to The daily",
        "Agreed</span> since 23 November 2026",
        "Not agreed</span>",
        "/policies/privacy/2026-11",
        "value=\"Ada\"",
        "ada@b.example",
        "withdraw-all",
        "/my-data",
        "/erase",
    ] {
        assert!(shown.contains(there), "{there}: {shown}");
    }
    assert!(
        is_ticked(&shown, "privacy-policy")
            && is_ticked(&shown, WEEKLY)
            && !is_ticked(&shown, "newsletter:daily")
    );
    app.advance(Duration::from_hours(72));
    assert_eq!(app.post(&page, "policy=2026-11&purpose=privacy-policy").await.status, 303);
    let shown = app.get(&page).await.text();
    assert!(
        shown.contains("Withdrawn</span> since 26 November 2026") && !is_ticked(&shown, WEEKLY),
        "{shown}"
    );
}

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
        refused.text().contains("Tick the privacy policy too")
            && is_ticked(&refused.text(), WEEKLY)
    );
    assert_eq!(state(&app).await, before);
    assert!(app.get(&page).await.text().contains("value=\"Ada King\""), "the name holds by itself");
    assert_eq!(app.post(&page, &ticks_all(&app, &page).await).await.status, 303);
    assert_eq!((app.exported(WEEKLY).await, app.count(LEFT).await), (vec![ADA.to_owned()], 0));
}

#[apply(both_databases!)]
async fn a_changed_policy_is_read_before_it_is_agreed_to(database: Database) {
    let app = TestApp::start(database).await;
    let page = subscribed(&app, ADA).await;
    assert_eq!(app.post(&page, "policy=2026-11&purpose=privacy-policy").await.status, 303);
    app.next_mail(ADA, 2).await;
    app.advance(Duration::from_hours(1));
    let mut tx = app.write().await;
    app.publish_policy(&mut tx, "2027-01").await;
    tx.commit().await.unwrap();
    poll::until("the new policy", || async {
        app.get(&page).await.text().contains("value=\"2027-01\"").then_some(())
    })
    .await;
    let before = state(&app).await;
    let seen = app.seen(&page).await;
    for stale in [
        KEEPS_ALL,
        "policy=none&purpose=privacy-policy&purpose=newsletter%3Aweekly",
        "policy=2027-01&policy=2026-11&purpose=privacy-policy",
    ] {
        let refused = app.post(&page, &format!("{stale}{seen}")).await;
        assert_refused(&refused, stale);
        assert!(
            !is_ticked(&refused.text(), WEEKLY),
            "a tick under another policy is no tick under this one"
        );
        assert!(refused.text().contains("value=\"2027-01\""));
    }
    assert_eq!(state(&app).await, before);
    let fresh = format!("{KEEPS_ALL}{seen}").replace("2026-11", "2027-01");
    assert_eq!(app.post(&page, &fresh).await.status, 303);
    assert!(app.export(WEEKLY).await.contains(",2027-01,"));
    assert!(
        app.export("privacy-policy").await.contains(",2026-11,"),
        "what is kept stands on what was read"
    );
}

#[apply(both_databases!)]
async fn words_that_changed_are_read_before_they_are_agreed_to(database: Database) {
    let app = TestApp::start(database).await;
    let page = subscribed(&app, ADA).await;
    let (old, new) = (
        "Partners may write to me. I can leave.",
        "Partners may write to me each day. I can leave.",
    );
    let code = "partner-offers".parse().unwrap();
    let mut tx = app.write().await;
    let name = Line::parse("Offers").unwrap().unwrap();
    let offer = NewPurpose { code, name, words: old.parse().unwrap() };
    add_purpose(&mut tx, &app.core.moment(), "test", offer, &[]).await.unwrap();
    tx.commit().await.unwrap();
    let page_with = async |words: &str| {
        poll::until("the words", || async {
            app.get(&page).await.text().contains(words).then_some(())
        })
        .await;
    };
    page_with(old).await;
    let mut tx = app.write().await;
    let edit = PurposeEdit { name: None, words: Some(new.parse().unwrap()) };
    edit_purpose(&mut tx, &app.core.moment(), "test", &"partner-offers".parse().unwrap(), &edit)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    page_with(new).await;
    let before = state(&app).await;
    let all = ticks_all(&app, &page).await;
    let sent = |words: &str| {
        format!("{all}&purpose=partner-offers&notice={}", sha256_hex(words.as_bytes()))
    };
    let refused = app.post(&page, &sent(old)).await;
    assert_refused(&refused, "words of before");
    let shown = refused.text();
    assert!(
        shown.contains(new) && !is_ticked(&shown, "partner-offers") && is_ticked(&shown, WEEKLY)
    );
    assert_eq!(state(&app).await, before);
    assert_eq!(app.post(&page, &sent(new)).await.status, 303);
    assert!(app.export("partner-offers").await.contains(&sha256_hex(new.as_bytes())));
    assert!(words(&app.next_mail(ADA, 2).await).contains(new));
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
