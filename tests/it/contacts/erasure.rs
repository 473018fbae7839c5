//! Everything that is held of somebody goes when they say so, and stays gone until they come back themselves.

use std::path::Path;
use std::time::Duration;

use assent::domain::catalog::notice::hex;
use assent::domain::consent::event::EventType;
use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::mail::outbox::DeliveryOutcome;
use assent::domain::signup::link::{Link, LinkKind};
use assent::flows::signup::confirm::{Confirmation, Press, confirm};
use assent::outside::{Ending, EndingReason, Turn};
use assent::store::consent::events::{self, ConsentEvent};
use assent::store::contacts::subscribers;
use assent::store::mail::outbox::{self, Delivery};
use assent::store::signup::signups;
use assent::store::staff::audit_entries;
use macro_rules_attribute::apply;
use secrecy::ExposeSecret;
use uuid::Uuid;

use crate::support::app::{Database, SETTINGS, TestApp};
use crate::support::program::{run, run_well};
use crate::support::{both_databases, poll};

const ADA: &str = "ada.byron@northmoor.example";
const TYPED: &str = "&name=Ada+Byron-King&organisation=Northmoor&job_title=Head&newsletter=weekly";
const TICKED: &str = "confirm=yes";
const BODIES: &str =
    "SELECT count(*) FROM consent_event WHERE body IS NOT NULL OR salt IS NOT NULL";

/// The path of somebody's choices.
fn choices(app: &TestApp, email: &str) -> String {
    app.mail_to(email)[1].link("/preferences/").replace(&app.base, "")
}

fn subscriber_id(app: &TestApp, choices: &str) -> Uuid {
    let token = choices.rsplit('/').next().unwrap();
    app.core.links.secrets.open(LinkKind::Manage, token).unwrap().id
}

async fn events(app: &TestApp, subject_id: Uuid) -> Vec<ConsentEvent> {
    events::list(&mut app.read().await, subject_id).await.unwrap()
}

async fn state(app: &TestApp) -> Vec<i64> {
    let mut counts = Vec::new();
    for sql in [
        "SELECT count(*) FROM subscriber",
        "SELECT count(*) FROM signup",
        "SELECT count(*) FROM consent",
        "SELECT count(*) FROM download_grant",
        "SELECT count(*) FROM download",
        "SELECT count(*) FROM outbox",
        "SELECT count(*) FROM delivery",
        "SELECT count(*) FROM link_request",
        BODIES,
    ] {
        counts.push(app.count(sql).await);
    }
    counts
}

/// Whose erasures the file names, a line each.
fn noted(app: &TestApp) -> Vec<String> {
    let file = std::fs::read_to_string(app.dir.path().join("endings.log")).unwrap_or_default();
    let endings = file.lines().map(|line| {
        Ending::read(line, &app.core.terms.evidence_key).expect("a line of the program's")
    });
    let erased = endings.filter(|ending| {
        (ending.turn, ending.reason)
            == (Turn::Began, EndingReason::Suppressed(SuppressionReason::Erased))
    });
    erased.map(|ending| ending.address_key.to_hex()).collect()
}

fn address_key(app: &TestApp, email: &str) -> String {
    let key = app.core.terms.address_secret.key(&EmailAddress::parse(email).unwrap());
    hex(key.as_bytes())
}

/// What commands need to work on the database of a running program.
fn settings(app: &TestApp) -> Vec<(&'static str, String)> {
    let url = app.core.settings.database_url.expose_secret().to_owned();
    let own = [
        ("ASSENT_DATA_DIR", app.dir.path().display().to_string()),
        ("ASSENT_BASE_URL", app.base.clone()),
        ("ASSENT_DATABASE_URL", url),
    ];
    SETTINGS.iter().map(|(name, value)| (*name, (*value).to_owned())).chain(own).collect()
}

/// Where in the files under `dir`, but for mail that was sent, one of these texts stands.
fn found_in(dir: &Path, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().unwrap() != "mailbox" {
                found.extend(found_in(&path, texts));
            }
            continue;
        }
        let bytes = std::fs::read(&path).unwrap().to_ascii_lowercase();
        for text in texts {
            let text = text.to_ascii_lowercase();
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(format!("{text} in {}", path.display()));
            }
        }
    }
    found
}

