//! What the console gives to paste into other pages.

use assent::domain::staff::member::Role;
use assent::flows::catalog::publish_report::publish_report;
use assent::store::catalog::reports;
use macro_rules_attribute::apply;

use crate::support::app::{Database, TestApp};
use crate::support::both_databases;

const SCREEN: &str = "/console/reports/sample/embed";
const NEWSLETTERS: &str = "/console/newsletters/embed";

/// A page as people read its code.
fn read(page: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x2f;", "/"), ("&amp;", "&")]
        .iter()
        .fold(page.to_owned(), |page, (from, to)| page.replace(from, to))
}

#[apply(both_databases!)]
async fn each_way_stands_there_with_what_it_needs(database: Database) {
    let set = [("ASSENT_EMBED_ORIGINS", "https://press.example, https://shop.example")];
    let app = TestApp::start_with(database, &set).await;
    let desk = app.sign_in(Role::Viewer).await;
    let site = app.core.flow_settings.site().to_owned();
    for (path, name, form, title) in [
        (SCREEN, "report=\"sample\"", "/reports/sample", "Get the report: A sample report"),
        (NEWSLETTERS, "newsletters", "/newsletters", "Newsletters"),
    ] {
        let answer = desk.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("frame-src 'self'") && policy.contains("frame-ancestors 'none'"));
        let page = read(&answer.text());
        let frame = form.replace("/reports/", "/").trim_start_matches('/').to_owned();
        for said in [
            format!("<iframe src=\"{site}/embed/{frame}\" title=\"{title}\""),
            format!("<script src=\"{site}/frame.js\" async></script>"),
            format!("<assent-form {name}><a href=\"{site}{form}\">"),
            format!("[assent {name}]"),
            format!("action=\"{site}{form}/begin\""),
            format!("frame-src {site}; script-src {site}"),
            format!("script-src {site}; connect-src {site}"),
            format!("form-action {site}"),
            "https://press.example".to_owned(),
            "https://shop.example".to_owned(),
            "analytics".to_owned(),
            "data:image/svg+xml;base64,".to_owned(),
            format!("class=\"preview\" src=\"/embed/{frame}\""),
        ] {
            assert!(page.contains(&said), "{said}: {page}");
        }
    }
    assert!(desk.page("/console/reports/sample").await.contains(SCREEN));
    assert!(desk.page("/console/newsletters").await.contains(NEWSLETTERS));
    assert_eq!(desk.get("/console/reports/none/embed").await.status, 404);
}

#[apply(both_databases!)]
async fn what_is_still_to_be_done_is_said(database: Database) {
    let app = TestApp::start_empty(database, &[]).await;
    let desk = app.sign_in(Role::Viewer).await;
    let page = desk.page(NEWSLETTERS).await;
    for said in ["No site may hold the form yet", "ASSENT_EMBED_ORIGINS", "Offer a newsletter"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("<iframe class=\"preview\""), "there is nothing to show");
}

// A frame, the element and a program of the API name their form, and one name has one form.
#[apply(both_databases!)]
async fn a_report_has_no_name_that_is_the_newsletters(database: Database) {
    let app =
        TestApp::start_with(database, &[("ASSENT_EMBED_ORIGINS", "https://press.example")]).await;
    let file = app.dir.path().join("a.pdf");
    std::fs::write(&file, b"%PDF-1.7\n%%EOF\n").unwrap();
    let add = ["report", "add", file.to_str().unwrap(), "--slug", "newsletters", "--title", "Old"];
    let refused = app.command(&add);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("`newsletters` is the name of the newsletters’ form"), "{said}");
    assert_eq!(app.count("SELECT count(*) FROM report").await, 1);

    // One of before has what cannot be taken for the other form.
    let report = app.sample_report("newsletters", "Newsletters today").await;
    let (act, controller) = (app.act(), &app.core.settings.controller);
    let kept = app.core.db.run(|tx| {
        Box::pin(async {
            assert!(reports::insert(tx, &report, &[]).await?);
            publish_report(tx, &act, &report.slug, controller).await
        })
    });
    kept.await.unwrap();
    let desk = app.sign_in(Role::Viewer).await;
    let page = read(&desk.page("/console/reports/newsletters/embed").await);
    for said in
        ["of the newsletters’ form", "/reports/newsletters/begin\"", "/reports/newsletters\">Get"]
    {
        assert!(page.contains(said), "{said}: {page}");
    }
    for not in ["<iframe", "assent-form", "[assent", "/embed/newsletters\""] {
        assert!(!page.contains(not), "{not}: {page}");
    }
    assert!(read(&desk.page(NEWSLETTERS).await).contains("<assent-form newsletters>"));
}
