//! The six digits of mail 1, typed on the waiting page.

use std::time::Duration;

use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::signup::link::Link;
use assent::domain::signup::submitted_form::Method;
use assent::flows::contacts::erase::{Erasing, erase};
use assent::worker::tasks::forget_signups::forget_signups;
use futures_util::future::join_all;
use macro_rules_attribute::apply;
use uuid::Uuid;

use crate::support::app::{Answer, Database, PATH, TestApp, form};
use crate::support::inbox::Mail;
use crate::support::postgres::free_port;
use crate::support::{both_databases, poll};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const TRIES: &str = "SELECT COALESCE(sum(tries), 0) FROM code_try";
const CONFIRMED: &str = "SELECT count(*) FROM signup WHERE status = 'confirmed'";

const WRONG: &str = "That code isn’t right";
const USED_UP: &str = "Too many codes have been tried";

/// The mail after the first `before`, once it is written down as sent: its code lives from then on.
async fn mailed(app: &TestApp, email: &str, before: usize) -> Mail {
    let mail = app.next_mail(email, before).await;
    app.mail_settled().await;
    mail
}

/// Asks for the sample report; gives the cookie and the mail.
async fn ask(app: &TestApp, email: &str) -> (String, Mail) {
    let before = app.mail_to(email).len();
    let asked = app.ask(email).await;
    assert_eq!(asked.status, 303);
    (asked.cookie(), mailed(app, email, before).await)
}