#[apply(both_databases!)]
async fn a_form_that_arrives_meanwhile_is_a_new_wish(database: Database) {
    let app =
        TestApp::start_with(database, &[("ASSENT_LIMIT_MAIL_PER_ADDRESS", "2/15min,4/day")]).await;
    for round in 0..4 {
        let email = format!("ada{round}@b.example");
        app.subscribe(&email, "").await;
        let page = choices(&app, &email);
        let forms = futures_util::future::join_all((0..24).map(|_| app.ask(&email)));
        let erase = format!("{page}/erase");
        let erased = app.post(&erase, TICKED);
        let (forms, erased) = futures_util::join!(forms, erased);
        assert!(erased.status == 200 && forms.iter().all(|form| form.status == 303));
    }
    let orphans =
        "SELECT count(*) FROM consent_event e WHERE e.type = 'requested' AND e.body IS NOT NULL
                       AND NOT EXISTS (SELECT 1 FROM signup s WHERE s.signup_id = e.subject_id)";
    assert_eq!(app.count(orphans).await, 0, "nothing is left that no later erasure would find");
}

#[apply(both_databases!)]
async fn nothing_goes_unless_the_box_is_ticked(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, TYPED).await;
    app.mail_settled().await;
    let page = choices(&app, ADA);
    let before = state(&app).await;
    for body in [
        "",
        "confirm=",
        "confirm=no",
        "confirm=YES",
        "confirm=yes&confirm=no",
        "confirm=yes&confirm=yes",
        "x=yes",
    ] {
        let refused = app.post(&format!("{page}/erase"), body).await;
        assert_eq!(refused.status, 422, "{body}");
        let text = refused.text();
        assert!(
            text.contains("<title>Error: ")
                && text.contains("href=\"#confirm\"")
                && text.contains("Tick the box"),
            "{text}"
        );
        assert_eq!(
            text.matches("name=\"purpose\"").count(),
            text.matches(" checked").count(),
            "choices stay as they are"
        );
    }
    let huge = format!("{TICKED}&x={}", "a".repeat(64 * 1024));
    assert_eq!(app.post(&format!("{page}/erase"), &huge).await.status, 413);
    let json = app
        .request("POST", &format!("{page}/erase"))
        .header("content-type", "application/json")
        .body("{}");
    assert_eq!(app.send(json).await.status, 415);
    assert_eq!(state(&app).await, before);
    assert!(noted(&app).is_empty() && app.exported("privacy-policy").await == [ADA]);
}

