//! Who may frame the form, and that nothing else of ours is ever framed.

use std::collections::BTreeSet;
use std::path::Path;

use assent::domain::staff::member::Role;
use assent::web::console::table;
use assent::web::openapi_text;
use macro_rules_attribute::apply;
use serde_json::Value;

use super::{
    ADA, FRAME, PRESS, SETTINGS, assert_framed, filled_in, load, send, sign_up, signups, start,
};
use crate::support::app::{Database, NEWSLETTER, SLUG, TestApp};
use crate::support::both_databases;

/// What pages elsewhere may frame besides: the form's own pages, which lead out of the frame when they are sent.
const LANDING: [&str; 3] = ["/reports/{slug}", "/newsletters", "/reports/{slug}/begin"];

#[apply(both_databases!)]
async fn each_site_has_its_own_frame_and_keeps_it(database: Database) {
    let set = [("ASSENT_EMBED_ORIGINS", "https://press.example, http://127.0.0.2:8001")];
    let app = TestApp::start_with(database, &set).await;
    let mut tags = BTreeSet::new();
    for site in [PRESS, "http://127.0.0.2:8001", "https://anybody.example"] {
        let page = load(&app, FRAME, &format!("{site}/some/page")).await;
        let policy = page.header("content-security-policy");
        let sites = "frame-ancestors 'self' https://press.example http://127.0.0.2:8001";
        assert!(page.status == 200 && policy.ends_with(sites), "{policy}");
        let shown = page.text().replace("&#x2f;", "/");
        let told = shown.matches(&format!("data-host=\"{site}\"")).count();
        assert_eq!(told, usize::from(site != "https://anybody.example"), "{site}");
        assert_eq!(page.header("cross-origin-resource-policy"), "cross-origin");
        let varies: Vec<_> = page.headers.get_all("vary").iter().collect();
        assert_eq!(varies, ["accept-encoding", "referer"]);
        let again = app.request("GET", FRAME).header("referer", format!("{site}/"));
        let again = app.send(again.header("if-none-match", page.header("etag"))).await;
        assert_eq!(again.status, 304, "{site}");
        assert!(again.header("content-security-policy").ends_with(sites));
        tags.insert(page.header("etag").to_owned());
    }
    assert_eq!(tags.len(), 3);
    let hidden = app.get("/embed/sample%20https:%2F%2Fevil.example").await;
    assert_eq!(hidden.status, 404);
}

#[apply(both_databases!)]
async fn without_a_site_only_our_own_console_frames_it(database: Database) {
    let app = TestApp::start(database).await;
    let page = load(&app, FRAME, "https://press.example/").await;
    assert!(page.header("content-security-policy").ends_with("frame-ancestors 'self'"));
    assert!(page.status == 200 && !page.text().contains("data-host"));
}

#[apply(both_databases!)]
async fn what_goes_wrong_is_said_in_the_frame(database: Database) {
    let app = start(database).await;
    let body = filled_in(&app, ADA).await.body();
    let kind = "application/x-www-form-urlencoded";
    let huge = format!("{body}&x={}", "x".repeat(70_000));
    for (path, origin, kind, body, status) in [
        (FRAME, "https://evil.example", kind, body.as_str(), 403),
        (FRAME, "null", kind, body.as_str(), 403),
        ("/embed/sample/code", "https://evil.example", kind, "waiting=x&code=123456", 403),
        ("/embed/sample/resend", "null", kind, "waiting=x", 403),
        (FRAME, app.base.as_str(), kind, huge.as_str(), 413),
        (FRAME, app.base.as_str(), "text/plain", body.as_str(), 415),
        ("/embed/none", app.base.as_str(), kind, body.as_str(), 404),
        ("/embed/%00", app.base.as_str(), kind, body.as_str(), 404),
        ("/embed/%2e%2e%2fconsole", app.base.as_str(), kind, body.as_str(), 404),
    ] {
        let request = app.request("POST", path).header("origin", origin);
        let request = request.header("content-type", kind).body(body.to_owned());
        let answer = app.send(request).await;
        assert_eq!(answer.status, status, "{path} {origin} {kind}");
        assert_framed(&answer);
        // Links of a frame that stays small lead out of it.
        let page = answer.text();
        assert_eq!(page.matches("<a ").count(), page.matches("target=\"_blank\"").count());
    }
    for path in ["/embed/none", "/embed/%00", "/embed/sample/none"] {
        let answer = app.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_framed(&answer);
    }
    for path in ["/embed/sample/code", "/embed/sample/resend"] {
        let looked = app.get(path).await;
        assert_eq!((looked.status, looked.location()), (303, FRAME));
    }
    assert_eq!(signups(&app).await, 0);
}