/// Another code than this.
pub fn not(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

/// The one signup there is, by its first link.
async fn link(app: &TestApp) -> Link {
    let id = match &app.core.db {
        assent::store::Db::Sqlite { readers, .. } => {
            sqlx::query_scalar::<_, Uuid>("SELECT signup_id FROM signup").fetch_one(readers).await
        }
        assent::store::Db::Postgres { pool, .. } => {
            sqlx::query_scalar::<_, Uuid>("SELECT signup_id FROM signup").fetch_one(pool).await
        }
    };
    Link { id: id.unwrap(), generation: 1 }
}

fn is_refused(answer: &Answer, says: &str) -> bool {
    let page = answer.text();
    answer.status == 422
        && page.contains(says)
        && page.contains("<title>Error: ")
        && !answer.headers.contains_key("set-cookie")
}

#[apply(both_databases!)]
async fn a_code_is_taken_as_it_is_pasted(database: Database) {
    let app = TestApp::start(database).await;
    for (name, typed) in [
        ("ada", "%E2%80%8B{a}{b}%E2%81%A0"),
        ("bea", "{a}%C2%A0{b}."),
        ("cy", "{a}%E2%80%8B{b} "),
        ("dot", "{wide}"),
    ] {
        let (cookie, mail) = ask(&app, &format!("{name}@b.example")).await;
        let code = mail.code();
        let wide = |digit: u8| char::from_u32(u32::from(digit - b'0') + 0xff10).unwrap();
        let wide: String = code.bytes().map(wide).collect();
        let wide: String = url::form_urlencoded::byte_serialize(wide.as_bytes()).collect();
        let typed =
            typed.replace("{a}", &code[..3]).replace("{b}", &code[3..]).replace("{wide}", &wide);
        let answer = app.type_code(&cookie, &typed).await;
        assert_eq!(answer.status, 303, "{typed}: {}", answer.text());
    }
    assert_eq!((app.count(CONFIRMED).await, app.count(TRIES).await), (4, 0));
}

#[apply(both_databases!)]
async fn the_code_confirms_as_the_link_does(database: Database) {
    let app = TestApp::start(database).await;
    let asked = app.post(PATH, &form("ada@b.example", "&newsletter=weekly")).await;
    let mail = mailed(&app, "ada@b.example", 0).await;
    assert!(mail.links()[0].contains("/confirm/") && mail.html.contains(&mail.code()));
    let page = app
        .send(app.request("GET", "/check-your-inbox").header("cookie", asked.cookie()))
        .await
        .text();
    assert!(
        page.contains("inputmode=\"numeric\"") && page.contains("autocomplete=\"one-time-code\"")
    );
    assert!(!page.contains(&mail.code()));

    let confirmed = app.type_code(&asked.cookie(), &mail.code()).await;
    assert_eq!(confirmed.status, 303, "{}", confirmed.text());
    assert!(confirmed.location().starts_with("/downloads/"));
    assert!(confirmed.cookie().is_empty(), "whoever guessed it is led to nobody's choices");
    assert_eq!(app.get(confirmed.location()).await.status, 200);
    app.next_mail("ada@b.example", 1).await;
    for purpose in ["privacy-policy", "newsletter:weekly"] {
        assert_eq!(app.exported(purpose).await, ["ada@b.example"], "the choices of the form");
    }

    let again = app.type_code(&asked.cookie(), &mail.code()).await;
    assert_eq!((again.status, again.location()), (303, confirmed.location()));
    assert!(again.cookie().is_empty(), "this press confirmed nothing");
    assert_eq!(app.get(&mail.link("/confirm/")).await.status, 200, "a used link");
    app.advance(Duration::from_mins(11));
    assert!(is_refused(&app.type_code(&asked.cookie(), &mail.code()).await, WRONG), "not for good");

    let asked = app.post("/newsletters", &form("bob@b.example", "&newsletter=weekly")).await;
    let code = mailed(&app, "bob@b.example", 0).await.code();
    assert_eq!(app.type_code(&asked.cookie(), &code).await.location(), "/thank-you");
}

#[apply(both_databases!)]
async fn what_is_no_code_says_so_and_costs_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let (cookie, mail) = ask(&app, "ada@b.example").await;
    let code = mail.code();
    for typed in
        ["", "12345", "1234567", "abcdef", "%ff12345", "123456%00", "12<34\"", "123456&code=123456"]
    {
        let refused = app.type_code(&cookie, typed).await;
        assert!(is_refused(&refused, "Enter the six-digit code from"), "{typed}");
    }
    let kept = app.type_code(&cookie, "12<34\"").await.text();
    assert!(kept.contains("value=\"12&lt;34&quot;\"") && kept.contains("href=\"#code\""));
    assert_eq!(app.count(TRIES).await, 0);
    let wrong = app.type_code(&cookie, &not(&code)).await;
    assert!(
        is_refused(&wrong, WRONG) && wrong.text().contains(&format!("value=\"{}\"", not(&code)))
    );
    let grouped = format!(" {} - {} ", &code[..3], &code[3..]);
    assert_eq!(app.type_code(&cookie, &grouped).await.status, 303);
    assert_eq!(app.count(TRIES).await, 1, "the wrong one");
}

#[apply(both_databases!)]
async fn an_address_has_five_tries_a_day(database: Database) {
    let app = TestApp::start(database).await;
    let (cookie, mail) = ask(&app, "ada@b.example").await;
    let (other, others) = ask(&app, "bob@b.example").await;
    for _ in 0..4 {
        assert!(is_refused(&app.type_code(&cookie, &not(&mail.code())).await, WRONG));
    }
    // The tries are those of the address, whoever types it and however.
    let (shouted, _) = ask(&app, "ADA@b.example").await;
    assert!(is_refused(&app.type_code(&shouted, &not(&mail.code())).await, WRONG));
    for typed in [mail.code(), not(&mail.code())] {
        for cookie in [&cookie, &shouted] {
            assert!(is_refused(&app.type_code(cookie, &typed).await, USED_UP), "right or wrong");
        }
    }
    assert_eq!((app.count(CONFIRMED).await, app.count(TRIES).await), (0, 5));
    assert_eq!(
        app.type_code(&other, &others.code()).await.status,
        303,
        "another address has its own"
    );
    assert_eq!(app.count("SELECT count(*) FROM code_try").await, 1, "and a right code is no try");

    // The day ends at midnight, fifteen hours after the beginning.
    app.advance(HOUR * 14 + MINUTE * 59);
    let (cookie, _) = ask(&app, "ada@b.example").await;
    assert!(is_refused(&app.type_code(&cookie, &mail.code()).await, USED_UP));
    app.advance(MINUTE);
    assert_eq!(app.type_code(&cookie, &mail.code()).await.status, 303, "as long as the link works");
    assert_eq!(app.post(&mail.link("/confirm/"), "").await.status, 303);
    assert_eq!(app.count(CONFIRMED).await, 2);
}