#[apply(both_databases!)]
async fn everything_goes_but_leaves_and_keyed_codes(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("bob@b.example", "&newsletter=weekly").await;
    app.mail_settled().await;
    let bobs = state(&app).await;
    let download = app.subscribe(ADA, TYPED).await;
    let page = choices(&app, ADA);
    assert_eq!(app.get(&format!("{download}/file")).await.status, 200);
    // One form confirmed before, one still open, one newsletter left.
    let used = app.mail_to(ADA)[0].link("/confirm/");
    let leave = app.mail_to(ADA)[1].link("/unsubscribe/");
    let open = app.ask_and_read(ADA, "").await.link("/confirm/");
    assert_eq!(app.post(&leave, "").await.status, 200);
    app.next_mail(ADA, 3).await;
    app.mail_settled().await;
    let id = subscriber_id(&app, &page);
    let (held, leaves) =
        (events(&app, id).await, app.count("SELECT count(*) FROM consent_event").await);
    assert_eq!(held.len(), 3);

    let erased = app.post(&format!("{page}/erase"), TICKED).await;
    assert_eq!(erased.status, 200, "{}", erased.text());
    assert!(
        erased.text().contains("Your details are erased")
            && !erased.text().to_lowercase().contains("byron")
    );
    let kept = events(&app, id).await;
    assert_eq!(kept.len(), 5);
    for (before, after) in held.iter().zip(&kept) {
        assert_eq!(
            (&after.leaf, after.event_type, &after.body, &after.salt),
            (&before.leaf, before.event_type, &None, &None)
        );
    }
    // One for each purpose, which says whose it was by a key that leads to nobody any more.
    let mut ended: Vec<&str> = kept[3..].iter().map(|event| event.purpose.as_str()).collect();
    ended.sort_unstable();
    assert_eq!(ended, ["newsletter:weekly", "privacy-policy"]);
    for event in &kept[3..] {
        assert_eq!(event.event_type, EventType::Erased);
        let body = event.body.as_deref().unwrap();
        assert!(
            body.contains(&id.to_string()) && !body.contains('@') && !body.contains("Ada"),
            "{body}"
        );
    }
    let mut left = state(&app).await;
    *left.last_mut().unwrap() -= 2;
    assert_eq!(left, bobs, "nothing but what is of somebody else, and the two events of erasure");
    assert_eq!(app.count("SELECT count(*) FROM consent_event").await, leaves + 2);
    assert_eq!(
        app.count("SELECT count(*) FROM suppression WHERE reason = 'erased' AND purpose = '*'")
            .await,
        1
    );
    assert_eq!(noted(&app), [address_key(&app, ADA)]);

    let (file, fresh) = (format!("{download}/file"), format!("{download}/fresh"));
    let (data, json, all, erase) = (
        format!("{page}/my-data"),
        format!("{page}/my-data.json"),
        format!("{page}/withdraw-all"),
        format!("{page}/erase"),
    );
    let receipt = format!("{page}/receipts/{}", Uuid::nil());
    let open_fresh = format!("{open}/fresh");
    for (method, path, status) in [
        ("GET", &download, 410),
        ("GET", &file, 410),
        ("HEAD", &file, 410),
        ("POST", &fresh, 410),
        ("GET", &used, 410),
        ("POST", &used, 410),
        ("GET", &open, 410),
        ("POST", &open, 410),
        ("POST", &open_fresh, 410),
        ("GET", &page, 410),
        ("POST", &page, 410),
        ("GET", &data, 410),
        ("GET", &json, 410),
        ("GET", &receipt, 410),
        ("POST", &all, 410),
        ("GET", &leave, 200),
        ("POST", &leave, 200),
    ] {
        let answer = app.send(app.request(method, path)).await;
        assert_eq!(answer.status, status, "{method} {path}");
    }
    assert_eq!(app.post(&erase, TICKED).await.status, 410, "once is enough");
    assert_eq!(noted(&app).len(), 1);
    for purpose in ["privacy-policy", "newsletter:weekly"] {
        assert_eq!(app.exported(purpose).await, ["bob@b.example"]);
    }
    assert_eq!(app.post("/preferences", "email=ada.byron%40northmoor.example").await.status, 303);
    app.advance(Duration::from_hours(24));
    assert_eq!(app.ask("cyn@b.example").await.status, 303);
    app.next_mail("cyn@b.example", 0).await;
    assert_eq!(app.mail_to(ADA).len(), 4, "no mail since");
}

