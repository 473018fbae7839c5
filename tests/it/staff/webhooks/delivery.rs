//! What becomes of what is not taken: order, patience, and its end.

use std::time::Duration;

use assent::app::{Program, Role as Part};
use assent::domain::staff::member::Role;
use assent::flows::staff::record_webhook_try::forget_old_webhooks;
use assent::store::staff::webhook_deliveries::claim;
use assent::store::staff::webhook_endpoints;
use macro_rules_attribute::apply;
use tokio_util::sync::CancellationToken;

use super::{LONGEST, all_taken, endpoint, failed, oldest_event, says, secret, start, told_all};
use crate::support::app::{Database, TestApp};
use crate::support::desk::{account, audit, hidden};
use crate::support::snapshot::same_mail;
use crate::support::{both_databases, poll};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const OFF: &str = "SELECT count(*) FROM webhook_endpoint WHERE off_at IS NOT NULL";
const WAITING: &str = "SELECT count(*) FROM webhook_delivery WHERE delivered_at IS NULL";

/// Whether nothing is due yet.
async fn waits(app: &TestApp) -> bool {
    let id = endpoint(app).await;
    let mut tx = app.write().await;
    claim(&mut tx, app.clock.now(), id, 9).await.unwrap().is_empty()
}

#[apply(both_databases!)]
async fn what_happens_to_somebody_is_told_in_order_and_others_do_not_wait(database: Database) {
    let app = start(database).await;
    let (receiver, ..) = told_all(&app).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    let first = receiver.hears(3).await;
    let ada = first[0].body()["data"]["subscriber_id"].clone();
    all_taken(&app).await;
    // Ada's are not taken from now on.
    let of = ada.clone();
    receiver.turn(move |told| {
        let refused = told.body()["data"]["subscriber_id"] == of;
        if refused { says(500, "no") } else { says(204, "") }
    });
    let mail = app.mail_to("ada@b.example").pop().unwrap();
    assert_eq!(app.post(&mail.link("/unsubscribe/"), "").await.status, 200);
    failed(&app, 1).await;
    app.mail_settled().await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    app.subscribe("bob@b.example", "").await;
    let mut refused = 0;
    // Tried again as its time comes, and each time alone.
    for _ in 0..4 {
        app.advance(20 * HOUR / 4);
        let heard = receiver.told().len();
        receiver.hears(heard + 1).await;
        refused = receiver.kinds().iter().filter(|kind| *kind == "consent.withdrawn").count();
        if refused > 1 && receiver.kinds().len() >= 3 + 2 + refused {
            break;
        }
    }
    assert!(refused > 1);
    let kinds = receiver.kinds();
    let confirmed =
        |kinds: &[String]| kinds.iter().filter(|kind| *kind == "signup.confirmed").count();
    assert_eq!(confirmed(&kinds), 2, "what Ada did later waits for the one before: {kinds:?}");
    // That she is erased waits for nothing, and nothing else is told of her.
    app.does(&["erase", "ada@b.example"]);
    receiver.turn(|_| says(200, "ok"));
    app.advance(8 * HOUR);
    all_taken(&app).await;
    let told = receiver.told();
    let left: Vec<&str> = told
        .iter()
        .filter(|one| one.kind() == "consent.withdrawn")
        .map(|one| one.id.as_str())
        .collect();
    assert!(left.len() > 1 && left.iter().all(|id| *id == left[0]), "the same message: {left:?}");
    let last = told.last().unwrap();
    assert_eq!(
        (last.kind().as_str(), &last.body()["data"]["subscriber_id"]),
        ("subscriber.erased", &ada)
    );
    assert_eq!(confirmed(&receiver.kinds()), 2);
}