// A right code as the fifth try, POSTed twice: the second answer was 422 "Too many codes have been tried".
#[apply(both_databases!)]
async fn who_presses_twice_gets_what_the_first_press_got(database: Database) {
    let app = TestApp::start(database).await;
    let (cookie, mail) = ask(&app, "ada@b.example").await;
    for _ in 0..4 {
        assert!(is_refused(&app.type_code(&cookie, &not(&mail.code())).await, WRONG));
    }
    let code = mail.code();
    let first = app.type_code(&cookie, &code).await;
    assert!(first.status == 303 && first.location().starts_with("/downloads/"), "{}", first.text());
    // One after the other, and at once; more often than there are tries of any kind.
    for _ in 0..4 {
        let again = app.type_code(&cookie, &code).await;
        assert_eq!((again.status, again.location()), (303, first.location()));
    }
    for again in join_all((0..8).map(|_| app.type_code(&cookie, &code))).await {
        assert_eq!((again.status, again.location()), (303, first.location()));
    }
    assert_eq!((app.count(TRIES).await, app.count(CONFIRMED).await), (4, 1));
    // The fifth wrong one is the last of that day, and then no code is looked at.
    assert!(is_refused(&app.type_code(&cookie, &not(&mail.code())).await, WRONG));
    assert!(is_refused(&app.type_code(&cookie, &mail.code()).await, USED_UP));

    // The very first press is one of several at once.
    let (cookie, mail) = ask(&app, "bob@b.example").await;
    for _ in 0..4 {
        assert!(is_refused(&app.type_code(&cookie, &not(&mail.code())).await, WRONG));
    }
    let code = mail.code();
    let presses = join_all((0..8).map(|_| app.type_code(&cookie, &code))).await;
    for press in &presses {
        assert_eq!(
            (press.status, press.location()),
            (303, presses[0].location()),
            "{}",
            press.text()
        );
    }
    assert_eq!(app.count(CONFIRMED).await, 2);
}

// Where another form's code is right, its choices are shown as often as it is typed.
#[apply(both_databases!)]
async fn another_forms_code_typed_twice_is_no_wrong_try(database: Database) {
    let app = TestApp::start(database).await;
    let (_, others) = ask(&app, "ada@b.example").await;
    let (cookie, mail) = ask(&app, "ada@b.example").await;
    for _ in 0..4 {
        assert!(is_refused(&app.type_code(&cookie, &not(&mail.code())).await, WRONG));
    }
    for _ in 0..3 {
        assert_eq!(
            app.type_code(&cookie, &others.code()).await.location(),
            "/check-your-inbox/code"
        );
    }
    assert_eq!((app.count(TRIES).await, app.count(CONFIRMED).await), (4, 0));
    assert_eq!(app.type_code(&cookie, &mail.code()).await.status, 303);
}

// Somebody who takes many reports in a day, each by its code.
#[apply(both_databases!)]
async fn right_codes_use_up_nothing(database: Database) {
    let app = TestApp::start(database).await;
    for nth in 1..=12 {
        let (cookie, mail) = ask(&app, "ada@b.example").await;
        assert_eq!(app.type_code(&cookie, &mail.code()).await.status, 303, "{nth}");
        app.mail_settled().await;
    }
    assert_eq!((app.count(TRIES).await, app.count(CONFIRMED).await), (0, 12));
}