#[apply(both_databases!)]
async fn whoever_comes_back_is_somebody_new(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, TYPED).await;
    let (old, old_receipt) = (choices(&app, ADA), app.mail_to(ADA).remove(1));
    assert_eq!(app.post(&format!("{old}/erase"), TICKED).await.status, 200);
    let suppressed = "SELECT count(*) FROM suppression";
    assert_eq!(app.count(suppressed).await, 1);

    let mail = app.ask_and_read(ADA, "&newsletter=weekly").await;
    assert!(!mail.text.contains("again"), "nobody remembers them");
    assert_eq!(app.count(suppressed).await, 1, "asking lifts nothing");
    assert_eq!(app.post(&mail.link("/confirm/"), "").await.status, 303);
    let receipt = app.next_mail(ADA, 3).await;
    let new = receipt.link("/preferences/").replace(&app.base, "");
    assert_ne!(subscriber_id(&app, &new), subscriber_id(&app, &old));
    assert_eq!(app.count(suppressed).await, 0);
    assert_eq!((app.get(&old).await.status, app.get(&new).await.status), (410, 200));
    let export = app.export("newsletter:weekly").await;
    assert!(export.contains(&subscriber_id(&app, &new).to_string()) && export.contains(",given,"));
    assert!(!export.contains("Byron-King"), "what was erased does not come back");
    assert!(!app.get(&format!("{new}/my-data.json")).await.text().contains("Byron-King"));
    // The link of the older mail is for somebody who is not here any more; it says so, and where to leave.
    let (leaves, then) = (old_receipt.link("/unsubscribe/"), receipt.link("/unsubscribe/"));
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    let answers = [
        app.get(&leaves).await,
        app.post(&leaves, "").await,
        app.post(&leaves, "List-Unsubscribe=One-Click").await,
        app.post(&leaves, multipart).await,
        app.post(&leaves, &"a".repeat(60_000)).await,
    ];
    for answer in &answers {
        let page = answer.text();
        assert_eq!((answer.status, &answer.body), (200, &answers[0].body), "{page}");
        assert!(
            page.contains("What this link was for was deleted")
                && page.contains("href=\"/preferences\""),
            "{page}"
        );
        assert!(
            !page.contains("You are unsubscribed") && !page.contains("nothing more to do"),
            "{page}"
        );
        assert!(
            !page.contains("northmoor") && !page.contains("<form"),
            "it names nobody and leads to nobody's choices"
        );
    }
    assert_eq!(app.exported("newsletter:weekly").await.len(), 1, "and the new consent stands");
    assert_eq!(app.post(&then, "List-Unsubscribe=One-Click").await.status, 200);
    assert!(app.exported("newsletter:weekly").await.is_empty());
    assert_eq!(app.post(&format!("{new}/erase"), TICKED).await.status, 200);
    assert_eq!((noted(&app).len(), app.exported("privacy-policy").await.len()), (2, 0));
}

#[apply(both_databases!)]
async fn a_form_nobody_confirmed_is_erased_too(database: Database) {
    let app = TestApp::start(database).await;
    let link = app.ask_and_read(ADA, TYPED).await.link("/confirm/");
    app.mail_settled().await;
    let set = settings(&app);
    let set: Vec<(&str, &str)> = set.iter().map(|(k, v)| (*k, v.as_str())).collect();
    assert_eq!(run_well(app.dir.path(), &set, &["erase", ADA]), "erased\n");
    assert_eq!(app.get(&link).await.status, 410);
    assert_eq!(app.post(&link, "").await.status, 410);
    assert_eq!(state(&app).await, [0; 9]);
    assert_eq!(app.count("SELECT count(*) FROM consent_event").await, 2, "leaves");
}

#[apply(both_databases!)]
async fn mail_that_waited_is_never_sent(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, TYPED).await;
    app.mail_settled().await;
    let page = choices(&app, ADA);
    // Put off until tomorrow, as a busy relay would.
    let tomorrow = match database {
        Database::Sqlite => {
            "UPDATE outbox SET state = 'queued', finished_at = NULL, next_at = next_at + 86400000000"
        }
        Database::Postgres => {
            "UPDATE outbox SET state = 'queued', finished_at = NULL, next_at = next_at + interval '1 day'"
        }
    };
    assert_eq!(app.tamper(tomorrow).await.unwrap(), 2);
    // One is being handed over at this very moment.
    let mut tx = app.write().await;
    let then = app.clock.now().plus(Duration::from_hours(48));
    let under_way = outbox::claim(&mut tx, then, 1, &[]).await.unwrap().remove(0);
    tx.commit().await.unwrap();

    assert_eq!(app.post(&format!("{page}/erase"), TICKED).await.status, 200);
    assert_eq!(app.count("SELECT count(*) FROM outbox").await, 0);
    let mut tx = app.write().await;
    let done = Delivery { outcome: DeliveryOutcome::Sent, detail: "handed over", next_at: None };
    assert!(!outbox::mark_delivered(&mut tx, &app.core.moment(), &under_way, &done).await.unwrap());
    tx.commit().await.unwrap();
    app.advance(Duration::from_hours(48));
    assert_eq!(app.ask("bob@b.example").await.status, 303);
    app.next_mail("bob@b.example", 0).await;
    app.mail_settled().await;
    assert_eq!((app.mail_to(ADA).len(), app.inbox().len()), (2, 3));
}