#[apply(both_databases!)]
async fn after_three_days_it_is_off_and_every_admin_hears_of_it(database: Database) {
    let app = start(database).await;
    let (receiver, path, own) = told_all(&app).await;
    for (email, role) in [
        ("grace@sample.example", Role::Admin),
        ("ida@sample.example", Role::Admin),
        ("eve@sample.example", Role::Marketing),
    ] {
        account(&app, email, role).await;
    }
    receiver.turn(|_| says(503, &"away ".repeat(1000)));
    app.subscribe("ada@b.example", "").await;
    failed(&app, 1).await;
    // Not before its time, which grows.
    app.advance(Duration::from_secs(7));
    assert!(waits(&app).await, "ten seconds, less a quarter");
    app.advance(Duration::from_secs(6));
    failed(&app, 2).await;
    app.advance(Duration::from_secs(14));
    assert!(waits(&app).await, "twenty");
    app.advance(2 * DAY);
    failed(&app, 3).await;
    assert_eq!(app.count(OFF).await, 0);
    app.advance(DAY);
    poll::until("it to be off", || async { (app.count(OFF).await == 1).then_some(()) }).await;
    for email in ["ida@sample.example", "grace@sample.example"] {
        let mail = app.next_mail(email, 0).await;
        assert!(mail.text.contains("took nothing for three days"), "{}", mail.text);
        assert!(mail.text.contains(&path) && !mail.text.contains("/hook"), "{}", mail.text);
    }
    app.mail_settled().await;
    assert!(app.mail_to("eve@sample.example").is_empty());
    // Who was invited and never came cannot look at it.
    assert!(app.mail_to("admin@sample.example").is_empty());
    assert_eq!(audit(&app, "webhook.off").await.len(), 1);

    // What happens meanwhile waits, and all of it is sent in its order once it is on.
    let heard = receiver.told().len();
    app.subscribe("bob@b.example", "").await;
    assert_eq!(app.count(WAITING).await, 4);
    let admin = app.sign_in(Role::Admin).await;
    let page = admin.page(&path).await;
    assert!(
        page.contains("It took nothing for three days") && page.contains("away away"),
        "{page}"
    );
    assert_eq!(
        admin.post(&format!("{path}/test"), "").await.location(),
        format!("{path}?word=is-off")
    );
    receiver.turn(|_| says(200, "ok"));
    assert_eq!(receiver.told().len(), heard, "while it is off nothing is sent");
    assert_eq!(admin.post(&format!("{path}/on"), "").await.status, 303);
    all_taken(&app).await;
    let told = receiver.told();
    assert!(told.iter().all(|one| one.is_signed_by(&own)));
    assert_eq!(told.len(), heard + 4);
    assert_eq!(app.count(LONGEST).await, 2);
}

#[apply(both_databases!)]
async fn who_is_gone_is_told_nothing_more_at_once(database: Database) {
    let app = start(database).await;
    let (receiver, ..) = told_all(&app).await;
    account(&app, "grace@sample.example", Role::Admin).await;
    receiver.turn(|_| says(410, "gone"));
    app.subscribe("ada@b.example", "").await;
    poll::until("it to be off", || async { (app.count(OFF).await == 1).then_some(()) }).await;
    let mail = app.next_mail("grace@sample.example", 0).await;
    assert!(mail.text.contains("nobody is there any more (410)"), "{}", mail.text);
    if database == Database::Sqlite {
        same_mail("mail_webhook_off", &mail);
    }
    let told = receiver.told();
    assert_eq!(told.len(), 1, "{told:?}");
    app.advance(DAY);
    app.subscribe("bob@b.example", "").await;
    assert_eq!((app.count(WAITING).await, receiver.told().len()), (4, 1));
}

#[apply(both_databases!)]
async fn two_workers_tell_each_thing_once(database: Database) {
    let app = start(database).await;
    let (receiver, ..) = told_all(&app).await;
    let stop = CancellationToken::new();
    let second = Program::build(app.core.clone(), false).unwrap();
    let second = tokio::spawn(second.run(Part::Worker, None, stop.clone()));
    for n in 0..8 {
        app.subscribe(&format!("r{n}@b.example"), "&newsletter=weekly").await;
    }
    receiver.hears(24).await;
    all_taken(&app).await;
    let mut ids: Vec<String> = receiver.told().into_iter().map(|told| told.id).collect();
    assert_eq!(ids.len(), 24);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 24);
    stop.cancel();
    // It closes the database that both have, so the story ends here.
    second.await.unwrap();
}

