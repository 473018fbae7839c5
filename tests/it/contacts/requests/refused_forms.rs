//! Forms that cannot be taken, now or at all: nothing that was typed is lost.

use assent::domain::staff::member::Role;
use macro_rules_attribute::apply;

use super::{FORM, REGISTER, ROWS, enter, filled_in, write};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::desk::escaped;

#[apply(both_databases!)]
async fn a_form_that_cannot_be_read_is_shown_again(database: Database) {
    let app = TestApp::start(database).await;
    let long = "é".repeat(4001);
    let hostile = "<script>alert(1)</script></textarea>";
    for (fields, says) in [
        (String::new(), "Enter the email address that we can answer to"),
        ("email=ada%40b.example&words=+%0D%0A+".to_owned(), "Write what happened"),
        ("email=ada&words=x".to_owned(), "ada"),
        (format!("email=ada%40b.example&words={}", escaped(&long)), "there are 4001 now"),
        ("email=ada%40b.example%0D%0ABcc%3A+x%40b.example&words=x".to_owned(), "on one line"),
        ("email=a%40b.example&email=c%40b.example&words=x".to_owned(), "Fill in this field once"),
        ("email=a%40b.example&words=x&words=y".to_owned(), "Fill in this field once"),
        (format!("email=a%40b.example&words=x&name={}", "n".repeat(201)), "at most 200"),
        (format!("email=no&words={}", escaped(hostile)), "&lt;/textarea&gt;"),
    ] {
        let answer = app.post(FORM, &fields).await;
        let page = answer.text();
        assert_eq!(answer.status, 422, "{fields}");
        assert!(page.contains("<title>Error: ") && page.contains(says), "{says}: {page}");
        assert!(!page.contains("<script>"), "{page}");
        if fields.contains(&escaped(&long)) {
            assert!(page.contains(&long), "what was typed is still there");
        }
    }
    let too_much = app.post(FORM, &format!("words={}", "a".repeat(65 * 1024))).await;
    assert_eq!(too_much.status, 413);
    let foreign = app.request("POST", FORM).header("origin", "https://evil.example");
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let foreign = app.send(foreign.header(kind.0, kind.1).body("email=a%40b.example&words=x"));
    assert_eq!(foreign.await.status, 403);
    assert_eq!(app.count(ROWS).await, 0);
    // The longest that fits; lines stay, what disguises goes; a form without its number is one, too.
    let most = format!("a\u{202e}\r\n{}", "é".repeat(3998));
    let taken = app.post(FORM, &format!("email=a%40b.example&words={}", escaped(&most))).await;
    assert_eq!(taken.status, 200, "{}", taken.text());
    assert_eq!(
        app.count("SELECT count(*) FROM privacy_request WHERE length(words) = 4000").await,
        1
    );
}

#[apply(both_databases!)]
async fn whoever_has_to_wait_keeps_what_they_wrote(database: Database) {
    let app = TestApp::start_with(database, &[("ASSENT_LIMIT_SIGNUPS_PER_IP", "8/hour")]).await;
    for n in 0..2 {
        let fields = filled_in(&app, "ada@b.example", &format!("It happened {n} times.")).await;
        assert_eq!(app.post(FORM, &fields).await.status, 200);
    }
    let fields = filled_in(&app, "ada@b.example", "It happened <often>.").await;
    let answer = app.post(FORM, &fields).await;
    assert_eq!(answer.status, 429);
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 60);
    let page = answer.text();
    assert!(
        page.contains("It happened &lt;often&gt;.") && page.contains("ada@b.example"),
        "{page}"
    );
    let (_, form_id) = fields.split_once("form_id=").unwrap();
    let form_id = form_id.split('&').next().unwrap();
    assert!(page.contains(form_id), "sent again, it is the same form: {page}");
    assert_eq!(app.count(ROWS).await, 2);
    // Whoever complains keeps nobody from signing up.
    assert_eq!(app.ask("bob@b.example").await.status, 303);
}