#[apply(both_databases!)]
async fn what_is_confirmed_at_that_moment_goes_as_well(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, "").await;
    let page = choices(&app, ADA);
    let open = app.ask_and_read(ADA, "&newsletter=weekly").await.link("/confirm/");
    app.mail_settled().await;
    let token = open.rsplit('/').next().unwrap();
    let signup_id = app.core.links.secrets.open(LinkKind::Confirm, token).unwrap().id;
    let mut confirming = app.write().await;
    let signup = signups::find(&mut confirming, signup_id).await.unwrap().unwrap();
    let confirmed =
        confirm(&mut confirming, &app.core.moment(), &app.core.terms, &signup, Press::Link)
            .await
            .unwrap();
    assert_eq!(confirmed, Confirmation::Confirmed);
    let erase = app
        .request("POST", &format!("{page}/erase"))
        .header("content-type", "application/x-www-form-urlencoded");
    let erasing = tokio::spawn(erase.body(TICKED).send());
    if database == Database::Postgres {
        poll::until("the erasure to wait", || async {
            let waiting = "SELECT count(*) FROM pg_stat_activity
                               WHERE datname = current_database() AND wait_event_type = 'Lock'";
            (app.count(waiting).await > 0).then_some(())
        })
        .await;
    }
    confirming.commit().await.unwrap();
    assert_eq!(erasing.await.unwrap().unwrap().status(), 200);
    assert_eq!(app.post(&open, "").await.status, 410);
    app.mail_settled().await;
    assert_eq!(state(&app).await, [0, 0, 0, 0, 0, 0, 0, 0, 2]);
    let erased = "SELECT count(DISTINCT purpose) FROM consent_event WHERE type = 'erased'";
    assert_eq!(app.count(erased).await, 2, "whoever holds a copy is told of both purposes");
}

#[apply(both_databases!)]
async fn eight_presses_at_once_erase_once(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, TYPED).await;
    app.mail_settled().await;
    let erase = format!("{}/erase", choices(&app, ADA));
    let presses = futures_util::future::join_all((0..8).map(|_| app.post(&erase, TICKED))).await;
    assert!(presses.iter().all(|press| [200, 410].contains(&press.status)));
    assert!(presses.iter().any(|press| press.status == 200));
    assert_eq!(app.count("SELECT count(*) FROM consent_event WHERE type = 'erased'").await, 2);
    assert_eq!(state(&app).await, [0, 0, 0, 0, 0, 0, 0, 0, 2]);
    assert!(noted(&app).iter().all(|line| *line == address_key(&app, ADA)));
}

