//! What the operator must look at: heard once, seen while it lasts, and for confirmations that collapse a form
//! that rests.

use std::time::Duration;

use assent::domain::alarm::MAIL_RELAY;
use assent::domain::staff::member::Role;
use assent::flows::mail::retry_mail::retry_all;
use assent::flows::raise_alarm::{AlarmChanges, clear, raise};
use assent::mail::mailbox::Mailbox;
use assent::mail::transport::{Relay, Tls, Transport};
use assent::worker::own_alarm::OwnAlarm;
use assent::worker::tasks::watch_relay::relay_is_back;
use assent::worker::tasks::{watch_confirmations, watch_refusals};
use futures_util::future::join_all;
use macro_rules_attribute::apply;

use crate::support::app::{Answer, Database, PATH, TestApp, form};
use crate::support::postgres::free_port;
use crate::support::{both_databases, poll};

const SAMPLE: &str = "confirmations:reports/sample";
const NEWSLETTERS: &str = "confirmations:newsletters";
const MINUTE: Duration = Duration::from_mins(1);
const PAUSE: &[(&str, &str)] = &[("ASSENT_LIMIT_CONFIRMATIONS_COLLAPSE", "pause")];

async fn looks(app: &TestApp) -> AlarmChanges {
    watch_confirmations::look(&app.core.db, &app.core.flow_settings, &app.core.moment())
        .await
        .unwrap()
}

/// The subjects that a look raised, and those it ended.
async fn changed(app: &TestApp) -> (Vec<String>, Vec<String>) {
    let AlarmChanges { raised, ended } = looks(app).await;
    (raised.into_iter().map(|(subject, _)| subject).collect(), ended)
}

/// Posts that many forms of strangers to a path, and waits until they are mailed.
async fn mail_strangers(app: &TestApp, path: &str, count: usize) {
    let bodies = (0..count).map(|n| form(&format!("stranger{n}@b.example"), "&newsletter=weekly"));
    let answers = join_all(bodies.map(async |body| app.post(path, &body).await)).await;
    assert!(answers.iter().all(|answer| answer.status == 303));
    app.mail_settled().await;
}

async fn raise_one(app: &TestApp, subject: &str, detail: &str) -> bool {
    let mut tx = app.write().await;
    let new = raise(&mut tx, &app.core.moment(), subject, detail).await.unwrap();
    tx.commit().await.unwrap();
    new
}

async fn clear_one(app: &TestApp, subject: &str) -> bool {
    let mut tx = app.write().await;
    let stood = clear(&mut tx, subject).await.unwrap();
    tx.commit().await.unwrap();
    stood
}

async fn readyz(app: &TestApp) -> String {
    let ready = app.get("/readyz").await;
    assert_eq!(ready.status, 200);
    ready.text()
}

/// What stands first at the console.
async fn console(app: &TestApp) -> String {
    app.sign_in(Role::Viewer).await.page("/console").await
}

/// The page once it says that its form rests, or does not any more.
async fn page(app: &TestApp, path: &str, rests: bool) -> String {
    poll::until(&format!("{path} rests: {rests}"), || async {
        let page = app.get(path).await;
        assert_eq!(page.status, 200);
        Some(page.text()).filter(|page| page.contains("This form is paused for now") == rests)
    })
    .await
}

fn is_resting(answer: &Answer) -> bool {
    answer.status == 503
        && answer.header("retry-after") == "900"
        && answer.text().contains("Links we have already sent still work")
        && !answer.text().contains("name=\"email\"")
}

/// Nothing listens there.
fn away() -> Transport {
    let relay = Relay {
        host: "127.0.0.1".to_owned(),
        port: free_port(),
        tls: Tls::None,
        credentials: None,
        hello: "localhost".to_owned(),
        timeout: Duration::from_secs(5),
    };
    Transport::smtp(relay, 1)
}

#[apply(both_databases!)]
async fn an_alarm_about_the_relay_ends_when_it_answers(database: Database) {
    let app = TestApp::start(database).await;
    let db = &app.core.db;
    let answers = Transport::Mailbox(Mailbox::open(app.dir.path()).unwrap());
    assert!(!relay_is_back(db, &answers).await.unwrap(), "there was none");
    app.subscribe("ada@b.example", "").await;
    app.mail_settled().await;
    // Raised by a worker that is gone, with no mail left to send.
    assert!(raise_one(&app, MAIL_RELAY, "it refuses").await);
    assert!(!relay_is_back(db, &away()).await.unwrap());
    assert!(app.get("/readyz").await.text().contains("mail: waits"));
    assert!(relay_is_back(db, &answers).await.unwrap());
    assert!(app.get("/readyz").await.text().contains("mail: ok"));
}