#[apply(both_databases!)]
async fn a_database_that_is_away_loses_nothing_typed(database: Database) {
    let app = TestApp::start(database).await;
    let fields = filled_in(&app, "ada@b.example", "It happened.").await;
    app.core.db.close().await;
    let answer = app.post(FORM, &fields).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "5"));
    assert!(answer.header("content-type").starts_with("text/html"));
    let page = answer.text();
    assert!(page.contains("It happened.") && page.contains("still here"), "{page}");
    assert_eq!(app.get(FORM).await.status, 200, "the form is still served");
}

#[apply(both_databases!)]
async fn what_staff_enter_is_read_as_strictly(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let form = "/console/requests/new";
    let id = "form_id=0192f0c0-0000-7000-8000-000000000001";
    let sound = format!("{id}&kind=access&channel=letter&received=2026-11-20&words=x");
    for (what, instead, says) in [
        ("kind=access", "kind=everything", "Choose what they want"),
        ("channel=letter", "channel=form", "Choose how it reached us"),
        ("2026-11-20", "2026-11-24", "Write a day that has come"),
        ("2026-11-20", "yesterday", "a day such as"),
        ("words=x", "words=+", "Write whose request it is"),
        ("words=x", "words=x&email=ada", "ada"),
        ("words=x", "words=x&name=a%00", "on one line"),
        (id, "form_id=1", "Load this page again"),
    ] {
        let answer = desk.post(form, &sound.replace(what, instead)).await;
        assert_eq!(answer.status, 422, "{instead}");
        assert!(answer.text().contains(says), "{instead}: {}", answer.text());
    }
    assert_eq!(app.count(ROWS).await, 0);
    let [one, two] = [desk.post(form, &sound), desk.post(form, &sound)];
    let (one, two) = tokio::join!(one, two);
    assert_eq!((one.status, one.location()), (303, two.location()), "{}", one.text());
    assert_eq!(app.count(ROWS).await, 1, "one press, one request");
    for made_up in ["~", "1~x", "99999999999999999999~0192f0c0-0000-7000-8000-000000000001"] {
        assert_eq!(desk.get(&format!("{REGISTER}?after={made_up}")).await.status, 200);
    }
    for reference in ["x", "7QF2-MZD9-XA0B"] {
        let answer = desk.get(&format!("{REGISTER}?reference={reference}")).await;
        assert_eq!(answer.status, 422, "{reference}");
    }
    let nowhere = "/console/requests/0192f0c0-0000-7000-8000-000000000009";
    for path in [nowhere.to_owned(), format!("{nowhere}/letters/outcome"), format!("{REGISTER}/x")]
    {
        assert_eq!(desk.get(&path).await.status, 404, "{path}");
    }
}

#[apply(both_databases!)]
async fn letters_are_read_as_strictly(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let path = enter(&desk, "complaint", "2026-11-20", "&words=It+happened.").await;
    for (fields, says) in [
        ("way=post&words=", "Write the letter"),
        ("way=post&words=Dear+%5B%5Bname%5D%5D", "in place of what stands between"),
        ("way=pigeon&words=x", "Choose how it is sent"),
        ("way=mail&words=x", "there is no email address"),
    ] {
        let answer = write(&desk, &path, "outcome", fields).await;
        assert_eq!(answer.status, 422, "{fields}");
        assert!(answer.text().contains(says), "{fields}: {}", answer.text());
    }
    for letter in ["extended", "received", "nonsense"] {
        assert_eq!(desk.get(&format!("{path}/letters/{letter}")).await.status, 404, "{letter}");
    }
    for (fields, says) in [
        ("outcome=done&note=x", "Choose how it ended"),
        ("outcome=upheld&note=+", "Write what was done"),
        ("outcome=upheld&note=x", "Tell them the outcome first"),
    ] {
        let answer = desk.post(&format!("{path}/close"), fields).await;
        assert_eq!(answer.status, 422, "{fields}");
        assert!(answer.text().contains(says), "{fields}: {}", answer.text());
    }
    assert_eq!(app.count("SELECT count(*) FROM request_letter").await, 0);
}
