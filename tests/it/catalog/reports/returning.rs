//! Where readers can go on once they have a report.

use assent::domain::staff::member::Role;
use macro_rules_attribute::apply;

use super::{NEW, PDF, upload};
use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::desk::{TestDesk, audit, escaped, hidden};
use crate::support::poll;

const PRESS: &str = "https://press.example";
const THANKS: &str = "https://press.example/thanks?page_id=12";
const SET: &str =
    "UPDATE report SET return_to = 'https://press.example/thanks?page_id=12' WHERE slug = 'sample'";
const SCREEN: &str = "/console/reports/sample";
const SETTINGS: [(&str, &str); 1] = [("ASSENT_EMBED_ORIGINS", PRESS)];

/// What the form of the sample report says, with this page to go on to.
fn fields(seen: &str, return_to: &str) -> String {
    format!(
        "seen={}&title=A+sample+report&summary={}&body={}&pages=4&newsletter=weekly&return_to={}",
        escaped(seen),
        escaped("What there is to say about samples."),
        escaped("## Inside\r\n\r\nA *few* pages."),
        escaped(return_to),
    )
}

async fn save(desk: &TestDesk<'_>, return_to: &str) -> (u16, String) {
    let seen = hidden(&desk.page(SCREEN).await, "seen");
    let saved = desk.post(SCREEN, &fields(&seen, return_to)).await;
    (saved.status, saved.text())
}

/// Waits until the page of a download links this, and nothing else of that site.
async fn links(app: &TestApp, download: &str, link: Option<&str>) {
    poll::until("the link", || async {
        let page = app.get(download).await.text().replace("&amp;", "&").replace("&#x2f;", "/");
        let wanted = link.map(|link| format!("<a href=\"{link}\">Go on to press.example</a>"));
        match wanted {
            Some(wanted) => (page.matches(&wanted).count() == 1).then_some(()),
            None => (!page.contains("press.example")).then_some(()),
        }
    })
    .await;
}

#[apply(both_databases!)]
async fn readers_find_it_linked_and_nothing_is_added_to_it(database: Database) {
    let app = TestApp::start_with(database, &SETTINGS).await;
    let desk = app.sign_in(Role::Marketing).await;
    let download = app.subscribe("ada@b.example", "").await;
    links(&app, &download, None).await;
    assert_eq!(save(&desk, THANKS).await.0, 303);
    let said = audit(&app, "report.edit").await;
    assert_eq!(
        said[0],
        serde_json::json!({"slug": "sample", "changed": ["return_to"],
            "before": {"return_to": null}, "after": {"return_to": THANKS}})
    );
    links(&app, &download, Some(THANKS)).await;
    // It is linked, and nobody is led there.
    let mail = app.ask_and_read("bob@b.example", "").await;
    let pressed = app.post(&mail.link("/confirm/"), "").await;
    assert!(pressed.location().starts_with("/downloads/"), "{}", pressed.location());
    assert!(
        desk.page(SCREEN).await.replace("&#x2f;", "/").contains(&format!("value=\"{THANKS}\""))
    );
    assert_eq!(save(&desk, "").await.0, 303);
    links(&app, &download, None).await;
}

#[apply(both_databases!)]
async fn a_page_of_another_site_is_refused_and_what_was_typed_stays(database: Database) {
    let app = TestApp::start_with(database, &SETTINGS).await;
    let desk = app.sign_in(Role::Marketing).await;
    let long = format!("{PRESS}/{}", "x".repeat(600));
    for (typed, says) in [
        ("https://evil.example/thanks", "https://evil.example is not in embed_origins"),
        ("https://press.example.evil.example/", "is not in embed_origins"),
        ("http://press.example/thanks", "Enter the whole address of a page"),
        ("https://ada:secret@press.example/", "Enter the whole address of a page"),
        ("javascript:alert(1)", "Enter the whole address of a page"),
        ("/thanks", "Enter the whole address of a page"),
        (&long, "Enter the whole address of a page"),
        ("https://press.example/\u{0}", "Enter the whole address of a page"),
    ] {
        let (status, page) = save(&desk, typed).await;
        assert!(status == 422 && page.contains(says), "{typed}: {page}");
    }
    let twice = format!("{}&return_to=x", fields("", THANKS));
    let twice = desk.post(SCREEN, &twice).await;
    assert!(twice.status == 422 && twice.text().contains("Fill in this field once"));
    let parts = [
        ("title", None, "A second".as_bytes()),
        ("return_to", None, "https://evil.example/".as_bytes()),
        ("file", Some("a.pdf"), PDF),
    ];
    let refused = upload(&desk, NEW, &parts).await;
    assert!(refused.status == 422 && refused.text().contains("is not in embed_origins"));
    let parts = [parts[0], ("return_to", None, THANKS.as_bytes()), parts[2]];
    assert_eq!(upload(&desk, NEW, &parts).await.status, 303);
    let linked =
        "SELECT count(*) FROM report WHERE return_to = 'https://press.example/thanks?page_id=12'";
    assert_eq!(app.count(linked).await, 1);
}

// As after a setting was changed: the report is added where the site was known.
#[apply(both_databases!)]
async fn a_site_that_is_not_known_any_more_is_not_linked(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let download = app.subscribe("ada@b.example", "").await;
    let (status, page) = save(&desk, THANKS).await;
    assert!(status == 422 && page.contains("while embed_origins is not set"), "{page}");
    app.tamper(SET).await.unwrap();
    poll::until("the word about it", || async {
        let page = desk.page(SCREEN).await;
        page.contains("Readers don’t see where they can go on").then_some(())
    })
    .await;
    links(&app, &download, None).await;
    // Whoever edits something else need not take it away.
    let seen = hidden(&desk.page(SCREEN).await, "seen");
    let other = fields(&seen, THANKS).replace("pages=4", "pages=5");
    assert_eq!(desk.post(SCREEN, &other).await.status, 303);
    links(&app, &download, None).await;
}

#[apply(both_databases!)]
async fn an_operator_sets_it_by_command(database: Database) {
    let app = TestApp::start_with(database, &SETTINGS).await;
    let download = app.subscribe("ada@b.example", "").await;
    let edit =
        |page| app.command_with(&SETTINGS, &["report", "edit", "sample", "--return-to", page]);
    assert!(edit(THANKS).status.success());
    links(&app, &download, Some(THANKS)).await;
    for (typed, says) in [
        ("https://evil.example/", "https://evil.example is not in embed_origins"),
        ("nowhere", "write the whole address of a page"),
    ] {
        let refused = edit(typed);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains(says), "{typed}: {said}");
    }
    assert!(edit("").status.success());
    links(&app, &download, None).await;
}
