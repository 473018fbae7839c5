//! `since` and `until` at every door that takes them: the same days of the site's zone, both included, and the same
//! sentence where they are none.

use std::collections::BTreeSet;
use std::process::Output;

use assent::domain::staff::action::Action;
use assent::domain::staff::member::Role;
use assent::domain::timestamp::Timestamp;
use assent::store::staff::audit_entries;
use macro_rules_attribute::apply;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::support::app::{Answer, Database, SETTINGS, TestApp};
use crate::support::desk::{TestDesk, escaped, token};
use crate::support::{both_databases, poll, program};

const ZONE: (&str, &str) = ("ASSENT_TIMEZONE", "Europe/Berlin");
const WEEKLY: &str = "newsletter:weekly";
/// The people of these stories; what happens to each stands in the audit under their name.
const PEOPLE: [&str; 4] = ["early", "first", "last", "late"];
const NOT_A_DAY: &str = "rite a day such as 2026-11-23, or a time such as 2026-11-23T09:00:00Z";
const BACKWARDS: &str = "rite an end that is not before the beginning";

/// Whose name stands in a text in this way.
fn named(text: &str, way: impl Fn(&str) -> String) -> BTreeSet<&'static str> {
    PEOPLE.into_iter().filter(|name| text.contains(&way(name))).collect()
}

