//! Which addresses a report's form takes: set by the console and by command, told beforehand, and obeyed wherever the form
//! stands.

use assent::domain::staff::member::Role;
use macro_rules_attribute::apply;
use serde_json::{Value, json};

use crate::support::api::{refusal, refused};
use crate::support::app::{Answer, Database, PATH, TestApp, form};
use crate::support::both_databases;
use crate::support::desk::{TestDesk, audit, escaped, hidden};
use crate::support::page_form::PageForm;
use crate::support::poll;

const SCREEN: &str = "/console/reports/sample";
const PRESS: &str = "https://press.example";
const FRAME: &str = "/embed/sample";
const FORM: &str = "/api/v1/forms/sample";

/// Waits until the form says this at its first field.
async fn says(app: &TestApp, hint: &str) {
    poll::until(hint, || async {
        let page = app.get(PATH).await.text();
        let hint = format!("id=\"email-hint\">{hint}</p>");
        page.contains(&hint).then_some(())
    })
    .await;
}

async fn save(desk: &TestDesk<'_>, rules: &str) -> Answer {
    let seen = hidden(&desk.page(SCREEN).await, "seen");
    let fields = format!(
        "seen={}&title=A+sample+report&summary={}&body={}&pages=4&newsletter=weekly{rules}",
        escaped(&seen),
        escaped("What there is to say about samples."),
        escaped("## Inside\r\n\r\nA *few* pages."),
    );
    desk.post(SCREEN, &fields).await
}

#[apply(both_databases!)]
async fn a_rule_is_told_beforehand_and_obeyed_by_every_form(database: Database) {
    let app = TestApp::start_with(database, &[("ASSENT_EMBED_ORIGINS", PRESS)]).await;
    let before: Value = serde_json::from_slice(&app.get(FORM).await.body).unwrap();
    app.does(&["report", "edit", "sample", "--work-addresses", "refuse"]);
    let hint = "Use your work address. We send the link to the report to this address.";
    says(&app, hint).await;
    let shown: Value = serde_json::from_slice(&app.get(FORM).await.body).unwrap();
    assert_eq!(shown["fields"][0]["hint"], hint);
    assert_ne!(shown["form"], before["form"], "who draws it is told of another form");

    let words = "Use your work address: we do not send this report to gmail.com";
    let page = app.ask("ada@gmail.com").await;
    assert!(page.status == 422 && page.text().matches(words).count() == 2, "{}", page.text());
    assert!(page.text().contains("value=\"ada@gmail.com\""), "what was typed is kept");
    let frame = app.send(app.request("GET", FRAME).header("referer", format!("{PRESS}/"))).await;
    assert!(frame.text().contains(hint));
    let body = PageForm::find(&frame.text(), FRAME).fill("email", "ada@gmail.com").tick("yes");
    let frame = app.post(FRAME, &body.body()).await;
    assert!(frame.status == 422 && frame.text().contains(words), "{}", frame.text());
    let body = json!({
        "form": shown["form"], "email": "Ada@GMail.com",
        "consent": {"accepted": true, "policy": shown["policy"]["label"]},
    });
    let request = app.request("POST", "/api/v1/signups").header("content-type", "application/json");
    let answer = app.send(request.body(body.to_string())).await;
    assert_eq!(refusal(&answer), refused(422, "email", "not-work"));
    // A misspelt one is taken, and what the rule is against is not offered in its place.
    let asked = app.ask("ada@gmial.com").await;
    assert_eq!(asked.status, 303);
    let page = app.send(app.request("GET", "/check-your-inbox").header("cookie", asked.cookie()));
    assert!(!page.await.text().contains("gmail.com"));
    assert_eq!(app.ask("ada@northmoor.example").await.status, 303);
    // Newsletters alone are nobody's report.
    let news = app.post("/newsletters", &form("ada@gmail.com", "&newsletter=weekly")).await;
    assert_eq!(news.status, 303);

    app.does(&["report", "edit", "sample", "--work-addresses", "warn"]);
    says(
        &app,
        "Use your work address if you have one. We send the link to the report to this address.",
    )
    .await;
    let asked = app.ask("ada@gmail.com").await;
    assert_eq!(asked.status, 303);
    let page = app.request("GET", "/check-your-inbox").header("cookie", asked.cookie());
    let page = app.send(page).await.text();
    assert!(page.contains("For this report we ask for a work address."), "{page}");
    app.does(&["report", "edit", "sample", "--work-addresses", "off"]);
    says(&app, "We send the link to the report to this address.").await;
    let shown: Value = serde_json::from_slice(&app.get(FORM).await.body).unwrap();
    assert_eq!(shown["form"], before["form"], "without a rule it is the form that it was");
}

