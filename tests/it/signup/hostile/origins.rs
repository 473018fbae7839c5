//! Forms posted or framed by another site.

use macro_rules_attribute::apply;

use super::{assert_secured, post, stored};
use crate::support::app::{Database, PATH, TestApp, form};
use crate::support::both_databases;

#[apply(both_databases!)]
async fn a_form_of_another_site_is_refused(database: Database) {
    let app = TestApp::start(database).await;
    let body = form("ada@b.example", "&newsletter=weekly");
    for origin in [
        "https://evil.example",
        "null",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "https://127.0.0.1",
        "http://eve@127.0.0.1",
        "127.0.0.1",
        "",
        "http://",
        "file://",
        "https://www.example.org",
    ] {
        for path in [PATH, "/newsletters"] {
            let answer = post(&app, path, &[("origin", origin)], body.as_bytes()).await;
            assert_eq!(answer.status, 403, "{path} {origin:?}");
            assert_secured(&answer);
            assert!(answer.header("set-cookie").is_empty());
        }
    }
    assert_eq!(stored(&app).await, [0, 0]);
    assert_eq!(post(&app, PATH, &[("origin", &app.base)], body.as_bytes()).await.status, 303);
    assert_eq!(post(&app, PATH, &[], body.as_bytes()).await.status, 303);
}

// A frame that was shut off, a page that was saved, a setting: their reader is told, and has a way on.
#[apply(both_databases!)]
async fn a_form_whose_page_is_hidden_leads_to_itself(database: Database) {
    let app = TestApp::start(database).await;
    for path in [PATH, "/newsletters", "/preferences", "/fresh-link"] {
        let answer = post(
            &app,
            path,
            &[("origin", "null")],
            form("ada@b.example", "&newsletter=weekly").as_bytes(),
        )
        .await;
        let page = answer.text();
        assert_eq!(answer.status, 403, "{path}");
        assert!(
            page.contains("Your browser did not say")
                && page.contains(&format!("<a href=\"{path}\">Open the form</a>")),
            "{page}"
        );
        assert_eq!(app.get(path).await.status, 200, "{path}");
        let foreign = post(&app, path, &[("origin", "https://evil.example")], b"").await.text();
        assert!(
            foreign.contains("sent from another site")
                && foreign.contains(&format!("<a href=\"{path}\">")),
            "{foreign}"
        );
        assert!(!foreign.contains("evil.example"));
    }
    for path in ["/console/sign-in", "/console/forgot"] {
        let answer = post(&app, path, &[("origin", "null")], b"email=ada%40b.example").await;
        assert!(
            answer.status == 403
                && answer.text().contains(&format!("<a href=\"{path}\">Go on from here</a>")),
            "{}",
            answer.text()
        );
    }
    assert_eq!(stored(&app).await, [0, 0]);
}

#[apply(both_databases!)]
async fn a_site_of_the_operators_may_frame_and_post(database: Database) {
    let set = [("ASSENT_EMBED_ORIGINS", "https://www.example.org/, https://shop.example:8443")];
    let app = TestApp::start_with(database, &set).await;
    let allows = "frame-ancestors https://www.example.org https://shop.example:8443";
    for path in [PATH, "/newsletters"] {
        let page = app.get(path).await;
        assert!(page.header("content-security-policy").ends_with(allows), "{path}");
        assert_eq!(page.header("cross-origin-resource-policy"), "cross-origin", "{path}");
        let refused = app.post(path, "").await;
        assert!(
            refused.status == 422 && refused.header("content-security-policy").ends_with(allows)
        );
        assert_secured(&page);
    }
    for path in ["/", "/thank-you", "/policies/privacy", "/nothing", "/livez"] {
        let policy = app.get(path).await;
        assert!(
            policy.header("content-security-policy").ends_with("frame-ancestors 'none'"),
            "{path}"
        );
        assert_eq!(policy.header("cross-origin-resource-policy"), "same-origin", "{path}");
    }
    let body = form("ada@b.example", "");
    for origin in ["https://www.example.org", "https://shop.example:8443"] {
        assert_eq!(
            post(&app, PATH, &[("origin", origin)], body.as_bytes()).await.status,
            303,
            "{origin}"
        );
    }
    for origin in [
        "http://www.example.org",
        "https://www.example.org.evil.example",
        "https://shop.example",
        "https://www.example.org:444",
        "https://example.org",
        "https://www.example.org/",
    ] {
        assert_eq!(
            post(&app, PATH, &[("origin", origin)], body.as_bytes()).await.status,
            403,
            "{origin}"
        );
    }
}

#[apply(both_databases!)]
async fn a_framed_form_leads_out_of_its_frame(database: Database) {
    let set = [("ASSENT_EMBED_ORIGINS", "https://www.example.org")];
    let app = TestApp::start_with(database, &set).await;
    let asked = app.ask("ada@b.example").await;
    // The page that follows may not be framed, so a form that stayed in its frame would end blank.
    let next = app.get(asked.location()).await;
    assert!(next.header("content-security-policy").ends_with("frame-ancestors 'none'"));
    for path in [PATH, "/newsletters"] {
        for page in [app.get(path).await, app.post(path, "").await] {
            let page = page.text();
            let form = page.split_once("<form ").unwrap().1.split('>').next().unwrap();
            assert!(form.contains("target=\"_top\""), "{path}: {form}");
        }
    }
}
