//! Who may do what: the table of routes, tried route by route.

use assent::domain::contacts::email_address::EmailAddress;
use assent::domain::contacts::suppression::SuppressionReason;
use assent::domain::staff::member::Role;
use assent::domain::staff::right::Right;
use assent::sealing::seal_all;
use assent::store::contacts::{subject_access, subscribers};
use assent::web::console::{OPEN, table};
use macro_rules_attribute::apply;

use crate::support::app::{Database, NEWSLETTER, SLUG, TestApp};
use crate::support::desk::{TestDesk, hidden};
use crate::support::{both_databases, poll};

/// A path that fits a route, leading to nothing that is there.
fn path_of(route: &str) -> String {
    let fill = |part: &str| match part {
        "{slug}" | "{label}" | "{kind}" => "nowhere".to_owned(),
        part if part.starts_with('{') => uuid::Uuid::nil().to_string(),
        part => part.to_owned(),
    };
    route.split('/').map(fill).collect::<Vec<_>>().join("/")
}

/// Routes whose GET takes something out, which is written down.
const TAKEN: [&str; 6] = [
    "/console/exports/consented",
    "/console/exports/{id}/file",
    "/console/exports/{id}/withdrawn",
    "/console/receipts/{id}/check",
    "/console/receipts/{id}/file",
    "/console/subscribers/{id}/data",
];

/// How much is on record of who took what out.
async fn recorded(app: &TestApp) -> (i64, i64) {
    let entries = app.count("SELECT count(*) FROM audit_entry").await;
    (entries, app.count("SELECT count(*) FROM export_run").await)
}

/// Addresses that fit routes and lead to what is there: a subscriber, an export whose file is ready, and so on.
async fn there(desk: &TestDesk<'_>) -> impl Fn(&'static str) -> String {
    let app = desk.app;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    app.mail_settled().await;
    seal_all(&app.core.db, &app.core.flow_settings, &app.clock, &app.core.random).await.unwrap();
    app.suppress("bob@b.example", SuppressionReason::Manual).await;
    let begun = desk.post("/console/exports", "purpose=newsletter%3Aweekly&format=csv").await;
    let run = begun.location().split_once('?').unwrap().0.to_owned();
    poll::until("the file", || async {
        desk.page(&run).await.contains("Download the file").then_some(())
    })
    .await;
    let mut tx = app.read().await;
    let email = EmailAddress::parse("ada@b.example").unwrap();
    let key = app.core.flow_settings.address_secret.key(&email);
    let id = subscribers::find_id(&mut tx, &key).await.unwrap().unwrap();
    let person = subscribers::find(&mut tx, id).await.unwrap().unwrap();
    let event =
        subject_access::list_events(&mut tx, &person).await.unwrap().pop().unwrap().event_id;
    drop(tx);
    let mail = desk.page("/console/mail").await;
    let mail = mail.split("href=\"/console/mail/").nth(1).unwrap().split('"').next().unwrap();
    let stopped =
        desk.page("/console/suppressions").await.replace("&#x2f;", "/").replace("&amp;", "&");
    let lift = stopped.split("href=\"/console/suppressions/lift?").nth(1).unwrap();
    let lift = format!("/console/suppressions/lift?{}", lift.split('"').next().unwrap());
    let form_id = hidden(&desk.page("/console/requests/new").await, "form_id");
    let entered = format!(
        "form_id={form_id}&kind=access&channel=letter&received=2026-11-20&email=ada%40b.example"
    );
    let entered = desk.post("/console/requests/new", &entered).await;
    let request = entered.location().split('?').next().unwrap().to_owned();
    let ids = [
        ("/console/requests/{id}/letters/{kind}", format!("{request}/letters/outcome")),
        ("/console/requests/{id}", request),
        ("/console/exports/{id}", run),
        ("/console/receipts/{id}", format!("/console/receipts/{event}")),
        ("/console/subscribers/{id}", format!("/console/subscribers/{id}")),
        ("/console/mail/{id}", format!("/console/mail/{mail}")),
        ("/console/staff/{id}", format!("/console/staff/{}", desk.staff_id)),
        ("/console/reports/{slug}", format!("/console/reports/{SLUG}")),
        ("/console/newsletters/{slug}", format!("/console/newsletters/{NEWSLETTER}")),
        ("/console/suppressions/lift", lift),
    ];
    move |route| {
        let known = ids.iter().find_map(|(of, path)| Some((path, route.strip_prefix(of)?)));
        match (known, route) {
            (Some((path, rest)), _) => format!("{path}{rest}"),
            (_, "/console/exports/consented") => format!("{route}?purpose=newsletter%3Aweekly"),
            _ => path_of(route),
        }
    }
}