/// Somebody confirms at this moment, to the microsecond, and an entry of the audit is of the same moment.
async fn confirms(app: &TestApp, name: &str, at: &str) {
    // Each of the three requests takes a millisecond.
    let before = Timestamp::parse(at).unwrap().minus(std::time::Duration::from_millis(3));
    app.advance(before.since(app.clock.now()));
    app.subscribe(&format!("{name}@b.example"), "&newsletter=weekly").await;
    assert_eq!(app.clock.now(), Timestamp::parse(at).unwrap());
    let mut tx = app.write().await;
    let detail = json!({"slug": name});
    audit_entries::append(&mut tx, &app.core.moment(), "program", Action::ReportAdd.with(&detail))
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// The days 24 to 26 November in Berlin have the first and the last, and the other two by a moment not.
async fn told(database: Database) -> TestApp {
    let app = TestApp::start_with(database, &[ZONE]).await;
    confirms(&app, "early", "2026-11-23T22:59:59.992Z").await;
    confirms(&app, "first", "2026-11-23T23:00:00Z").await;
    confirms(&app, "last", "2026-11-26T22:59:59.992Z").await;
    confirms(&app, "late", "2026-11-26T23:00:00Z").await;
    app.seal().await;
    app
}

fn command(app: &TestApp, arguments: &[&str]) -> Output {
    let url = app.core.settings.database_url.expose_secret().to_owned();
    let dir = app.dir.path().display().to_string();
    let own = [
        ZONE,
        ("ASSENT_DATA_DIR", dir.as_str()),
        ("ASSENT_BASE_URL", app.base.as_str()),
        ("ASSENT_DATABASE_URL", url.as_str()),
    ];
    program::run(app.dir.path(), &[&SETTINGS[..], &own].concat(), arguments)
}

fn exports(app: &TestApp, ends: &[(&str, &str)]) -> Output {
    let mut arguments = vec!["export", "--purpose", WEEKLY, "--format", "ndjson"];
    let ends: Vec<String> = ends.iter().map(|(end, at)| format!("--{end}={at}")).collect();
    arguments.extend(ends.iter().map(String::as_str));
    command(app, &arguments)
}

/// The ends as the fields of a form or an address.
fn fields(ends: &[(&str, &str)]) -> String {
    let mut fields = url::form_urlencoded::Serializer::new(String::new());
    format!("&{}", fields.extend_pairs(ends).finish())
}

async fn read(app: &TestApp, bearer: &str, path: &str) -> Answer {
    app.send(app.request("GET", path).header("authorization", bearer)).await
}

/// The file that is made in the background of who confirmed in this span.
async fn made(desk: &TestDesk<'_>, chosen: &str) -> String {
    let answer = desk.post("/console/exports", chosen).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let file = format!("{}/file", answer.location().split('?').next().unwrap());
    poll::until("the file", || async {
        let answer = desk.get(&file).await;
        (answer.status == 200).then(|| answer.text())
    })
    .await
}

#[apply(both_databases!)]
async fn every_door_means_the_same_days(database: Database) {
    let app = told(database).await;
    let desk = app.sign_in(Role::Admin).await;
    let bearer =
        format!("Bearer {}", token(&desk, "name=a&scopes=exports&scopes=subscribers").await);
    let purpose = "purpose=newsletter%3Aweekly";
    for (ends, whom) in [
        (&[("since", "2026-11-24"), ("until", "2026-11-26")][..], &["first", "last"][..]),
        (
            &[
                ("since", "2026-11-24T00:00:00+01:00"),
                ("until", "2026-11-26T23:59:59.999999+01:00"),
            ],
            &["first", "last"],
        ),
        (&[("since", "2026-11-23T23:00:00Z"), ("until", "2026-11-24T00:00:00+01:00")], &["first"]),
        (
            &[
                ("since", "2026-11-24T00:00:00.000001+01:00"),
                ("until", "2026-11-26T22:59:59.991999Z"),
            ],
            &[],
        ),
        (&[("since", "2026-11-26"), ("until", "2026-11-26")], &["last"]),
        (&[("until", "2026-11-23")], &["early"]),
        (&[("since", "2026-11-27")], &["late"]),
        (&[("since", "0001-01-01"), ("until", "9999-12-31")], &PEOPLE),
        (&[("since", "9999-12-31")], &[]),
    ] {
        let whom: BTreeSet<&str> = whom.iter().copied().collect();
        let asked = fields(ends);
        let address = |name: &str| format!("{name}@b.example");
        let shown = |name: &str| format!(">{name}@");

        let page = desk.page(&format!("/console/subscribers?{asked}")).await;
        assert_eq!(named(&page, shown), whom, "the list of people, {asked}");
        let page = desk.page(&format!("/console/exports?{purpose}{asked}")).await;
        assert_eq!(named(&page, shown), whom, "the preview of an export, {asked}");
        let file = desk.get(&format!("/console/exports/consented?{purpose}{asked}")).await.text();
        assert_eq!(named(&file, address), whom, "an export, {asked}");
        let answer =
            read(&app, &bearer, &format!("/api/v1/exports/consented?{purpose}{asked}")).await;
        assert_eq!(
            (answer.status, named(&answer.text(), address)),
            (200, whom.clone()),
            "the API's export, {asked}"
        );
        let answer = read(&app, &bearer, &format!("/api/v1/subscribers?{asked}")).await;
        assert_eq!(
            (answer.status, named(&answer.text(), address)),
            (200, whom.clone()),
            "the API's people, {asked}"
        );
        let output = exports(&app, ends);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(
            named(&String::from_utf8_lossy(&output.stdout), address),
            whom,
            "the command, {asked}"
        );
        let page = desk.page(&format!("/console/audit?action=report.add{asked}")).await;
        assert_eq!(
            named(&page, |name| format!("added the report {name}<")),
            whom,
            "the audit, {asked}"
        );
        let file =
            desk.post("/console/audit/export", &format!("format=ndjson{asked}")).await.text();
        assert_eq!(
            named(&file, |name| format!("\"slug\":\"{name}\"")),
            whom,
            "the audit's file, {asked}"
        );
    }
    // A program that leaves the plus as it is sends a space (URL-encoded form data).
    let asked = "since=2026-11-24T00:00:00+01:00&until=2026-11-26T23:59:59.999999+01:00";
    for path in [
        format!("/api/v1/exports/consented?{purpose}&{asked}"),
        format!("/api/v1/subscribers?{asked}"),
    ] {
        let answer = read(&app, &bearer, &path).await;
        let both = named(&answer.text(), |name| format!("{name}@b.example"));
        assert_eq!((answer.status, both), (200, BTreeSet::from(["first", "last"])), "{path}");
    }
    let asked = "since=2026-11-24&until=2026-11-26";
    let file = made(&desk, &format!("{purpose}&{asked}&format=csv")).await;
    let both = named(&file, |name| format!("{name}@b.example"));
    assert_eq!(both, BTreeSet::from(["first", "last"]), "an export in the background");
    // What was asked for is told in days of the site, and kept in UTC.
    desk.post("/console/audit/export", &format!("format=ndjson&{asked}")).await;
    let kept = &crate::support::desk::audit(&app, "audit.export").await.pop().unwrap();
    let both = (&kept["since"], &kept["until"]);
    assert_eq!(
        both,
        (&json!("2026-11-23T23:00:00.000000Z"), &json!("2026-11-26T23:00:00.000000Z"))
    );
    let page = desk.page("/console/audit?action=audit.export").await;
    assert!(
        page.contains("24 November 2026") && page.contains("the end of 26 November 2026"),
        "{page}"
    );
    let name = desk.get(&format!("/console/exports/consented?{purpose}&{asked}")).await;
    assert!(
        name.header("content-disposition").contains("weekly-2026-11-27."),
        "its day is one of the site: {:?}",
        name.headers
    );
}

#[apply(both_databases!)]
async fn what_is_no_span_is_refused_alike(database: Database) {
    let app = told(database).await;
    let desk = app.sign_in(Role::Admin).await;
    let bearer =
        format!("Bearer {}", token(&desk, "name=a&scopes=exports&scopes=subscribers").await);
    let purpose = "purpose=newsletter%3Aweekly";
    let long = "9".repeat(2000);
    for (ends, sentence, status) in [
        (&[("since", "tomorrow")][..], NOT_A_DAY, 2),
        (&[("until", "tomorrow")], NOT_A_DAY, 2),
        (&[("since", "0000-12-31")], NOT_A_DAY, 2),
        (&[("until", "10000-01-01")], NOT_A_DAY, 2),
        (&[("until", "2026-02-29")], NOT_A_DAY, 2),
        (&[("since", "2026-11-23T09:00")], NOT_A_DAY, 2),
        (&[("since", "23.11.2026")], NOT_A_DAY, 2),
        (&[("since", "'; DROP TABLE audit_entry; --")], NOT_A_DAY, 2),
        (&[("until", long.as_str())], NOT_A_DAY, 2),
        (&[("since", "2026-11-24"), ("until", "2026-11-23")], BACKWARDS, 1),
        (&[("since", "2026-11-24"), ("until", "2026-11-23T22:59:59Z")], BACKWARDS, 1),
        (&[("since", "9999-12-31"), ("until", "0001-01-01")], BACKWARDS, 1),
    ] {
        let asked = fields(ends);
        for answer in [
            desk.get(&format!("/console/subscribers?{asked}")).await,
            desk.get(&format!("/console/exports?{purpose}{asked}")).await,
            desk.get(&format!("/console/exports/consented?{purpose}{asked}")).await,
            desk.post("/console/exports", &format!("{purpose}{asked}")).await,
            desk.get(&format!("/console/audit?{asked}")).await,
            desk.post("/console/audit/export", &format!("format=csv{asked}")).await,
            read(&app, &bearer, &format!("/api/v1/exports/consented?{purpose}{asked}")).await,
            read(&app, &bearer, &format!("/api/v1/subscribers?{asked}")).await,
        ] {
            assert_eq!(answer.status, 422, "{asked}: {}", answer.text());
            assert!(answer.text().contains(&format!("W{sentence}")), "{asked}: {}", answer.text());
        }
        let output = exports(&app, ends);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            (output.status.code(), output.stdout.is_empty()),
            (Some(status), true),
            "{asked}: {said}"
        );
        assert!(said.contains(&format!("w{sentence}")), "{asked}: {said}");
    }
    for repeated in ["&since=2026-11-24&since=2026-11-25", "&until=2026-11-24%00", "&since=%FF"] {
        for answer in [
            desk.get(&format!("/console/subscribers?{repeated}")).await,
            desk.get(&format!("/console/exports?{purpose}{repeated}")).await,
            desk.get(&format!("/console/audit?{repeated}")).await,
            read(&app, &bearer, &format!("/api/v1/exports/consented?{purpose}{repeated}")).await,
            read(&app, &bearer, &format!("/api/v1/subscribers?{repeated}")).await,
        ] {
            assert_eq!(answer.status, 422, "{repeated}: {}", answer.text());
            assert!(
                answer.text().contains("Write this once, in plain characters"),
                "{repeated}: {}",
                answer.text()
            );
        }
    }
    assert_eq!(app.count("SELECT count(*) FROM export_run").await, 0);
    assert_eq!(
        app.count("SELECT count(*) FROM audit_entry WHERE action = 'audit.export'").await,
        0
    );
}

#[apply(both_databases!)]
async fn a_time_stays_in_the_form_as_it_was_typed(database: Database) {
    let app = told(database).await;
    let desk = app.sign_in(Role::Admin).await;
    // In Berlin this is the 24th already: cut down to its day in UTC the form would ask for another one.
    let time = "2026-11-23T23:00:00Z";
    for path in [
        "/console/exports?purpose=newsletter%3Aweekly",
        "/console/subscribers?q=",
        "/console/audit?actor=",
    ] {
        let page = desk.page(&format!("{path}&since={}&until=2026-11-26", escaped(time))).await;
        let field = |name: &str| {
            let (_, after) = page
                .split_once(&format!("<input id=\"{name}\""))
                .unwrap_or_else(|| panic!("{page}"));
            after.split('>').next().unwrap().to_owned()
        };
        let (since, until) = (field("since"), field("until"));
        assert!(
            since.contains("type=\"text\"") && since.contains(&format!("value=\"{time}\"")),
            "{since}"
        );
        assert!(
            until.contains("type=\"date\"") && until.contains("value=\"2026-11-26\""),
            "{until}"
        );
    }
}