#[apply(both_databases!)]
async fn tries_that_the_database_forgot_are_counted_all_the_same(database: Database) {
    let app = TestApp::start(database).await;
    let (cookie, mail) = ask(&app, "ada@b.example").await;
    let tried = async |code: &str| {
        let answer = app.type_code(&cookie, code).await;
        app.tamper("DELETE FROM code_try").await.unwrap();
        answer
    };
    // A day's tries at its end, and the next day's at its beginning: more nobody has.
    for _ in 0..10 {
        assert!(is_refused(&tried(&not(&mail.code())).await, WRONG));
    }
    assert!(is_refused(&tried(&mail.code()).await, USED_UP));
    assert_eq!(app.count(CONFIRMED).await, 0);
    let (other, others) = ask(&app, "bob@b.example").await;
    assert_eq!(
        app.type_code(&other, &others.code()).await.status,
        303,
        "another address has its own"
    );
}

#[apply(both_databases!)]
async fn a_guess_is_at_the_newest_few_forms(database: Database) {
    let app = TestApp::start(database).await;
    let (_, oldest) = ask(&app, "ada@b.example").await;
    let (_, second) = ask(&app, "ada@b.example").await;
    let mut cookie = String::new();
    for _ in 0..7 {
        cookie = ask(&app, "ada@b.example").await.0;
    }
    assert!(is_refused(&app.type_code(&cookie, &oldest.code()).await, WRONG));
    assert_eq!(
        app.type_code(&cookie, &second.code()).await.header("location"),
        "/check-your-inbox/code"
    );
    // Its link confirms all the same.
    assert_eq!(app.post(&oldest.link("/confirm/"), "").await.status, 303);
}

#[apply(both_databases!)]
async fn of_fifty_tries_at_once_five_are_looked_at(database: Database) {
    let app = TestApp::start(database).await;
    let (cookie, mail) = ask(&app, "ada@b.example").await;
    let wrong = not(&mail.code());
    let tries = join_all((0..50).map(|_| app.type_code(&cookie, &wrong))).await;
    let said = |says: &str| tries.iter().filter(|answer| is_refused(answer, says)).count();
    assert_eq!((said(WRONG), said(USED_UP)), (5, 45));
    assert_eq!(app.count(TRIES).await, 5);

    let (cookie, mail) = ask(&app, "bob@b.example").await;
    let code = mail.code();
    let presses = join_all((0..5).map(|_| app.type_code(&cookie, &code))).await;
    assert!(presses.iter().all(|p| p.status == 303 && p.location() == presses[0].location()));
    assert_eq!(app.count(CONFIRMED).await, 1, "of five presses at once, one confirms");
    assert_eq!(app.count("SELECT count(*) FROM outbox WHERE kind = 'receipt'").await, 1);
}

#[apply(both_databases!)]
async fn a_code_is_bound_to_the_browser_that_asked(database: Database) {
    let app = TestApp::start(database).await;
    let (cookie, mail) = ask(&app, "ada@b.example").await;
    let (other, _) = ask(&app, "bob@b.example").await;
    for cookie in ["", "assent_waiting=x", &format!("{cookie}x")] {
        let answer = app.type_code(cookie, &mail.code()).await;
        assert_eq!((answer.status, answer.location()), (303, "/check-your-inbox"));
    }
    assert!(app.get("/check-your-inbox").await.text().contains("works only in the browser"));
    assert!(is_refused(&app.type_code(&other, &mail.code()).await, WRONG), "of another address");
    app.advance(HOUR * 2);
    assert_eq!(app.type_code(&cookie, &mail.code()).await.location(), "/check-your-inbox");
    assert_eq!(app.count(CONFIRMED).await, 0);
    let unknown = app.get("/check-your-inbox/code").await;
    assert_eq!((unknown.status, unknown.location()), (303, "/check-your-inbox"));
}

#[apply(both_databases!)]
async fn a_code_lives_once_its_mail_was_sent(database: Database) {
    let away = format!("smtp://127.0.0.1:{}?tls=none", free_port());
    let app = TestApp::start_with(database, &[("ASSENT_MAIL_URL", &away)]).await;
    let asked = app.ask("ada@b.example").await;
    let code = app.core.links.secrets.code(link(&app).await).to_string();
    assert!(is_refused(&app.type_code(&asked.cookie(), &code).await, WRONG));
    // Somebody hands it over.
    assert_eq!(
        app.tamper("UPDATE outbox SET state = 'sent', finished_at = created_at").await.unwrap(),
        1
    );
    assert_eq!(app.type_code(&asked.cookie(), &code).await.status, 303);
}