#[apply(both_databases!)]
async fn an_alarm_is_heard_once(database: Database) {
    let app = TestApp::start(database).await;
    assert_eq!(readyz(&app).await, "database: ok\nmail: ok\ntasks: ok\n");
    let heard = join_all((0..12).map(|_| raise_one(&app, MAIL_RELAY, "it refuses"))).await;
    assert_eq!(heard.iter().filter(|new| **new).count(), 1);
    assert_eq!(
        readyz(&app).await,
        "database: ok\nmail: waits\ntasks: ok\n",
        "strangers read no words of the relay"
    );
    assert!(console(&app).await.contains("it refuses"));
    app.advance(MINUTE);
    assert!(!raise_one(&app, MAIL_RELAY, "it is away").await);
    let page = console(&app).await;
    assert!(page.contains("it is away") && !page.contains("it refuses"), "in the newest words");
    assert!(raise_one(&app, SAMPLE, "few").await);
    assert!(
        readyz(&app)
            .await
            .contains("\nconfirmations:reports/sample since 09:01 UTC on 23 November 2026: few\n")
    );
    let ended = join_all((0..12).map(|_| clear_one(&app, MAIL_RELAY))).await;
    assert_eq!(ended.iter().filter(|stood| **stood).count(), 1);
    assert!(readyz(&app).await.contains("mail: ok\n"));
}

#[apply(both_databases!)]
async fn strangers_read_no_words_of_the_relay(database: Database) {
    let app = TestApp::start(database).await;
    let said = "535 5.7.8 <reports@relay.internal:587> authentication failed";
    raise_one(&app, MAIL_RELAY, said).await;
    for host in [app.address.to_string(), "evil.example".to_owned()] {
        let answer = app.send(app.request("GET", "/readyz").header("host", host)).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (200, "database: ok\nmail: waits\ntasks: ok\n")
        );
    }
    let staff = console(&app).await;
    assert!(staff.contains("535 5.7.8") && staff.contains("relay.internal"), "{staff}");
}

#[apply(both_databases!)]
async fn of_two_processes_each_ends_what_it_raised(database: Database) {
    let app = TestApp::start(database).await;
    let (db, at) = (&app.core.db, app.core.moment());
    let [mut one, mut other] = [(); 2].map(|()| OwnAlarm::new("sample"));
    assert!(!one.end(db).await.unwrap() && !other.end(db).await.unwrap(), "nothing stood");
    assert!(one.raise(db, &at, "it is away").await.unwrap());
    assert!(!other.end(db).await.unwrap(), "another one sees it");
    assert!(!one.raise(db, &at, "it is away").await.unwrap(), "heard once");
    assert!(one.end(db).await.unwrap() && !one.end(db).await.unwrap());
    // What a process left that is gone ends with the next one's first look.
    assert!(one.raise(db, &at, "it is away").await.unwrap());
    assert!(OwnAlarm::new("sample").end(db).await.unwrap());
}

#[apply(both_databases!)]
async fn a_mail_that_leaves_ends_the_alarm_about_the_relay(database: Database) {
    let app = TestApp::start(database).await;
    raise_one(&app, MAIL_RELAY, "it was away").await;
    app.ask_and_read("ada@b.example", "").await;
    poll::until("the end of the alarm", || async {
        readyz(&app).await.contains("mail: ok\n").then_some(())
    })
    .await;
}

#[apply(both_databases!)]
async fn confirmations_that_collapse_raise_an_alarm(database: Database) {
    let app = TestApp::start(database).await;
    mail_strangers(&app, PATH, 100).await;
    mail_strangers(&app, "/newsletters", 99).await;
    assert_eq!(looks(&app).await, AlarmChanges::default(), "people need a while to look");
    app.advance(MINUTE * 10);
    let found = looks(&app).await;
    let detail = "only 0 of 100 signups mailed in the last hour are confirmed";
    assert_eq!(found.raised, [(SAMPLE.to_owned(), detail.to_owned())]);
    assert_eq!(looks(&app).await, AlarmChanges::default(), "heard once");
    assert!(readyz(&app).await.contains(&format!(": {detail}\n")));

    // By default the form goes on, and a mail again to one of them is no other person.
    assert_eq!(app.ask("ada@b.example").await.status, 303);
    let links: Vec<String> =
        app.inbox().iter().take(5).map(|mail| mail.link("/confirm/")).collect();
    for link in &links[..4] {
        assert_eq!(app.post(link, "").await.status, 303);
    }
    assert_eq!(changed(&app).await, (vec![], vec![]));
    assert!(readyz(&app).await.contains("only 4 of 100 "), "as it was seen last");
    assert_eq!(app.post(&links[4], "").await.status, 303);
    assert_eq!(changed(&app).await, (vec![], vec![SAMPLE.to_owned()]));
    assert_eq!(changed(&app).await, (vec![], vec![]));
    assert_eq!(readyz(&app).await, "database: ok\nmail: ok\ntasks: ok\n");
}

