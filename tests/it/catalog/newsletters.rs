//! Newsletters and the operator's own purposes: worded, reworded, offered.

use assent::domain::staff::member::Role;
use assent::store::catalog::notices;
use macro_rules_attribute::apply;
use serde_json::json;

use crate::support::app::{Database, PATH, TestApp};
use crate::support::both_databases;
use crate::support::desk::{TestDesk, audit, escaped};

const EDIT: &str = "/console/newsletters/weekly/edit";
const NEW: &str = "/console/newsletters/new";
const NEW_PURPOSE: &str = "/console/newsletters/purposes/new";
const WORDS: &str = "Partners of Sample Press may email me. I can withdraw at any time.";

async fn reword(desk: &TestDesk<'_>, seen: (&str, &str), new: (&str, &str)) -> (u16, String) {
    let fields = format!(
        "seen_name={}&seen_description={}&name={}&description={}",
        escaped(seen.0),
        escaped(seen.1),
        escaped(new.0),
        escaped(new.1)
    );
    let answer = desk.post(EDIT, &fields).await;
    (answer.status, answer.text())
}

#[apply(both_databases!)]
async fn a_newsletter_is_added_and_offered(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let added = desk
        .post(NEW, "name=Caf%C3%A9+%26+councils&slug=&description=Every+Friday&offer=yes")
        .await;
    assert_eq!(
        added.location(),
        "/console/newsletters/cafe-and-councils/edit?word=newsletter",
        "{}",
        added.text()
    );
    let page = desk.page(added.location()).await;
    assert!(page.contains("Subscribe me to Café &amp; councils (Every Friday)."), "{page}");
    assert!(!app.get(PATH).await.text().contains("Café"), "on no form yet");
    assert!(app.get("/newsletters").await.text().contains("Café &amp; councils"));

    let path = "/console/newsletters/cafe-and-councils/reports";
    assert_eq!(desk.post(path, "shown=sample&report=sample").await.status, 303);
    assert!(app.get(PATH).await.text().contains("Café &amp; councils"), "at once");
    let list = desk.page("/console/newsletters").await;
    assert!(list.contains("A sample report") && list.contains("Every Friday"), "{list}");
    // A report that the form did not show stays as it is; one that it showed and is not ticked does not.
    assert_eq!(desk.post(path, "report=none").await.status, 303);
    assert!(app.get(PATH).await.text().contains("Café &amp; councils"));
    assert_eq!(desk.post(path, "shown=sample&shown=sample&shown=none").await.status, 303);
    assert!(!app.get(PATH).await.text().contains("Café"));
    assert!(app.get(PATH).await.text().contains("The weekly"), "others stay");
    assert_eq!(audit(&app, "purpose.offer").await.len(), 1);
    assert_eq!(
        audit(&app, "purpose.stop_offering").await,
        [json!({"purpose": "newsletter:cafe-and-councils", "report": "sample"})]
    );

    let long = "x".repeat(201);
    for (fields, words) in [
        ("name=", "Enter its name"),
        ("name=a%0Db", "on one line"),
        (&*format!("name={long}"), "at most 200 characters"),
        (&format!("name=a&description={long}"), "at most 200 characters"),
        ("name=The+weekly&slug=weekly", "There is a newsletter “weekly” already"),
        ("name=A&slug=..%2Fx", "lower-case letters"),
        ("name=%E2%80%A6", "lower-case letters"),
    ] {
        let refused = desk.post(NEW, fields).await;
        assert_eq!(refused.status, 422, "{fields}");
        assert!(
            refused.text().contains(words) && refused.text().contains("<title>Error: "),
            "{words}: {}",
            refused.text()
        );
    }
    for path in [
        "/console/newsletters/none/edit",
        "/console/newsletters/none/reports",
        "/console/newsletters/%00/edit",
    ] {
        assert_eq!(
            desk.post(path, "name=a&shown=sample&report=sample").await.status,
            404,
            "{path}"
        );
    }
    assert_eq!(app.count("SELECT count(*) FROM newsletter").await, 2);
}

