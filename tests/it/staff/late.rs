//! What becomes of a form whose sender loses their session or their right while it arrives.

use std::time::Duration;

use assent::domain::staff::member::Role;
use macro_rules_attribute::apply;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::app::{Database, TestApp};
use crate::support::both_databases;
use crate::support::desk::TestDesk;

/// A form whose head has arrived and was let through: the program has asked for the rest.
struct Held {
    stream: TcpStream,
    body: String,
}

impl Held {
    async fn begin(desk: &TestDesk<'_>, path: &str, kind: &str, body: String) -> Self {
        let mut stream = TcpStream::connect(desk.app.address).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
            desk.app.address,
            desk.cookie,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut asked = [0; 25];
        let asking = stream.read_exact(&mut asked);
        tokio::time::timeout(Duration::from_secs(10), asking).await.unwrap().unwrap();
        assert!(asked.starts_with(b"HTTP/1.1 100"), "{}", String::from_utf8_lossy(&asked));
        Self { stream, body }
    }

    /// Sends the rest, and gives the answer.
    async fn end(mut self) -> String {
        self.stream.write_all(self.body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
const BOUNDARY: &str = "multipart/form-data; boundary=x";

#[apply(both_databases!)]
async fn an_admin_who_is_demoted_does_not_undo_it(database: Database) {
    let app = TestApp::start(database).await;
    let removed = app.sign_in_as("zoe@sample.example", Role::Admin).await;
    let admin = app.sign_in(Role::Admin).await;
    let path = format!("/console/staff/{}/role", removed.staff_id);
    let held =
        Held::begin(&removed, &path, FORM, format!("role=admin&csrf={}", removed.csrf)).await;
    assert_eq!(admin.post(&path, "role=viewer").await.status, 303);
    let answer = held.end().await;
    assert!(answer.starts_with("HTTP/1.1 303") && answer.contains("/console/sign-in"), "{answer}");
    let role = "SELECT count(*) FROM staff WHERE email = 'zoe@sample.example' AND role = 'viewer'";
    assert_eq!(app.count(role).await, 1);
}

#[apply(both_databases!)]
async fn an_upload_of_somebody_disabled_is_dropped(database: Database) {
    let app = TestApp::start(database).await;
    let marketing = app.sign_in(Role::Marketing).await;
    let admin = app.sign_in(Role::Admin).await;
    let body = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n%PDF-1.7\nother\r\n--x--\r\n";
    let path = format!("/console/reports/sample/file?csrf={}", marketing.csrf);
    let before = app.count("SELECT byte_size FROM report").await;
    let held = Held::begin(&marketing, &path, BOUNDARY, body.to_owned()).await;
    let disable = format!("/console/staff/{}/disable", marketing.staff_id);
    assert_eq!(admin.post(&disable, "sure=yes").await.status, 303);
    let answer = held.end().await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert_eq!(app.count("SELECT byte_size FROM report").await, before);
}

#[apply(both_databases!)]
async fn no_other_site_has_contacts_taken_away(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", "&newsletter=weekly").await;
    let desk = app.sign_in(Role::Admin).await;
    let path = "/console/exports/consented?purpose=newsletter%3Aweekly";
    for site in ["cross-site", "same-site"] {
        let sent = app.send(desk.request("GET", path).header("sec-fetch-site", site)).await;
        assert!(sent.status == 403 && !sent.text().contains("ada@"), "{site}");
    }
    assert_eq!(app.count("SELECT count(*) FROM export_run").await, 0);
    for site in ["same-origin", "none"] {
        let sent = app.send(desk.request("GET", path).header("sec-fetch-site", site)).await;
        assert_eq!(sent.status, 200, "{site}");
    }
}

#[apply(both_databases!)]
async fn nothing_but_names_is_asked_of_the_audit(database: Database) {
    let app = TestApp::start(database).await;
    let desk = app.sign_in(Role::Marketing).await;
    for wrong in
        ["actor=Jane+Doe+jane%40b.example", "action=%3Cb%3E", &format!("actor={}", "x".repeat(65))]
    {
        assert_eq!(desk.get(&format!("/console/audit?{wrong}")).await.status, 422, "{wrong}");
        assert_eq!(
            desk.post("/console/audit/export", &format!("{wrong}&format=csv")).await.status,
            422,
            "{wrong}"
        );
    }
    assert_eq!(
        app.count("SELECT count(*) FROM audit_entry WHERE action = 'audit.export'").await,
        0
    );
    for right in [
        "actor=command+line",
        "actor=token%3A0198a0d1-c9a8-7b3c-8d4e-5f60718293a4&action=export.begin",
    ] {
        assert_eq!(desk.get(&format!("/console/audit?{right}")).await.status, 200, "{right}");
    }
}
