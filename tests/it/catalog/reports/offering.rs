//! Reports published, taken back and deleted, and who may.

use assent::domain::staff::member::Role;
use macro_rules_attribute::apply;

use super::{NEW, PDF, PNG, add, files, holds, upload};
use crate::support::app::{Database, PATH, TestApp};
use crate::support::both_databases;
use crate::support::desk::audit;

#[apply(both_databases!)]
async fn a_draft_made_by_mistake_goes_with_its_files(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let before = files(&app);
    let parts = [
        ("title", None, &b"By mistake"[..]),
        ("newsletter", None, b"weekly"),
        ("cover", Some("a.png"), PNG),
        ("file", Some("a.pdf"), PDF),
    ];
    let path = "/console/reports/by-mistake";
    assert_eq!(upload(&desk, NEW, &parts).await.location(), format!("{path}?word=added"));
    holds(&app, before + 2).await;
    assert!(desk.page(path).await.contains(&format!("{path}/delete")));
    let delete = format!("{path}/delete");
    assert!(desk.page(&delete).await.contains("are deleted for good"));
    let unsure = desk.post(&delete, "").await;
    assert!(unsure.status == 422 && unsure.text().contains("Tick the box"), "{}", unsure.text());
    assert_eq!(desk.post(&delete, "sure=yes").await.location(), "/console/reports?word=deleted");
    holds(&app, before).await;
    let list = desk.page("/console/reports?word=deleted").await;
    assert!(list.contains("The draft is deleted.") && !list.contains("By mistake"), "{list}");
    assert_eq!(desk.get(path).await.status, 404);
    assert_eq!(desk.post(&delete, "sure=yes").await.status, 404);
    let said = audit(&app, "report.delete").await;
    assert_eq!(
        (said.len(), said[0]["slug"].as_str(), said[0]["title"].as_str()),
        (1, Some("by-mistake"), Some("By mistake"))
    );

    // Its name is free again. Whatever was published stays, and so do its files and its boxes.
    assert_eq!(upload(&desk, NEW, &parts).await.location(), format!("{path}?word=added"));
    assert_eq!(desk.post(&format!("{path}/publish"), "").await.status, 303);
    for state in ["published", "withdrawn"] {
        let refused = desk.post(&delete, "sure=yes").await;
        assert!(
            refused.status == 422 && refused.text().contains("no draft any more"),
            "{state}: {}",
            refused.text()
        );
        assert!(
            !desk.page(path).await.contains("/delete\"")
                && !desk.page(&delete).await.contains("name=\"sure\""),
            "{state}"
        );
        assert_eq!(desk.post(&format!("{path}/withdraw"), "sure=yes").await.status, 303);
    }
    assert!(desk.page(path).await.contains("value=\"weekly\" checked"));
    holds(&app, before + 2).await;
    // Nor one that somebody asked for, however it came to be a draft.
    app.subscribe("ada@b.example", "").await;
    assert_eq!(
        app.tamper("UPDATE report SET status = 'draft', published_at = NULL WHERE slug = 'sample'")
            .await
            .unwrap(),
        1
    );
    assert_eq!(desk.post("/console/reports/sample/delete", "sure=yes").await.status, 422);
    assert_eq!(app.count("SELECT count(*) FROM report").await, 2);

    // Published and deleted at once: one of the two is done.
    for n in 0..5 {
        let path = add(&desk, &format!("Draft {n}")).await;
        let (delete, publish) = (format!("{path}/delete"), format!("{path}/publish"));
        let (deleted, published) =
            futures_util::join!(desk.post(&delete, "sure=yes"), desk.post(&publish, ""));
        let pair = (deleted.status, published.status);
        assert!(pair == (303, 404) || pair == (422, 303), "{pair:?}");
        assert_eq!(desk.get(&path).await.status, if pair.0 == 303 { 404 } else { 200 });
    }
}

#[apply(both_databases!)]
async fn contacts_begin_with_those_who_may_be_written_to(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let bare = add(&desk, "Bare").await;
    assert!(!desk.page(&bare).await.contains("/console/exports?"), "a draft has no contacts");
    assert_eq!(desk.post(&format!("{bare}/publish"), "").await.status, 303);
    for screen in ["/console/reports", "/console/reports/sample"] {
        assert!(
            desk.page(screen)
                .await
                .contains("/console/exports?purpose=newsletter%3Aweekly&amp;report=sample\""),
            "{screen}"
        );
    }
    assert!(
        desk.page(&bare).await.contains("/console/exports?report=bare\""),
        "what for is chosen there"
    );
}

