//! Which pages may call.

use macro_rules_attribute::apply;

use super::{ADA, FORM, PRESS, SIGNUPS, filled_in, send_from, signups, start};
use crate::support::api::problem;
use crate::support::app::{Answer, Database, TestApp};
use crate::support::both_databases;

const PATHS: [&str; 6] = [
    FORM,
    "/api/v1/reports",
    "/api/v1/policies/privacy",
    SIGNUPS,
    "/api/v1/signups/code",
    "/api/v1/signups/resend",
];

async fn preflight(app: &TestApp, path: &str, origin: &str) -> Answer {
    let request = app
        .request("OPTIONS", path)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    app.send(request).await
}

#[apply(both_databases!)]
async fn pages_that_may_hold_our_forms_may_call(database: Database) {
    let app = start(database).await;
    for path in PATHS {
        let asked = preflight(&app, path, PRESS).await;
        assert_eq!(asked.status, 204, "{path}");
        for (name, value) in [
            ("access-control-allow-origin", PRESS),
            ("access-control-allow-methods", "GET, POST"),
            ("access-control-allow-headers", "content-type, idempotency-key"),
            ("access-control-max-age", "600"),
            ("access-control-allow-credentials", ""),
        ] {
            assert_eq!(asked.header(name), value, "{path}");
        }
        assert!(asked.header("vary").contains("origin"));
    }
    let form = app.send(app.request("GET", FORM).header("origin", PRESS)).await;
    assert_eq!((form.status, form.header("access-control-allow-origin")), (200, PRESS));
    let body = filled_in(&app, ADA).await;
    let sent = send_from(&app, Some(PRESS), (SIGNUPS, &body)).await;
    assert_eq!((sent.status, sent.header("access-control-allow-origin")), (202, PRESS));
    assert!(sent.header("set-cookie").is_empty() && sent.header("cache-control") == "no-store");
}

#[apply(both_databases!)]
async fn other_pages_may_not_whatever_they_send(database: Database) {
    let app = start(database).await;
    let body = filled_in(&app, ADA).await;
    for origin in
        ["https://evil.example", "null", "http://press.example", "https://press.example:8443", "x"]
    {
        for path in PATHS {
            let asked = preflight(&app, path, origin).await;
            assert_eq!(problem(&asked).0, 403, "{origin} {path}");
            let header = asked.header("access-control-allow-origin");
            assert_eq!(header, "", "{origin} {path}");
        }
        let sent = send_from(&app, Some(origin), (SIGNUPS, &body)).await;
        assert_eq!(problem(&sent).0, 403, "{origin}");
        let unread = app.request("POST", SIGNUPS).header("origin", origin).body("no document");
        let unread = app.send(unread).await;
        assert_eq!(problem(&unread).0, 403, "before its body is looked at: {origin}");
    }
    assert_eq!(signups(&app).await, 0);
}

#[apply(both_databases!)]
async fn a_page_may_not_speak_for_another(database: Database) {
    let origins = [("ASSENT_EMBED_ORIGINS", "https://press.example, https://shop.example")];
    let app = TestApp::start_with(database, &origins).await;
    let mut body = filled_in(&app, ADA).await;
    body["page"] = "https://shop.example/".into();
    let sent = send_from(&app, Some(PRESS), (SIGNUPS, &body)).await;
    assert_eq!(problem(&sent), (422, vec![("page".to_owned(), "other-origin".to_owned())]));
    assert_eq!(signups(&app).await, 0);
}