#[apply(both_databases!)]
async fn each_signup_counts_once_and_for_an_hour(database: Database) {
    let app = TestApp::start(database).await;
    mail_strangers(&app, "/newsletters", 60).await;
    app.advance(MINUTE * 5);
    // The same people's links again.
    for mail in app.inbox() {
        assert_eq!(app.post(&format!("{}/fresh", mail.link("/confirm/")), "").await.status, 303);
    }
    app.mail_settled().await;
    app.advance(MINUTE * 15);
    assert_eq!(app.count("SELECT count(*) FROM outbox WHERE state = 'sent'").await, 120);
    assert_eq!(changed(&app).await, (vec![], vec![]));
    mail_strangers(&app, "/newsletters", 40).await;
    app.advance(MINUTE * 10);
    assert_eq!(changed(&app).await, (vec![NEWSLETTERS.to_owned()], vec![]));
    app.advance(MINUTE * 40);
    assert_eq!(changed(&app).await, (vec![], vec![NEWSLETTERS.to_owned()]), "the hour has passed");
}

#[apply(both_databases!)]
async fn a_form_rests_while_its_alarm_stands(database: Database) {
    let app = TestApp::start_with(database, PAUSE).await;
    let asked = app.ask("ada@b.example").await;
    let mail = app.next_mail("ada@b.example", 0).await;
    mail_strangers(&app, PATH, 100).await;
    app.advance(MINUTE * 10);
    assert!(looks(&app).await.raised[0].1.ends_with("; its form rests"));
    let resting = page(&app, PATH, true).await;
    assert!(resting.contains("A sample report") && !resting.contains("name=\"email\""));
    let before = app.count("SELECT count(*) FROM signup").await;
    assert!(is_resting(&app.ask("bob@b.example").await));
    assert!(is_resting(&app.post(PATH, "").await), "whatever was sent");
    assert_eq!(app.count("SELECT count(*) FROM signup").await, before);

    // Nobody is mailed again, and the page says why.
    let mails = app.inbox().len();
    let request =
        |method: &str, path: &str| app.request(method, path).header("cookie", asked.cookie());
    let again = app.send(request("POST", "/check-your-inbox/resend")).await;
    let fresh = app.post(&format!("{}/fresh", mail.link("/confirm/")), "").await;
    for answer in [again, fresh] {
        assert_eq!((answer.status, answer.location()), (303, "/check-your-inbox?word=rests"));
    }
    let waiting = app.send(request("GET", "/check-your-inbox?word=rests")).await.text();
    assert!(
        waiting.contains("No message was sent")
            && !waiting.contains("action=\"/check-your-inbox/resend\"")
    );
    app.mail_settled().await;
    assert_eq!(app.inbox().len(), mails);

    // What was mailed before works, and other forms go on.
    assert_eq!(app.type_code(&asked.cookie(), &mail.code()).await.status, 303);
    assert_eq!(app.post(&app.inbox()[50].link("/confirm/"), "").await.status, 303);
    assert!(!app.get("/newsletters").await.text().contains("rests"));
    assert_eq!(
        app.post("/newsletters", &form("bob@b.example", "&newsletter=weekly")).await.status,
        303
    );

    app.advance(MINUTE * 50);
    assert_eq!(changed(&app).await, (vec![], vec![SAMPLE.to_owned()]));
    assert!(page(&app, PATH, false).await.contains("name=\"email\""));
    assert_eq!(app.ask("bob@b.example").await.status, 303);
}

#[apply(both_databases!)]
async fn the_form_for_newsletters_rests_by_itself(database: Database) {
    let app = TestApp::start_with(database, PAUSE).await;
    raise_one(&app, NEWSLETTERS, "few").await;
    let resting = page(&app, "/newsletters", true).await;
    assert!(
        !resting.contains("name=\"email\"") && !resting.contains("no newsletter to sign up to")
    );
    assert!(!app.get("/").await.text().contains("name=\"email\""));
    assert!(is_resting(
        &app.post("/newsletters", &form("ada@b.example", "&newsletter=weekly")).await
    ));
    assert_eq!(app.ask("ada@b.example").await.status, 303, "the report's goes on");
    clear_one(&app, NEWSLETTERS).await;
    assert!(page(&app, "/newsletters", false).await.contains("name=\"email\""));
}