async fn try_route(desk: &TestDesk<'_>, method: &str, path: &str, upload: bool) -> (u16, String) {
    let answer = match (method, upload) {
        ("POST", false) => desk.post(path, "").await,
        ("POST", true) => {
            let whole = format!("{path}?csrf={}", desk.csrf);
            let request = desk.request("POST", &whole);
            let body = "multipart/form-data; boundary=x";
            desk.app.send(request.header("content-type", body).body("--x--\r\n")).await
        }
        _ => desk.get(path).await,
    };
    (answer.status, answer.location().to_owned())
}

#[apply(both_databases!)]
async fn each_route_is_for_the_roles_of_its_right(database: Database) {
    let app = TestApp::start(database).await;
    let desks = [
        (Role::Viewer, app.sign_in(Role::Viewer).await),
        (Role::Marketing, app.sign_in(Role::Marketing).await),
        (Role::Admin, app.sign_in(Role::Admin).await),
    ];
    let routes = table();
    assert!(routes.iter().any(|(_, path, ..)| *path == "/console"), "the table was not found");
    for (method, route, right, upload) in routes.iter().filter(|r| r.1 != "/console/sign-out") {
        let path = path_of(route);
        for (role, desk) in &desks {
            let (status, location) = try_route(desk, method.as_str(), &path, *upload).await;
            let told = format!("{role:?} {method} {path}: {status} {location}");
            if role.may(*right) {
                assert!(status != 403 && status != 500, "{told}");
                assert_ne!(location, "/console/sign-in", "{told}");
            } else {
                assert_eq!(status, 403, "{told}");
            }
            // With a slash it is the same page, for the same roles.
            let (status, location) =
                try_route(desk, method.as_str(), &format!("{path}/"), *upload).await;
            let told = format!("{told} with a slash: {status} {location}");
            if method == "GET" {
                assert_eq!((status, location), (308, path.clone()), "{told}");
            } else {
                assert_eq!(status != 403, role.may(*right), "{told}");
                assert_ne!(status, 500, "{told}");
            }
        }
        let answer = app.send(app.request(method.as_str(), &path)).await;
        assert_eq!(
            (answer.status, answer.location()),
            (303, "/console/sign-in"),
            "{method} {path}"
        );
    }
    for method in ["PUT", "PATCH", "DELETE"] {
        for (_, route, ..) in &routes {
            let answer = app.send(desks[2].1.request(method, &path_of(route))).await;
            assert_eq!(answer.status, 405, "{method} {route}");
        }
    }
}

#[apply(both_databases!)]
async fn a_look_at_the_head_is_on_no_record(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Admin).await;
    let there = there(&desk).await;
    let gets: Vec<String> = table()
        .into_iter()
        .filter(|(method, ..)| method == "GET")
        .map(|(_, route, ..)| there(route))
        .collect();
    let before = recorded(&app).await;
    let mut heads = Vec::new();
    for path in &gets {
        let answer = app.send(desk.request("HEAD", path)).await;
        assert!(answer.status != 500 && answer.body.is_empty(), "{path}: {}", answer.status);
        assert_eq!(recorded(&app).await, before, "HEAD {path}");
        heads.push(answer);
    }
    // What is taken out by GET is on record, so each of these could have been.
    let (mut before, mut taken) = (before, Vec::new());
    for (path, head) in gets.iter().zip(heads) {
        let answer = desk.get(path).await;
        let after = recorded(&app).await;
        if after != before {
            taken.push(path.as_str());
            assert_eq!(head.status, 200, "{path}");
            for name in ["content-type", "content-disposition"] {
                assert_eq!(head.header(name), answer.header(name), "{path}");
            }
        }
        assert_eq!(head.status, answer.status, "{path}");
        before = after;
    }
    let mut expected = TAKEN.map(there);
    expected.sort();
    taken.sort_unstable();
    assert_eq!(taken, expected);
}