#[apply(both_databases!)]
async fn a_code_ends_with_its_link(database: Database) {
    let app = TestApp::start_with(database, &[("ASSENT_CONFIRM_TTL", "1h")]).await;
    let (cookie, mail) = ask(&app, "ada@b.example").await;
    app.advance(HOUR);
    assert!(is_refused(&app.type_code(&cookie, &mail.code()).await, WRONG), "expired");
    app.post(&format!("{}/fresh", mail.link("/confirm/")), "").await;
    let fresh = mailed(&app, "ada@b.example", 1).await;
    assert_ne!(mail.code(), fresh.code());
    assert!(is_refused(&app.type_code(&cookie, &mail.code()).await, WRONG), "superseded");
    assert_eq!(app.type_code(&cookie, &fresh.code()).await.status, 303);

    let (cookie, mail) = ask(&app, "bob@b.example").await;
    assert_eq!(app.post(&mail.link("/not-me"), "").await.status, 200);
    assert!(is_refused(&app.type_code(&cookie, &mail.code()).await, WRONG), "cancelled");
    assert_eq!(app.count(CONFIRMED).await, 1);
}

#[apply(both_databases!)]
async fn nothing_tells_whether_an_address_is_known(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    let mut answers = Vec::new();
    for email in ["ada@b.example", "bob@b.example"] {
        let asked = app.ask(email).await;
        let cookie = asked.cookie();
        let tries = join_all((0..6).map(|_| app.type_code(&cookie, "000000"))).await;
        let mut said: Vec<String> =
            tries.iter().map(|answer| answer.text().replace(email, "X")).collect();
        said.sort();
        let heads = tries.iter().map(|answer| {
            let names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
            (answer.status, names)
        });
        answers.push((said, heads.collect::<Vec<_>>()));
    }
    assert_eq!(answers[0], answers[1]);
}

#[apply(both_databases!)]
async fn tries_are_forgotten(database: Database) {
    let app = TestApp::start(database).await;
    let (ada, _) = ask(&app, "ada@b.example").await;
    let (bob, _) = ask(&app, "bob@b.example").await;
    for cookie in [&ada, &bob] {
        app.type_code(cookie, "000000").await;
    }
    let key =
        app.core.flow_settings.address_secret.key(&EmailAddress::parse("ada@b.example").unwrap());
    let mut tx = app.write().await;
    assert!(
        erase(
            &mut tx,
            &app.core.flow_settings,
            &key,
            Erasing {
                at: &app.core.moment(),
                method: Method::Program,
                source: "test",
                actor: None
            }
        )
        .await
        .unwrap()
    );
    tx.commit().await.unwrap();
    assert_eq!(app.count(TRIES).await, 1, "with the person");
    let purge = async || {
        forget_signups(&app.core.db, &app.core.flow_settings, &app.core.moment()).await.unwrap()
    };
    purge().await;
    assert_eq!(app.count(TRIES).await, 1, "its day is not over");
    app.advance(HOUR * 15);
    purge().await;
    assert_eq!(app.count(TRIES).await, 0);
}

#[apply(both_databases!)]
async fn a_code_that_cannot_be_counted_is_not_looked_at(database: Database) {
    let app = TestApp::start(database).await;
    let (cookie, mail) = ask(&app, "ada@b.example").await;
    app.tamper("ALTER TABLE code_try RENAME TO code_try_away").await.unwrap();
    // It helps nobody to try again: that is a bug.
    assert_eq!(app.type_code(&cookie, &mail.code()).await.status, 500);
    assert_eq!(app.count(CONFIRMED).await, 0);
    app.tamper("ALTER TABLE code_try_away RENAME TO code_try").await.unwrap();
    let found = poll::until("the table", || async {
        Some(app.type_code(&cookie, &mail.code()).await).filter(|answer| answer.status == 303)
    });
    found.await;
}