#[apply(both_databases!)]
async fn a_relay_that_is_away_makes_no_form_rest(database: Database) {
    let app = TestApp::start_with(database, PAUSE).await;
    raise_one(&app, MAIL_RELAY, "away").await;
    raise_one(&app, SAMPLE, "few").await;
    page(&app, PATH, true).await;
    assert_eq!(changed(&app).await, (vec![], vec![SAMPLE.to_owned()]), "it ends what is its own");
    page(&app, PATH, false).await;
    assert!(readyz(&app).await.contains("mail: waits\n"));
}

#[apply(both_databases!)]
async fn mails_parked_in_numbers_raise_an_alarm(database: Database) {
    let app = TestApp::start(database).await;
    mail_strangers(&app, PATH, 220).await;
    let looks = async || {
        let AlarmChanges { raised, ended } =
            watch_refusals::look(&app.core.db, &app.core.moment()).await.unwrap();
        (raised.into_iter().map(|(_, detail)| detail).collect::<Vec<_>>(), ended)
    };
    // Nineteen for one reason, and one for another.
    for sql in [
        "UPDATE outbox SET state = 'parked', reason = 'refused: 550' WHERE outbox_id IN
                 (SELECT outbox_id FROM outbox WHERE state = 'sent' ORDER BY outbox_id LIMIT 19)",
        "UPDATE outbox SET state = 'parked', reason = 'refused: 551' WHERE outbox_id IN
                 (SELECT outbox_id FROM outbox WHERE state = 'sent' ORDER BY outbox_id LIMIT 1)",
    ] {
        app.tamper(sql).await.unwrap();
    }
    assert_eq!(looks().await, (vec![], vec![]));
    // Twenty, of 199 that were sent.
    app.tamper("UPDATE outbox SET state = 'parked', reason = 'refused: 550' WHERE outbox_id IN
                        (SELECT outbox_id FROM outbox WHERE state = 'sent' ORDER BY outbox_id LIMIT 1)").await.unwrap();
    let detail = "20 mails of the last day are parked for one reason: refused: 550".to_owned();
    assert_eq!(looks().await, (vec![detail.clone()], vec![]));
    assert_eq!(looks().await, (vec![], vec![]), "heard once");
    let ready = readyz(&app).await;
    assert!(ready.contains("\nrefusals since ") && !ready.contains("550"), "{ready}");
    assert!(console(&app).await.contains(&detail));
    assert_eq!(changed(&app).await, (vec![], vec![]), "it is no alarm about confirmations");
    // Sent again, they are not parked any more.
    let mut tx = app.write().await;
    retry_all(&mut tx, &app.act(), "refused: 550", app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    app.mail_settled().await;
    assert_eq!(looks().await, (vec![], vec!["refusals".to_owned()]));
    // Twenty of two hundred and more are as many as are gone at any time.
    mail_strangers(&app, "/newsletters", 10).await;
    app.tamper("UPDATE outbox SET state = 'parked', reason = 'refused: 550' WHERE outbox_id IN
                        (SELECT outbox_id FROM outbox WHERE state = 'sent' ORDER BY outbox_id LIMIT 20)").await.unwrap();
    assert_eq!(looks().await, (vec![], vec![]), "fewer than one in ten");
    app.tamper("UPDATE outbox SET state = 'parked', reason = 'refused: 550' WHERE outbox_id IN
                        (SELECT outbox_id FROM outbox WHERE state = 'sent' ORDER BY outbox_id LIMIT 9)").await.unwrap();
    assert_eq!(looks().await.0.len(), 1);
    app.advance(MINUTE * 60 * 24);
    assert_eq!(looks().await, (vec![], vec!["refusals".to_owned()]), "that day has passed");
}

#[apply(both_databases!)]
async fn nobody_looks_when_it_is_off(database: Database) {
    let app =
        TestApp::start_with(database, &[("ASSENT_LIMIT_CONFIRMATIONS_COLLAPSE", "off")]).await;
    raise_one(&app, SAMPLE, "from before it was off").await;
    mail_strangers(&app, PATH, 100).await;
    app.advance(MINUTE * 10);
    assert_eq!(changed(&app).await, (vec![], vec![SAMPLE.to_owned()]));
    assert_eq!(changed(&app).await, (vec![], vec![]));
    assert_eq!(app.ask("ada@b.example").await.status, 303);
}