#[apply(both_databases!)]
async fn what_a_worker_held_that_died_is_told_under_the_same_id(database: Database) {
    let app = start(database).await;
    let (receiver, ..) = told_all(&app).await;
    receiver.turn(|_| says(500, "no"));
    app.subscribe("ada@b.example", "").await;
    failed(&app, 1).await;
    let id = endpoint(&app).await;
    // A worker an hour ahead claims it and dies.
    let later = app.clock.now().plus(HOUR);
    let mut tx = app.write().await;
    let held = claim(&mut tx, later, id, 9).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(held.len(), 1, "what comes later of the same person waits");
    receiver.turn(|_| says(200, "ok"));
    let mut tx = app.write().await;
    assert!(claim(&mut tx, later, id, 9).await.unwrap().is_empty(), "it is nobody else's");
    drop(tx);
    let heard = receiver.told().len();
    app.advance(HOUR);
    assert_eq!(receiver.told().len(), heard);
    // Its lease ends: by the story's clock, or by the database's own.
    app.advance(Duration::from_secs(61));
    if database == Database::Postgres {
        app.tamper("UPDATE webhook_delivery SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL")
            .await
            .unwrap();
    }
    all_taken(&app).await;
    let told = receiver.told();
    assert_eq!(told.len(), heard + 2);
    assert_eq!(told[0].id, told[heard].id, "the same message");
}

#[apply(both_databases!)]
async fn for_a_day_both_secrets_sign(database: Database) {
    let app = start(database).await;
    let (receiver, path, old) = told_all(&app).await;
    let admin = app.sign_in(Role::Admin).await;
    let rotate = format!("{path}/rotate");
    let since = hidden(&admin.page(&path).await, "secret");
    for unsure in ["", "sure=yes", "sure=yes&secret=", "sure=yes&secret=x", "sure=no&secret=1"] {
        let answer = admin.post(&rotate, unsure).await;
        assert!(answer.status == 422 && answer.text().contains("Tick the box"), "{unsure}");
    }
    let fields = format!("sure=yes&secret={since}");
    let (one, other) = tokio::join!(admin.post(&rotate, &fields), admin.post(&rotate, &fields));
    let pages = [one.text(), other.text()];
    let shown: Vec<&String> = pages.iter().filter(|page| page.contains("whsec_")).collect();
    assert_eq!(shown.len(), 1, "two presses replace it once");
    let new = secret(shown[0]);
    assert_ne!(new, old);
    app.advance(23 * HOUR);
    let admin = app.sign_in(Role::Admin).await;
    assert_eq!(admin.post(&format!("{path}/test"), "").await.status, 303);
    let told = receiver.hears(1).await;
    assert_eq!(told[0].signatures.len(), 2);
    assert!(told[0].is_signed_by(&new) && told[0].is_signed_by(&old));
    all_taken(&app).await;
    app.advance(2 * HOUR);
    let admin = app.sign_in(Role::Admin).await;
    assert_eq!(admin.post(&format!("{path}/test"), "").await.status, 303);
    let told = receiver.hears(2).await;
    assert!(told[1].signatures.len() == 1 && told[1].is_signed_by(&new));
    assert_eq!(
        app.count("SELECT count(*) FROM audit_entry WHERE action = 'webhook.rotate'").await,
        1
    );
}

#[apply(both_databases!)]
async fn staff_send_one_or_all_again(database: Database) {
    let app = start(database).await;
    let (receiver, path, _) = told_all(&app).await;
    app.subscribe("ada@b.example", "").await;
    let told = receiver.hears(2).await;
    all_taken(&app).await;
    let admin = app.sign_in(Role::Admin).await;
    let event = hidden(&admin.page(&path).await, "event");
    let replay = format!("{path}/replay");
    for none in ["", "event=x", "event=018f0000-0000-7000-8000-000000000000"] {
        assert_eq!(admin.post(&replay, none).await.status, 404, "{none}");
    }
    assert_eq!(admin.post(&replay, &format!("event={event}")).await.status, 303);
    let again = receiver.hears(3).await;
    assert_eq!(
        (&again[2].id, &again[2].text),
        (&told[1].id, &told[1].text),
        "the newest, as it was"
    );
    all_taken(&app).await;
    // The oldest would undo what came after it.
    let oldest = oldest_event(&admin.page(&path).await);
    assert_ne!(oldest, event);
    let answer = admin.post(&replay, &format!("event={oldest}")).await;
    assert_eq!(answer.location(), format!("{path}?word=outlived"));
    assert!(admin.page(answer.location()).await.contains("something later was told"));
    assert_eq!(app.count(WAITING).await, 0);
    let all = format!("{path}/replay-all");
    assert_eq!(admin.post(&all, "").await.location(), format!("{path}?word=none"));
    receiver.turn(|_| says(500, "no"));
    for email in ["bob@b.example", "cy@b.example"] {
        app.subscribe(email, "").await;
    }
    failed(&app, 1).await;
    receiver.turn(|_| says(200, "ok"));
    let page = admin.page(&path).await;
    assert!(page.contains("Failing") && page.contains("Not taken"), "{page}");
    assert_eq!(admin.post(&all, "").await.location(), format!("{path}?word=all"));
    all_taken(&app).await;
    assert_eq!(audit(&app, "webhook.replay-all").await.len(), 1);
    assert_eq!(audit(&app, "webhook.replay").await.len(), 1);
}

