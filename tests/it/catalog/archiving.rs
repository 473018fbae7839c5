//! A newsletter is archived: nobody new can sign up to it, and nobody who agreed loses anything.

use assent::domain::staff::member::Role;
use assent::store::staff::audit_entries;
use macro_rules_attribute::apply;

use crate::support::app::{Answer, Database, PATH, TestApp, form};
use crate::support::both_databases;
use crate::support::desk::TestDesk;

const WEEKLY: &str = "/console/newsletters/weekly";
const TICKED: &str = "&newsletter=weekly";
const GONE: &str = "is not offered any more";

async fn press(desk: &TestDesk<'_>, newsletter: &str, what: &str) -> Answer {
    desk.post(&format!("/console/newsletters/{newsletter}/{what}"), "").await
}

async fn audited(app: &TestApp, action: &str) -> Vec<String> {
    let entries = audit_entries::list(&mut app.read().await, action).await.unwrap();
    entries.into_iter().map(|entry| entry.detail.0.to_string()).collect()
}

/// The link to somebody's choices, from the receipt of their signup.
async fn choices_of(app: &TestApp, email: &str) -> String {
    let receipt = app.next_mail(email, 1).await;
    receipt.link("/preferences/").replace(&app.base, "")
}

/// The start of the box of the weekly where somebody's choices stand, if there is one.
fn box_of_weekly(page: &str) -> Option<&str> {
    let mut boxes = page.split("<input type=\"checkbox\"").skip(1);
    let found = boxes.find(|one| one.contains("value=\"newsletter:weekly\""));
    found.and_then(|one| one.split('>').next())
}

