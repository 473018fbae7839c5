//! Requests to another host, and whose name links bear.

use macro_rules_attribute::apply;

use super::{FORM, bare, post, raw, status, stored};
use crate::support::app::{Database, PATH, TestApp, form};
use crate::support::both_databases;

#[apply(both_databases!)]
async fn another_host_is_not_ours(database: Database) {
    let app = TestApp::start(database).await;
    let own = format!("Host: {}", app.address);
    for path in [
        "/",
        PATH,
        "/newsletters",
        "/check-your-inbox",
        "/confirm/x",
        "/downloads/x/file",
        "/policies/privacy",
    ] {
        let get = format!("GET {path} HTTP/1.1");
        for (hosts, expected) in [
            (&["Host:"][..], 421),
            (&["Host: evil.example"], 421),
            (&["Host: 127.0.0.1.evil.example"], 421),
            (&["Host: localhost.evil.example"], 421),
            (&["Host: 127.0.0.1,evil.example"], 421),
            (&["Host: 127.0.0.2"], 421),
            (&["Host: [::2]"], 421),
            (&["Host: localhost.."], 421),
            (&["Host: 2130706433"], 421),
            // RFC 9112 3.2: none, several, and what can be no host.
            (&[], 400),
            (&[&own, "Host: evil.example"], 400),
            (&["Host: evil.example", &own], 400),
            (&[&own, &own], 400),
            (&[&own, "Host:"], 400),
            (&["Host: eve@127.0.0.1"], 400),
            (&["Host: 127.0.0.1@evil.example"], 400),
            (&["Host: 127.0.0.1:80@evil.example"], 400),
            (&["Host: 127.0.0.1, evil.example"], 400),
            (&["Host: 127.0.0.1/"], 400),
            (&["Host: 127.0.0.1 evil.example"], 400),
        ] {
            let answer = bare(&app, &[&[get.as_str()], hosts].concat()).await;
            assert_eq!(status(&answer), expected, "{path} {hosts:?}");
            assert!(!answer.to_lowercase().contains("evil.example"), "{hosts:?}");
            assert!(
                answer.contains("</html>") && answer.contains("content-security-policy"),
                "{hosts:?}: {answer}"
            );
        }
        // The target's own host counts as well, and must be the same.
        for (target, host) in [
            (format!("http://evil.example{path}"), own.as_str()),
            (format!("http://{}{path}", app.address), "Host: evil.example"),
            (format!("http://eve@{}{path}", app.address), own.as_str()),
        ] {
            let answer = bare(&app, &[&format!("GET {target} HTTP/1.1"), host]).await;
            assert_eq!(status(&answer), 421, "{target} {host}");
        }
        assert_eq!(status(&bare(&app, &[&format!("GET {path} HTTP/1.0")]).await), 421);
    }
    let body = form("ada@b.example", "");
    for (target, host) in [
        (PATH.to_owned(), "Host: evil.example"),
        (format!("http://evil.example{PATH}"), own.as_str()),
    ] {
        let length = format!("Content-Length: {}", body.len());
        let lines =
            [&format!("POST {target} HTTP/1.1"), host, &format!("Content-Type: {FORM}"), &length];
        let request = format!("{}\r\nConnection: close\r\n\r\n{body}", lines.join("\r\n"));
        assert_eq!(status(&raw(&app, request.as_bytes()).await), 421, "{target}");
    }
    assert_eq!(stored(&app).await, [0, 0]);
    let whole = format!("GET http://{}/ HTTP/1.1", app.address);
    assert_eq!(status(&bare(&app, &[&whole, &own]).await), 200);
}

#[apply(both_databases!)]
async fn another_host_learns_nothing_of_paths_and_methods(database: Database) {
    let app = TestApp::start(database).await;
    for line in
        ["GET /nothing/here HTTP/1.1", "DELETE / HTTP/1.1", "POST /policies/privacy HTTP/1.1"]
    {
        assert_eq!(status(&bare(&app, &[line, "Host: evil.example"]).await), 421, "{line}");
    }
}

#[apply(both_databases!)]
async fn the_names_of_loopback_are_one(database: Database) {
    let app = TestApp::start(database).await;
    for host in [
        "localhost",
        "LOCALHOST:1",
        "localhost:65535",
        "127.0.0.1",
        "127.0.0.1:1",
        "[::1]",
        "[::1]:8080",
        "localhost.",
        "localhost.:1",
    ] {
        assert_eq!(
            status(&bare(&app, &["GET / HTTP/1.1", &format!("Host: {host}")]).await),
            200,
            "{host}"
        );
    }
}