#[apply(both_databases!)]
async fn a_network_that_sends_too_many_is_told_so_in_the_frame(database: Database) {
    let set = [SETTINGS[0], ("ASSENT_LIMIT_SIGNUPS_PER_IP", "2/hour")];
    let app = TestApp::start_with(database, &set).await;
    for email in ["a@b.example", "b@b.example"] {
        sign_up(&app, email).await;
    }
    let body = filled_in(&app, ADA).await.body();
    let refused = send(&app, FRAME, &body).await;
    assert!(refused.status == 429 && !refused.header("retry-after").is_empty());
    assert_eq!(signups(&app).await, 2);
}

/// The paths that stand in calls of `.route(…)` of a file, or whose names do, and of the files below.
fn routes(place: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(place).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            routes(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let quoted = |text: &str| Some(text.strip_prefix('"')?.split('"').next()?.to_owned());
        let named = |call: &str| {
            let name = call.split(|c: char| !c.is_ascii_uppercase() && c != '_').next()?;
            let (_, value) = text.split_once(&format!("const {name}: &str = "))?;
            quoted(value)
        };
        let calls = text.split(".route(").skip(1).map(str::trim_start);
        found.extend(calls.filter_map(|call| quoted(call).or_else(|| named(call))));
    }
}

// A door that is added later is looked at too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_else_is_framed_by_anybody() {
    let app = start(Database::Sqlite).await;
    let download = app.subscribe(ADA, "&newsletter=weekly").await;
    app.ask("bob@b.example").await;
    let confirm = app.next_mail("bob@b.example", 0).await.link("/confirm/");
    let receipt = app.mail_to(ADA).pop().unwrap();
    let token = |link: &str| link.rsplit('/').next().unwrap().to_owned();
    let tokens = [
        ("/confirm/{token}", token(&confirm)),
        ("/downloads/{token}", token(&download)),
        ("/preferences/{token}", token(&receipt.link("/preferences/"))),
        ("/unsubscribe/{token}", token(&receipt.link("/unsubscribe/"))),
    ];
    let by_hand = ["/preferences", "/fresh-link", "/ledger/verify", "/downloads", "/nowhere"];
    let mut found: BTreeSet<String> = by_hand.map(str::to_owned).into();
    routes(Path::new("src/web"), &mut found);
    found.extend(table().into_iter().map(|(_, path, ..)| path.to_owned()));
    // Calls are routed by their documentation.
    let described: Value = serde_json::from_str(&openapi_text(&app.base).unwrap()).unwrap();
    found.extend(described["paths"].as_object().unwrap().keys().cloned());
    for known in [
        "/confirm/{token}",
        "/unsubscribe/{token}",
        "/reports/{slug}",
        "/",
        "/console",
        "/ledger/verify",
        "/api/v1/signups",
        "/api/v1/subscribers/{id}",
    ] {
        assert!(found.contains(known), "{known} was not found");
    }
    let desk = app.sign_in(Role::Admin).await;
    let framed = |route: &str| route.starts_with("/embed/") || LANDING.contains(&route);
    for route in found.iter().filter(|route| !framed(route) && !route.starts_with("/dev/")) {
        let known = tokens.iter().find(|(of, _)| route.starts_with(of));
        let token = known.map_or("x", |(_, token)| token.as_str());
        let slug = if route.contains("newsletters") { NEWSLETTER } else { SLUG };
        let path = route.replace("{token}", token).replace("{slug}", slug).replace("{name}", slug);
        let path = path.replace("{*", "{").replace("{id}", "x").replace("{code}", "x");
        for method in ["GET", "POST", "HEAD"] {
            // The first page takes the form of the newsletters, and shows it again as that form's page does.
            if (method, path.as_str()) == ("POST", "/") {
                continue;
            }
            let answer = if route.starts_with("/console") && method == "GET" {
                desk.get(&path).await
            } else {
                app.send(app.request(method, &path).header("referer", PRESS)).await
            };
            let policy = answer.header("content-security-policy");
            assert!(
                policy.ends_with("frame-ancestors 'none'")
                    || policy.contains("frame-ancestors 'none';"),
                "{method} {path}: {} {policy}",
                answer.status
            );
        }
    }
}
