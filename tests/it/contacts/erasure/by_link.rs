//! Erased behind somebody's own link: everything but leaves and keyed codes.

use std::time::Duration;

use assent::domain::signup::link::{Link, LinkKind};
use assent::store::consent::events::{self, ConsentEvent};
use assent_ledger::event_type::EventType;
use macro_rules_attribute::apply;
use uuid::Uuid;

use super::{ADA, TICKED, TYPED, address_key, choices, noted, state, subscriber_id};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;

async fn events(app: &TestApp, subject_id: Uuid) -> Vec<ConsentEvent> {
    events::list(&mut app.read().await, subject_id).await.unwrap()
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