#[apply(both_databases!)]
async fn taking_back_says_how_many_links_work_on_and_asks(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    let draft = add(&desk, "Only a draft").await;
    let refused = desk.post(&format!("{draft}/withdraw"), "sure=yes").await;
    assert!(
        refused.status == 422 && refused.text().contains("never published"),
        "{}",
        refused.text()
    );
    let download = app.subscribe("ada@b.example", "").await;
    app.subscribe("ben@b.example", "").await;
    let path = "/console/reports/sample/withdraw";
    assert!(desk.page(path).await.contains("2 links that readers have still work"));
    let unsure = desk.post(path, "").await;
    assert!(unsure.status == 422 && unsure.text().contains("Tick the box"), "{}", unsure.text());
    assert_eq!(app.get(PATH).await.status, 200);
    assert_eq!(desk.post(path, "sure=yes").await.location(), "/console/reports?word=withdrawn");
    assert!(desk.page("/console/reports?word=withdrawn").await.contains("no longer offered"));
    assert_eq!(app.get(PATH).await.status, 410);
    assert_eq!(app.get(&format!("{download}/file")).await.status, 200);
    assert!(desk.page("/console/reports/sample").await.contains("Publish it again"));
    assert_eq!(desk.post("/console/reports/sample/publish", "").await.status, 303);
    assert_eq!(app.get(PATH).await.status, 200);
}

#[apply(both_databases!)]
async fn nothing_is_published_that_readers_could_not_agree_to(database: Database) {
    let blank = [("ASSENT_CONTROLLER_ADDRESS", "")];
    let app = TestApp::start_empty(database, &blank).await;
    let desk = app.sign_in(Role::Admin).await;
    assert!(desk.page("/console/reports").await.contains("No report yet"));
    let path = add(&desk, "A report").await;
    let page = desk.page(&path).await;
    assert!(
        page.contains("can’t be published yet") && page.contains("ASSENT_CONTROLLER_ADDRESS"),
        "{page}"
    );
    assert!(
        page.contains("/console/policies/new") && !page.contains(&format!("{path}/publish")),
        "{page}"
    );
    assert!(!page.contains("ASSENT_CONTROLLER_NAME"), "what is set is not asked for");
    let refused = desk.post(&format!("{path}/publish"), "").await;
    assert!(refused.status == 422 && refused.text().contains("name, address and contact first"));
    let preview = desk.page(&format!("{path}/preview")).await;
    assert!(preview.contains("The form stands here once"), "{preview}");
    assert_eq!(app.get("/reports/a-report").await.status, 404);
    for screen in ["/console/newsletters", "/console/policies", NEW] {
        assert!(desk.page(screen).await.contains("ASSENT_CONTROLLER_ADDRESS"), "{screen}");
    }
    assert_eq!(app.count("SELECT count(*) FROM report WHERE status = 'published'").await, 0);

    let app = TestApp::start_empty(database, &[]).await;
    let desk = app.sign_in(Role::Marketing).await;
    let path = add(&desk, "A report").await;
    let page = desk.page(&path).await;
    assert!(
        page.contains("An admin publishes one") && !page.contains(&format!("{path}/publish")),
        "{page}"
    );
    let refused = desk.post(&format!("{path}/publish"), "").await;
    assert!(refused.status == 422 && refused.text().contains("Publish a privacy policy first"));
    app.publish_samples().await;
    assert!(desk.page(&path).await.contains(&format!("{path}/publish")));
    assert_eq!(desk.post(&format!("{path}/publish"), "").await.status, 303);
}

#[apply(both_databases!)]
async fn whoever_only_looks_sees_no_way_to_change(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Viewer).await;
    for screen in
        ["/console/reports", "/console/reports/sample", "/console/newsletters", "/console/policies"]
    {
        let page = desk.page(screen).await;
        assert_eq!(
            page.matches("method=\"post\"").count(),
            page.matches("/console/sign-out").count(),
            "{screen}"
        );
        assert!(
            !page.contains("/new\"")
                && !page.contains("/edit\"")
                && !page.contains("/console/exports?"),
            "{screen}"
        );
    }
    assert!(desk.page("/console/reports/sample/preview").await.contains("as it is here"));
}