#[apply(both_databases!)]
async fn after_thirty_days_it_is_forgotten(database: Database) {
    let app = start(database).await;
    let (receiver, ..) = told_all(&app).await;
    app.subscribe("ada@b.example", "").await;
    receiver.hears(2).await;
    all_taken(&app).await;
    receiver.turn(|_| says(410, "gone"));
    app.subscribe("bob@b.example", "").await;
    poll::until("it to be off", || async { (app.count(OFF).await == 1).then_some(()) }).await;
    let forget = || async {
        let at = app.core.moment();
        app.core.db.run(|tx| Box::pin(forget_old_webhooks(tx, &at))).await.unwrap()
    };
    app.advance(29 * DAY);
    assert_eq!(forget().await, 0);
    assert_eq!(app.count("SELECT count(*) FROM webhook_delivery").await, 4);
    app.advance(2 * DAY);
    // The worker forgets as well, and may be first.
    forget().await;
    poll::until("nothing kept", || async {
        (app.count("SELECT count(*) FROM webhook_delivery").await == 0).then_some(())
    })
    .await;
}

#[apply(both_databases!)]
async fn nothing_is_told_while_mail_is_kept_back(database: Database) {
    let app = start(database).await;
    let (receiver, ..) = told_all(&app).await;
    app.tamper("INSERT INTO alarm (subject, detail, since) SELECT 'mail-paused', 'a story', created_at FROM staff LIMIT 1")
        .await
        .unwrap();
    let admin = app.sign_in(Role::Admin).await;
    let id = endpoint(&app).await;
    assert_eq!(admin.post(&format!("/console/webhooks/{id}/test"), "").await.status, 303);
    assert_eq!(app.count(WAITING).await, 1, "there is something to tell");
    let mut tx = app.write().await;
    let due = webhook_endpoints::list_due(&mut tx, app.clock.now()).await.unwrap();
    assert!(due.is_empty(), "{due:?}");
    assert!(claim(&mut tx, app.clock.now(), id, 9).await.unwrap().is_empty());
    drop(tx);
    assert!(receiver.told().is_empty());
    app.tamper("DELETE FROM alarm WHERE subject = 'mail-paused'").await.unwrap();
    assert_eq!(receiver.hears(1).await[0].kind(), "webhook.test");
}

// What was claimed for an endpoint was dropped, for as long as its lease, when the next one could not be claimed for.
#[apply(both_databases!)]
async fn one_that_cannot_be_claimed_for_keeps_nobody_waiting(database: Database) {
    let app = start(database).await;
    let (receiver, ..) = told_all(&app).await;
    let (other, ..) = told_all(&app).await;
    let pauses = "INSERT INTO alarm (subject, detail, since) SELECT 'mail-paused', 'a story', created_at FROM staff LIMIT 1";
    app.tamper(pauses).await.unwrap();
    let admin = app.sign_in(Role::Admin).await;
    for row in webhook_endpoints::list(&mut app.read().await).await.unwrap() {
        let path = format!("/console/webhooks/{}/test", row.webhook_endpoint_id);
        assert_eq!(admin.post(&path, "").await.status, 303);
    }
    // As many claims as are counted.
    let broken = "UPDATE webhook_delivery SET claims = 2147483647 WHERE webhook_endpoint_id =
                      (SELECT webhook_endpoint_id FROM webhook_endpoint ORDER BY created_at LIMIT 1)";
    assert_eq!(app.tamper(broken).await.unwrap(), 1);
    app.tamper("DELETE FROM alarm WHERE subject = 'mail-paused'").await.unwrap();
    other.hears(1).await;
    // What it answered is written down a moment later.
    poll::until("one that waits", || async { (app.count(WAITING).await == 1).then_some(()) }).await;
    assert!(receiver.told().is_empty());
}