#[apply(both_databases!)]
async fn new_words_are_for_new_agreements(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    let page = desk.page(EDIT).await;
    assert!(page.contains("the one person who agrees now keeps"), "{page}");
    let seen = ("The weekly", "News every Thursday");
    assert_eq!(reword(&desk, seen, ("The Friday", "")).await.0, 303);
    assert!(app.get(PATH).await.text().contains("Subscribe me to The Friday. Sample Press"));
    app.subscribe("ben@b.example", "&newsletter=weekly").await;
    let words: Vec<String> = notices::list(&mut app.read().await)
        .await
        .unwrap()
        .into_iter()
        .filter(|notice| notice.purpose.as_str() == "newsletter:weekly")
        .map(|notice| notice.words)
        .collect();
    assert!(
        words.len() == 2 && words[0].contains("The weekly") && words[1].contains("The Friday"),
        "{words:?}"
    );
    let csv = app.export("newsletter:weekly").await;
    let hash = |email: &str| {
        csv.lines().find(|line| line.contains(email)).unwrap().split(',').nth(7).unwrap().to_owned()
    };
    assert_ne!(
        hash("ada@b.example"),
        hash("ben@b.example"),
        "each stands under the words they saw"
    );
    assert_eq!(
        audit(&app, "newsletter.edit").await,
        [json!({"after": {"description": "", "name": "The Friday"},
               "before": {"description": "News every Thursday", "name": "The weekly"},
               "changed": ["name", "description"], "slug": "weekly"}),]
    );

    let (status, page) = reword(&desk, seen, ("Mine", "")).await;
    assert_eq!(status, 409, "it was changed meanwhile");
    assert!(
        page.contains("value=\"Mine\"") && page.contains("There stands now: “The Friday”"),
        "{page}"
    );
    let tries = futures_util::future::join_all((0..5).map(|n| {
        let desk = &desk;
        async move { reword(desk, ("The Friday", ""), (&format!("Name {n}"), "")).await.0 }
    }))
    .await;
    assert_eq!(tries.iter().filter(|status| **status == 303).count(), 1, "{tries:?}");
    let (status, page) = reword(&desk, seen, ("", "")).await;
    assert!(status == 422 && page.contains("Enter its name"));
    let list = desk.page("/console/newsletters").await;
    assert!(list.contains(">2<span class=\"vh\"> agreed to Name"), "{list}");
}

#[apply(both_databases!)]
async fn a_purpose_of_ones_own_is_worded_and_offered(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let added =
        desk.post(NEW_PURPOSE, &format!("name=Partner+offers&words={}", escaped(WORDS))).await;
    let edit = "/console/newsletters/purposes/partner-offers/edit";
    assert_eq!(added.location(), format!("{edit}?word=purpose"), "{}", added.text());
    assert!(desk.page(added.location()).await.contains(WORDS));
    assert!(!app.get(PATH).await.text().contains(WORDS));
    let offer = "/console/newsletters/purposes/partner-offers/reports";
    assert_eq!(desk.post(offer, "shown=sample&report=sample").await.status, 303);
    assert!(app.get(PATH).await.text().contains(WORDS));

    let new = "Partners of Sample Press may phone me. I can withdraw at any time.";
    let fields = |seen: &str, words: &str| {
        format!(
            "seen_name=Partner+offers&seen_words={}&name=Partner+offers&words={}",
            escaped(seen),
            escaped(words)
        )
    };
    assert_eq!(desk.post(edit, &fields(WORDS, new)).await.location(), format!("{edit}?word=saved"));
    assert!(app.get(PATH).await.text().contains(new));
    let overtaken = desk.post(edit, &fields(WORDS, "Others.")).await;
    assert!(
        overtaken.status == 409
            && overtaken.text().contains(new)
            && overtaken.text().contains("Others.")
    );
    assert_eq!(desk.post(offer, "shown=sample").await.status, 303);
    assert!(!app.get(PATH).await.text().contains(new));

    let long = "x".repeat(2001);
    for (path, fields, words) in [
        (NEW_PURPOSE, "name=A&words=", "Write the words beside the box"),
        (NEW_PURPOSE, "name=A&words=a%0Ab", "on one line"),
        (NEW_PURPOSE, &*format!("name=A&words={long}"), "at most 2000 characters"),
        (NEW_PURPOSE, "name=&words=a", "Enter its name"),
        (NEW_PURPOSE, "name=A&words=a&code=privacy-policy", "is taken"),
        (NEW_PURPOSE, "name=A&words=a&code=partner-offers", "is taken"),
        (NEW_PURPOSE, "name=A&words=a&code=newsletter:weekly", "lower-case letters"),
        (edit, "name=A&words=", "Write the words beside the box"),
    ] {
        let refused = desk.post(path, fields).await;
        assert!(
            refused.status == 422 && refused.text().contains(words),
            "{fields}: {}",
            refused.text()
        );
    }
    for code in ["none", "privacy-policy", "newsletter:weekly"] {
        let path = format!("/console/newsletters/purposes/{code}");
        assert_eq!(desk.get(&format!("{path}/edit")).await.status, 404, "{code}");
        assert_eq!(
            desk.post(&format!("{path}/edit"), "name=A&words=a").await.status,
            404,
            "{code}"
        );
        assert_eq!(
            desk.post(&format!("{path}/reports"), "shown=sample&report=sample").await.status,
            404,
            "{code}"
        );
    }
    assert_eq!(app.count("SELECT count(*) FROM purpose").await, 3);
}

#[apply(both_databases!)]
async fn hostile_words_stay_words(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let hostile = "\"><img src=x onerror=alert(1)><script>alert(2)</script>";
    let text = escaped(hostile);
    let newsletter =
        desk.post(NEW, &format!("slug=x&offer=yes&name={text}&description={text}")).await;
    let purpose = desk.post(NEW_PURPOSE, &format!("code=y&name={text}&words={text}")).await;
    for path in [newsletter.location(), purpose.location(), "/console/newsletters", "/newsletters"]
    {
        let page = desk.page(path).await;
        assert!(!page.contains("<img src=x") && !page.contains("<script>alert"), "{path}: {page}");
    }
}