#[apply(both_databases!)]
async fn the_console_sets_every_rule(database: Database) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "# Thrown away\nthrowaway.example\n").unwrap();
    let set = [("ASSENT_DISPOSABLE_DOMAINS", file.path().to_str().unwrap())];
    let app = TestApp::start_with(database, &set).await;
    let desk = app.sign_in(Role::Marketing).await;
    let rules = format!(
        "&work_addresses=warn&disposable_addresses=refuse&allowed_domains=&on_other_domains=refuse\
         &refused_domains={}&on_refused_domains=refuse",
        escaped("rival.example\r\n @Other.Example \r\n")
    );
    let saved = save(&desk, &rules).await;
    assert_eq!(saved.location(), format!("{SCREEN}?word=saved"), "{}", saved.text());
    let said = audit(&app, "report.edit").await;
    assert_eq!(
        said[0]["after"],
        json!({"work_addresses": "warn", "disposable_addresses": "refuse",
               "refused_domains": "refuse:rival.example,other.example"})
    );
    let page = desk.page(SCREEN).await;
    assert!(page.contains("rival.example\nother.example</textarea>"), "{page}");
    says(
        &app,
        "Use your work address if you have one. Throw-away addresses are not taken. Addresses at some domains \
         are not taken. We send the link to the report to this address.",
    )
    .await;
    for (email, status, words) in [
        ("a@x.throwaway.example", 422, "Use an address that you keep"),
        ("a@mail.rival.example", 422, "Use an address at another domain"),
        ("a@gmail.com", 303, ""),
        ("a@northmoor.example", 303, ""),
    ] {
        let answer = app.ask(email).await;
        assert!(answer.status == status && answer.text().contains(words), "{email}");
    }
    let only = "&allowed_domains=gov.uk&on_other_domains=refuse";
    assert_eq!(save(&desk, only).await.status, 303);
    says(&app, "Use an address at gov.uk. We send the link to the report to this address.").await;
    assert_eq!(app.ask("a@leeds.gov.uk").await.status, 303);
    let elsewhere = app.ask("a@gov.uk.example").await;
    assert!(elsewhere.status == 422 && elsewhere.text().contains("Use an address at gov.uk: we"));
}

#[apply(both_databases!)]
async fn what_is_no_rule_is_refused_in_words(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let many: Vec<String> = (0..201).map(|n| format!("d{n}.example")).collect();
    for (rules, says) in [
        ("&work_addresses=sometimes".to_owned(), "Choose one of the answers"),
        ("&work_addresses=warn&work_addresses=warn".to_owned(), "Fill in this field once"),
        ("&allowed_domains=not+one".to_owned(), "is not a domain"),
        ("&allowed_domains=%ff".to_owned(), "is not a domain"),
        ("&refused_domains=a.example&on_refused_domains=x".to_owned(), "refuse"),
        (format!("&refused_domains={}", escaped(&many.join("\r\n"))), "at most 200 domains"),
    ] {
        let answer = save(&desk, &rules).await;
        assert!(
            answer.status == 422 && answer.text().contains(says),
            "{rules:.60} {}",
            answer.text()
        );
    }
    for (flag, value, says) in [
        ("--work-addresses", "on", "write `off`, `warn` or `refuse`"),
        ("--allowed-domains", "nowhere", "is not a domain"),
        ("--refused-domains", "never:gov.uk", "write `off`, `warn` or `refuse`"),
        ("--refused-domains", "warn:", "name domains"),
    ] {
        let output = app.command(&["report", "edit", "sample", flag, value]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains(says), "{flag} {value}: {said}");
    }
    assert!(audit(&app, "report.edit").await.is_empty());
    let told = app.does(&["report", "edit", "sample", "--disposable-addresses", "warn"]);
    assert!(told.contains("disposable_domains names no file yet"), "{told}");
    let missing = [("ASSENT_DISPOSABLE_DOMAINS", "/nonexistent/domains.txt")];
    let output = app.command_with(&missing, &["check", "--no-dns"]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("disposable domains: the file that disposable_domains names"), "{told}");
}