#[apply(both_databases!)]
async fn whoever_watches_needs_no_host(database: Database) {
    let app = TestApp::start(database).await;
    for path in ["/livez", "/readyz"] {
        let get = format!("GET {path} HTTP/1.1");
        for hosts in [&["Host: evil.example"], &["Host: 10.1.2.3:8080"], &["Host:"]] {
            assert_eq!(
                status(&bare(&app, &[&[get.as_str()], &hosts[..]].concat()).await),
                200,
                "{path} {hosts:?}"
            );
        }
        assert_eq!(status(&bare(&app, &[&format!("GET {path} HTTP/1.0")]).await), 200);
        // They answer any host, but no request that is none (RFC 9112 3.2).
        for hosts in [&[][..], &["Host: a.example", "Host: a.example"]] {
            assert_eq!(
                status(&bare(&app, &[&[get.as_str()], hosts].concat()).await),
                400,
                "{path} {hosts:?}"
            );
        }
    }
}

#[apply(both_databases!)]
async fn links_lead_where_the_operator_said(database: Database) {
    let app = TestApp::start(database).await;
    let evil = [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-port", "444"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-host", "evil.example"),
        ("x-original-url", "/evil.example"),
        ("x-rewrite-url", "/evil.example"),
        ("x-forwarded-prefix", "/evil.example"),
        ("referer", "https://evil.example/"),
        ("x-forwarded-for", "evil.example"),
    ];
    let asked =
        post(&app, PATH, &evil, form("ada@b.example", "&newsletter=weekly").as_bytes()).await;
    assert_eq!((asked.status, asked.location()), (303, "/check-your-inbox"));
    let link = app.next_mail("ada@b.example", 0).await.link("/confirm/");
    assert_eq!(
        post(&app, &format!("{link}/fresh"), &evil, b"").await.location(),
        "/check-your-inbox?word=fresh"
    );
    let link = app.next_mail("ada@b.example", 1).await.link("/confirm/");
    let confirmed = post(&app, &link, &evil, b"").await;
    assert!(confirmed.status == 303 && confirmed.location().starts_with("/downloads/"));
    app.next_mail("ada@b.example", 2).await;
    let fresh = format!("{}/fresh", confirmed.location());
    assert_eq!(post(&app, &fresh, &evil, b"").await.status, 303);
    app.next_mail("ada@b.example", 3).await;
    for mail in app.inbox() {
        for part in [&mail.raw, &mail.text, &mail.html] {
            assert!(!part.contains("evil.example") && !part.contains("https://127"), "{part}");
        }
        assert!(mail.links().iter().all(|link| link.starts_with(&app.base)));
        let origins = mail.html.split("href=\"").skip(1).all(|rest| rest.starts_with(&app.base));
        assert!(origins, "{}", mail.html);
    }
}

#[apply(both_databases!)]
async fn another_base_url_is_the_only_origin(database: Database) {
    let app =
        TestApp::start_with(database, &[("ASSENT_BASE_URL", "https://reports.example.org")]).await;
    let own = [("host", "reports.example.org"), ("origin", "https://reports.example.org")];
    let asked = post(&app, PATH, &own, form("ada@b.example", "").as_bytes()).await;
    assert_eq!(asked.status, 303);
    let cookie = asked.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-") && cookie.contains("; Secure") && cookie.contains("HttpOnly")
    );
    assert!(asked.header("strict-transport-security").contains("max-age="));
    let mail = app.next_mail("ada@b.example", 0).await;
    assert!(mail.links().iter().all(|link| link.starts_with("https://reports.example.org/")));
    assert!(!mail.raw.contains("127.0.0.1"));
    // With the dot of the root it is the same host, and links stay as the operator wrote it.
    let dotted = [("host", "reports.example.org."), ("origin", "https://reports.example.org.")];
    assert_eq!(post(&app, PATH, &dotted, form("bea@b.example", "").as_bytes()).await.status, 303);
    let mail = app.next_mail("bea@b.example", 0).await;
    assert!(mail.links().iter().all(|link| link.starts_with("https://reports.example.org/")));
    for host in [
        "127.0.0.1",
        "localhost",
        "reports.example.org:8443",
        "example.org",
        "reports.example.org.evil.example",
    ] {
        assert_eq!(post(&app, PATH, &[("host", host)], b"").await.status, 421, "{host}");
    }
    for origin in
        ["http://reports.example.org", "https://example.org", "https://reports.example.org:8443"]
    {
        assert_eq!(
            post(&app, PATH, &[own[0], ("origin", origin)], b"").await.status,
            403,
            "{origin}"
        );
    }
}
