//! A form that is begun on another page by an address alone, and the script that draws forms there.

use macro_rules_attribute::apply;

use super::{ADA, PRESS, signups, start};
use crate::support::app::{Answer, Database, TestApp};
use crate::support::both_databases;
use crate::support::page_form::PageForm;

const BEGIN: &str = "/reports/sample/begin";

async fn begin(app: &TestApp, path: &str, (origin, body): (&str, &str)) -> Answer {
    let request = app.request("POST", path).header("origin", origin);
    let form = ("content-type", "application/x-www-form-urlencoded");
    app.send(request.header(form.0, form.1).body(body.to_owned())).await
}

#[apply(both_databases!)]
async fn an_address_leads_to_our_own_form_and_is_not_stored(database: Database) {
    let app = start(database).await;
    for (path, action) in [(BEGIN, "/reports/sample"), ("/newsletters/begin", "/newsletters")] {
        for origin in [PRESS, "https://anybody.example", "null"] {
            let begun = begin(&app, path, (origin, "email=ada%40b.example&consent=yes")).await;
            assert_eq!(begun.status, 200, "{path} {origin}");
            assert_eq!(begun.header("cache-control"), "no-store");
            assert!(begun.header("set-cookie").is_empty());
            let page = begun.text();
            let said =
                if origin == PRESS { "?page_origin=https%3A%2F%2Fpress.example" } else { "" };
            assert!(
                page.contains(&format!("method=\"post\" action=\"{action}{said}\"")),
                "{path} {origin}: {page}"
            );
            let form = PageForm::find(&page, &format!("{action}{said}"));
            assert_eq!(form.value("email"), ADA, "{path}");
            assert!(!page.contains(" checked") && !page.contains("There is a problem"), "{path}");
        }
        let looked = app.get(path).await;
        assert_eq!((looked.status, looked.location()), (303, action));
    }
    assert_eq!(signups(&app).await, 0);
    assert_eq!(app.count("SELECT count(*) FROM outbox").await, 0);
}

#[apply(both_databases!)]
async fn what_no_address_can_be_is_shown_as_it_is_or_not_at_all(database: Database) {
    let app = start(database).await;
    for (body, shown) in [
        ("", ""),
        ("email=nobody", "nobody"),
        ("email=%3Cscript%3E%22", "&lt;script&gt;&quot;"),
        ("email=a%00b", ""),
        ("email=a%40b.example&email=c%40d.example", ""),
    ] {
        let page = begin(&app, BEGIN, (PRESS, body)).await;
        assert_eq!(page.status, 200, "{body}");
        let field = page.text().split_once("id=\"email\"").unwrap().1.to_owned();
        let field = field.split_once('>').unwrap().0.to_owned();
        let value = field.split_once(" value=\"").map(|(_, rest)| rest.split('"').next().unwrap());
        assert_eq!(value.unwrap_or_default(), shown, "{body}");
    }
    for path in ["/reports/none/begin", "/reports/%00/begin"] {
        assert_eq!(begin(&app, path, (PRESS, "email=x")).await.status, 404, "{path}");
    }
}

#[apply(both_databases!)]
async fn the_script_is_there_for_pages_of_all_sites(database: Database) {
    let app = start(database).await;
    let script = app.get("/embed.js").await;
    assert_eq!(script.status, 200);
    for (name, value) in [
        ("content-type", "text/javascript; charset=utf-8"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("access-control-allow-origin", "*"),
        ("cache-control", "public, max-age=600"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(script.header(name), value);
    }
    let again = app.request("GET", "/embed.js").header("if-none-match", script.header("etag"));
    assert_eq!(app.send(again).await.status, 304);
    let packed = app.request("GET", "/embed.js").header("accept-encoding", "gzip");
    assert!(
        app.send(packed).await.body.len() <= 6_000,
        "it is loaded by every page that has a form"
    );
}