#[apply(both_databases!)]
async fn the_command_erases_beside_a_running_server(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(ADA, TYPED).await;
    app.subscribe("bob@b.example", "").await;
    app.mail_settled().await;
    let page = choices(&app, ADA);
    let set = settings(&app);
    let set: Vec<(&str, &str)> = set.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let erase = |email: &'static str| run_well(app.dir.path(), &set, &["erase", email]);
    // The database may have been made to say so: that it was asked for holds all the same.
    let nothing = "nothing is held of this address; it is noted that it was to be erased\n";
    assert_eq!(erase("nobody@b.example"), nothing);
    assert_eq!(app.count("SELECT count(*) FROM suppression WHERE reason = 'erased'").await, 1);
    assert_eq!(erase("Ada.Byron@Northmoor.example"), "erased\n");
    assert_eq!(erase(ADA), nothing);
    assert_eq!(app.get(&page).await.status, 410);
    assert_eq!(app.exported("privacy-policy").await, ["bob@b.example"]);
    assert!(
        noted(&app).contains(&address_key(&app, ADA))
            && !noted(&app).contains(&address_key(&app, "bob@b.example"))
    );
    let entries = audit_entries::list(&mut app.read().await, "erase").await.unwrap();
    let details: Vec<String> = entries.iter().map(|entry| entry.detail.0.to_string()).collect();
    assert_eq!(
        details,
        [r#"{"held":false}"#, r#"{"held":true}"#, r#"{"held":false}"#],
        "no address"
    );

    let wrong = run(app.dir.path(), &set, &["erase", "no address"]);
    let said = String::from_utf8_lossy(&wrong.stderr);
    assert!(wrong.status.code() == Some(1) && said.trim().lines().count() == 1, "{said}");
    assert_eq!(app.exported("privacy-policy").await, ["bob@b.example"]);
}

#[apply(both_databases!)]
async fn a_link_of_another_kind_erases_nobody(database: Database) {
    let app = TestApp::start(database).await;
    let download = app.subscribe(ADA, TYPED).await;
    let mails = app.mail_to(ADA);
    let token = |link: &str| link.rsplit('/').next().unwrap().to_owned();
    let page = token(&mails[1].link("/preferences/"));
    let renew = app.core.links.renew(subscriber_id(&app, &page));
    let nobody =
        app.core.links.secrets.token(LinkKind::Manage, Link { id: Uuid::nil(), generation: 1 });
    for (token, status) in [
        (token(&mails[0].link("/confirm/")), 404),
        (token(&mails[1].link("/unsubscribe/")), 404),
        (token(&download), 404),
        (token(&renew), 404),
        (page[1..].to_owned(), 404),
        ("x".to_owned(), 404),
        ("%00".to_owned(), 404),
        (nobody, 410),
    ] {
        for (method, path) in [
            ("GET", ""),
            ("POST", ""),
            ("POST", "/withdraw-all"),
            ("POST", "/erase"),
            ("GET", "/my-data"),
            ("GET", "/my-data.json"),
            ("GET", "/receipts/00000000-0000-0000-0000-000000000000"),
        ] {
            let path = format!("/preferences/{token}{path}");
            let request = app
                .request(method, &path)
                .header("content-type", "application/x-www-form-urlencoded");
            let answer =
                app.send(if method == "POST" { request.body(TICKED) } else { request }).await;
            assert_eq!(answer.status, status, "{method} {path}");
        }
    }
    assert!(noted(&app).is_empty());
    assert_eq!(app.exported("newsletter:weekly").await, [ADA]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_byte_of_what_was_erased_is_left_in_the_file() {
    let app = TestApp::start_sealing(Database::Sqlite, &[]).await;
    for n in 0..20 {
        app.subscribe(&format!("r{n}@b.example"), "&newsletter=weekly").await;
    }
    let download = app.subscribe(ADA, TYPED).await;
    assert_eq!(app.get(&format!("{download}/file")).await.status, 200);
    app.ask_and_read(ADA, "&name=Augusta+Byron-King").await;
    assert_eq!(app.post("/preferences", "email=ada.byron%40northmoor.example").await.status, 303);
    app.next_mail(ADA, 3).await;
    app.mail_settled().await;
    let traces = [ADA, "ada.byron", "Byron-King"];
    assert!(!found_in(app.dir.path(), &traces).is_empty(), "it was there");
    let page = choices(&app, ADA);
    assert_eq!(app.post(&format!("{page}/erase"), TICKED).await.status, 200);
    // Whoever reads at this moment keeps the log; then the worker empties it.
    poll::until("the last byte to go", || async {
        found_in(app.dir.path(), &traces).is_empty().then_some(())
    })
    .await;
    assert_eq!(app.exported("privacy-policy").await.len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_runs_meanwhile_keeps_no_byte_of_it_either() {
    let app = TestApp::start_sealing(Database::Sqlite, &[]).await;
    app.subscribe(ADA, TYPED).await;
    app.mail_settled().await;
    let page = choices(&app, ADA);
    let mut reading = app.read().await;
    assert!(subscribers::find(&mut reading, subscriber_id(&app, &page)).await.unwrap().is_some());
    assert_eq!(app.post(&format!("{page}/erase"), TICKED).await.status, 200);
    drop(reading);
    poll::until("the last byte to go", || async {
        found_in(app.dir.path(), &[ADA, "Byron-King"]).is_empty().then_some(())
    })
    .await;
}