// Whoever sees how long compressed pages are must not guess the token letter by letter (BREACH).
#[apply(both_databases!)]
async fn each_page_has_a_token_of_its_own(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Admin).await;
    let mut tokens = Vec::new();
    for path in ["/console", "/console", "/console/account", "/console/nothing"] {
        let page = desk.get(path).await.text();
        let mut found: Vec<&str> = page.split("name=\"csrf\" value=\"").skip(1).collect();
        for token in &mut found {
            *token = token.split('"').next().unwrap();
        }
        assert!(
            !found.is_empty() && found.iter().all(|token| *token == found[0]),
            "{path}: {found:?}"
        );
        tokens.push(found[0].to_owned());
    }
    for (n, token) in tokens.iter().enumerate() {
        for other in &tokens[..n] {
            let same = token.bytes().zip(other.bytes()).filter(|(a, b)| a == b).count();
            assert!(same < token.len() / 4, "{token} {other}");
        }
        let answer =
            desk.post_raw("/console/account/sessions/end-others", &format!("csrf={token}")).await;
        assert_ne!(answer.status, 403, "each works, however old its page is");
    }
}

#[apply(both_databases!)]
async fn nothing_is_changed_without_this_sessions_token(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Admin).await;
    let other = app.sign_in_as("other@sample.example", Role::Admin).await;
    let posts: Vec<_> = table().into_iter().filter(|(method, ..)| method == "POST").collect();
    assert!(!posts.is_empty());
    let before = app.count("SELECT count(*) FROM audit_entry WHERE action = 'refused'").await;
    let mut refused = 0;
    for (_, route, _, upload) in posts {
        let path = path_of(route);
        for token in ["", "nonsense", other.csrf.as_str()] {
            let answer = if upload {
                let request = desk.request("POST", &format!("{path}?csrf={token}"));
                let kind = ("content-type", "multipart/form-data; boundary=x");
                app.send(request.header(kind.0, kind.1).body("--x--\r\n")).await
            } else {
                desk.post_raw(&path, &format!("csrf={token}")).await
            };
            assert_eq!(answer.status, 403, "{path} with the token {token:?}");
            refused += 1;
        }
        let foreign = [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ];
        for (name, value) in foreign {
            let whole = format!("{path}?csrf={}", desk.csrf);
            let request = desk.request("POST", &whole).header(name, value);
            let kind = ("content-type", "application/x-www-form-urlencoded");
            let body = format!("csrf={}", desk.csrf);
            let answer = app.send(request.header(kind.0, kind.1).body(body)).await;
            assert_eq!(answer.status, 403, "{path} from {name} {value}");
            refused += 1;
        }
    }
    let after = app.count("SELECT count(*) FROM audit_entry WHERE action = 'refused'").await;
    assert_eq!(after - before, refused, "each refusal is written down");
    assert_eq!(desk.get("/console").await.status, 200, "the session goes on");
}

#[tokio::test]
async fn what_stands_open_is_for_signing_in_alone() {
    let app = TestApp::start(Database::Sqlite).await;
    let guarded = table();
    for (method, path) in OPEN {
        assert!(!guarded.iter().any(|(m, p, ..)| m == method && *p == path), "{path} is guarded");
        let answer = app.send(app.request(method, &path_of(path))).await;
        assert!(matches!(answer.status, 200 | 404 | 422), "{method} {path}: {}", answer.status);
        if method == "POST" {
            let request =
                app.request(method, &path_of(path)).header("origin", "https://evil.example");
            assert_eq!(app.send(request).await.status, 403, "{path} from another site");
        }
    }
    assert!(guarded.iter().all(|(_, path, right, _)| {
        !path.starts_with("/console/staff") || *right == Right::ManageStaff
    }));
}

#[tokio::test]
async fn htmx_is_told_to_leave_a_page_whose_session_is_over() {
    let app = TestApp::start(Database::Sqlite).await;
    let answer = app.send(app.request("GET", "/console").header("hx-request", "true")).await;
    assert_eq!((answer.status, answer.header("hx-redirect")), (200, "/console/sign-in"));
    assert!(answer.text().is_empty());
}
