//! What the console gives to paste into other pages.

use assent::domain::staff::member::Role;
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