#[apply(both_databases!)]
async fn no_page_offers_it_and_open_forms_say_so(database: Database) {
    let app = TestApp::start(database).await;
    let mut tx = app.write().await;
    app.add_newsletter(&mut tx, "daily", "The daily").await;
    tx.commit().await.unwrap();
    let desk = app.sign_in(Role::Marketing).await;
    let asked = app.ask_and_read("ben@b.example", TICKED).await.link("/confirm/");
    let without = app.ask_and_read("cora@b.example", "").await.link("/confirm/");
    assert!(app.get(&without).await.text().contains("value=\"weekly\""));
    let page = desk.page(&format!("{WEEKLY}/edit")).await;
    assert!(
        page.contains("Whoever agreed to it stays agreed")
            && page.contains(&format!("{WEEKLY}/withdraw")),
        "{page}"
    );

    let done = press(&desk, "weekly", "withdraw").await;
    assert_eq!(done.location(), format!("{WEEKLY}/edit?word=withdrawn"));
    let page = desk.page(done.location()).await;
    assert!(page.contains("is archived") && page.contains(&format!("{WEEKLY}/offer")), "{page}");
    for path in ["/", PATH, "/newsletters", &without, "/console/reports/sample/preview"] {
        let page = if path.starts_with("/console") {
            desk.page(path).await
        } else {
            app.get(path).await.text()
        };
        assert!(
            !page.contains("value=\"weekly\"") && !page.contains("The weekly"),
            "{path}: {page}"
        );
    }
    assert!(app.get("/newsletters").await.text().contains("The daily"), "others stay");
    let list = desk.page("/console/newsletters").await;
    assert!(list.contains("Archived") && list.contains("Offered"), "{list}");
    assert!(desk.page("/console/reports/sample").await.contains("Archived: no form shows it"));

    // Forms that were open meanwhile: nothing is stored, nothing typed is lost, and it is said what to do.
    for path in [PATH, "/newsletters"] {
        let refused = app.post(path, &form("ada@b.example", TICKED)).await;
        let page = refused.text();
        assert_eq!(refused.status, 422, "{path}: {page}");
        assert!(page.contains(GONE) && page.contains("value=\"ada@b.example\""), "{path}: {page}");
    }
    let refused = app.post(&without, &format!("choices=shown{TICKED}")).await;
    assert!(
        refused.status == 422 && refused.text().contains(&format!("“The weekly” {GONE}")),
        "{}",
        refused.text()
    );
    assert_eq!(app.count("SELECT count(*) FROM subscriber").await, 0, "nothing is confirmed yet");
    assert_eq!(app.post(&without, "choices=shown").await.status, 303);
    assert_eq!(app.post(PATH, &form("ada@b.example", "")).await.status, 303);

    // Whoever asked before can still confirm that.
    assert!(app.get(&asked).await.text().contains("value=\"weekly\" checked"));
    assert_eq!(app.post(&asked, &format!("choices=shown{TICKED}")).await.status, 303);
    assert_eq!(app.exported("newsletter:weekly").await, ["ben@b.example"]);

    // The last one: the page of newsletters stays, and says that there is none.
    assert_eq!(press(&desk, "daily", "withdraw").await.status, 303);
    assert!(!app.get("/").await.text().contains("class=\"signup\""));
    assert!(app.get("/newsletters").await.text().contains("no newsletter to sign up to"));
    let gone = app.post("/newsletters", &form("ada@b.example", "&newsletter=daily")).await;
    assert!(
        gone.status == 410 && gone.text().contains("no newsletter to sign up to"),
        "{}",
        gone.text()
    );

    for _ in 0..2 {
        let again = press(&desk, "weekly", "offer").await;
        assert_eq!(again.location(), format!("{WEEKLY}/edit?word=again"));
        assert_eq!(press(&desk, "daily", "withdraw").await.status, 303);
    }
    assert!(
        app.get(PATH).await.text().contains("value=\"weekly\""),
        "on the forms of before, at once"
    );
    assert_eq!(
        audited(&app, "newsletter.offer").await,
        [r#"{"slug":"weekly"}"#],
        "once for what changed"
    );
    assert_eq!(
        audited(&app, "newsletter.withdraw").await,
        [r#"{"slug":"weekly"}"#, r#"{"slug":"daily"}"#]
    );
    for what in ["offer", "withdraw"] {
        assert_eq!(press(&desk, "none", what).await.status, 404);
        assert_eq!(press(&desk, "%00", what).await.status, 404);
    }
}

#[apply(both_databases!)]
async fn whoever_agreed_stays_agreed_and_can_leave(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    app.subscribe("ada@b.example", TICKED).await;
    let ada = choices_of(&app, "ada@b.example").await;
    app.subscribe("dora@b.example", TICKED).await;
    let dora = choices_of(&app, "dora@b.example").await;
    let leaves = "choices=shown&policy=2026-11&purpose=privacy-policy";
    assert_eq!(app.post(&dora, leaves).await.status, 303);
    let open = app.get(&dora).await.text();
    assert!(
        box_of_weekly(&open).is_some_and(|it| !it.contains("checked")),
        "she could come back: {open}"
    );
    assert_eq!(press(&desk, "weekly", "withdraw").await.status, 303);

    assert_eq!(app.exported("newsletter:weekly").await, ["ada@b.example"]);
    let page = app.get(&ada).await.text();
    assert!(box_of_weekly(&page).is_some_and(|it| it.contains("checked")), "{page}");
    let stays = "choices=shown&policy=2026-11&purpose=privacy-policy&purpose=newsletter%3Aweekly";
    assert!(app.post(&ada, stays).await.location().starts_with(&format!("{ada}?word=saved&")));
    assert_eq!(app.exported("newsletter:weekly").await, ["ada@b.example"]);

    let page = app.get(&dora).await.text();
    assert!(
        box_of_weekly(&page).is_none()
            && page.contains("<strong>The weekly</strong> is not offered any more"),
        "{page}"
    );
    assert!(page.contains("Receipt<span class=\"vh\"> for The weekly"), "{page}");
    let refused = app.post(&dora, &format!("{stays}{}", app.seen(&dora).await)).await;
    let page = refused.text();
    assert!(refused.status == 422 && page.contains(GONE), "{page}");
    assert_eq!(app.post(&dora, leaves).await.status, 303);

    assert_eq!(app.post(&ada, leaves).await.status, 303);
    assert!(app.exported("newsletter:weekly").await.is_empty());
    assert_eq!(app.exported("privacy-policy").await.len(), 2);
    assert!(
        box_of_weekly(&app.get(&ada).await.text()).is_none(),
        "who leaves does not come back by mistake"
    );
}

#[apply(both_databases!)]
async fn one_that_is_added_waits_until_it_is_offered(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let new = "/console/newsletters/new";
    assert!(desk.page(new).await.contains("at once"));
    let added = desk.post(new, "name=The+Friday&slug=friday").await;
    assert_eq!(added.location(), "/console/newsletters/friday/edit?word=archived");
    assert_eq!(
        desk.post("/console/newsletters/friday/reports", "shown=sample&report=sample").await.status,
        303
    );
    for path in ["/", PATH, "/newsletters"] {
        assert!(!app.get(path).await.text().contains("The Friday"), "{path}");
    }
    assert_eq!(press(&desk, "friday", "offer").await.status, 303);
    for path in ["/", PATH, "/newsletters"] {
        assert!(app.get(path).await.text().contains("The Friday"), "{path}");
    }
    let refused = desk.post(new, "name=&offer=yes").await.text();
    assert!(refused.contains("name=\"offer\" value=\"yes\" checked"), "{refused}");
    assert_eq!(
        audited(&app, "newsletter.add").await.last().unwrap(),
        r#"{"offered":false,"slug":"friday"}"#
    );
}
