//! Contacts as files: every format says the same, in pages that miss nobody, under the names that other
//! tools know.

use std::fmt::Write;
use std::process::Output;

use assent::domain::contacts::suppression::SuppressionReason;
use assent::export::{AsOf, ExportError, Format, Preset, Wanted};
use assent::store::contacts::exportable::{ExportFilter, count};
use assent::store::staff::audit_entries;
use assent_ledger::digest::sha256_hex;
use macro_rules_attribute::apply;
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::support::app::{Database, POLICY, SETTINGS, SLUG, TestApp};
use crate::support::exported::Exported;
use crate::support::{both_databases, program};

const WEEKLY: &str = "newsletter:weekly";
const TICKED: &str = "&newsletter=weekly";

fn command(app: &TestApp, arguments: &[&str]) -> Output {
    let url = app.core.settings.database_url.expose_secret().to_owned();
    let dir = app.dir.path().display().to_string();
    let own = [
        ("ASSENT_DATA_DIR", dir.as_str()),
        ("ASSENT_BASE_URL", app.base.as_str()),
        ("ASSENT_DATABASE_URL", url.as_str()),
    ];
    program::run(app.dir.path(), &[&SETTINGS[..], &own].concat(), arguments)
}

fn export(app: &TestApp, more: &[&str]) -> Vec<u8> {
    let output = command(app, &[&["export", "--purpose", WEEKLY], more].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Brings in so many contacts, all with one and the same moment of consent but for every tenth.
fn bring_in(app: &TestApp, count: usize) {
    let mut file = "email,name,organisation,job_title,consented_at,method\n".to_owned();
    for n in 0..count {
        let day = if n % 10 == 0 { 4 } else { 5 };
        writeln!(file, "reader.{n}@b.example,Reader {n},,Officer,2024-03-0{day},form").unwrap();
    }
    std::fs::write(app.dir.path().join("contacts.csv"), file).unwrap();
    let import = ["import", "contacts.csv", "--purpose", WEEKLY, "--policy", POLICY];
    let output = command(app, &[&import[..], &["--source", "a list"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn filter() -> ExportFilter {
    ExportFilter {
        purpose: WEEKLY.parse().unwrap(),
        report: None,
        since: None,
        until: None,
        policy: None,
    }
}

async fn subscribe_hostile(app: &TestApp) {
    for (email, more) in [
        ("=1+1@b.example", "&name=%3D1%2B1&organisation=a%2C%22b%22%3Bc&job_title=%2B1"),
        ("plain@b.example", "&name=%EF%BC%9D1&organisation=00123&job_title=_x0041_"),
        ("late@b.example", "&name=%40SUM(A1)&organisation=1e9&job_title=true"),
    ] {
        app.subscribe(email, &format!("{more}{TICKED}")).await;
    }
}

#[apply(both_databases!)]
async fn every_format_says_the_same(database: Database) {
    let app = TestApp::start(database).await;
    subscribe_hostile(&app).await;
    let csv = Exported::read("csv", &export(&app, &["--format", "csv"]));
    let sheet = Exported::read("xlsx", &export(&app, &["--format", "xlsx"]));
    let lines = String::from_utf8(export(&app, &["--format", "ndjson"])).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((csv.rows.len(), sheet.rows.len(), lines.len()), (4, 4, 3));
    assert_eq!(csv.rows[0], sheet.rows[0]);
    for (at, line) in lines.iter().enumerate() {
        for (column, name) in csv.rows[0].iter().enumerate() {
            let (cell, text) = (&csv.rows[at + 1][column], &sheet.rows[at + 1][column]);
            assert_eq!(line[name].as_str().unwrap_or_default(), text, "{name}");
            // What a spreadsheet would take for a formula is guarded where it has no types.
            assert_eq!(cell.strip_prefix('\'').unwrap_or(cell), text, "{name}");
        }
    }
    assert_eq!(csv.column("email"), ["'=1+1@b.example", "plain@b.example", "late@b.example"]);
    assert_eq!(csv.column("name"), ["'=1+1", "'＝1", "'@SUM(A1)"]);
    assert_eq!(sheet.column("name"), ["=1+1", "＝1", "@SUM(A1)"]);
    assert_eq!(sheet.column("organisation"), ["a,\"b\";c", "00123", "1e9"]);
    assert_eq!(sheet.column("job_title")[1..], ["_x0041_", "true"]);
    assert!(sheet.strings && sheet.frozen == 1 && sheet.filter == "A1:U4", "{sheet:?}");
}

#[apply(both_databases!)]
async fn a_workbook_without_anybody_is_one_too(database: Database) {
    let app = TestApp::start(database).await;
    let sheet = Exported::read("xlsx", &export(&app, &["--format", "xlsx", "--links"]));
    assert_eq!((sheet.rows.len(), sheet.rows[0].len()), (1, 23));
    assert!(sheet.strings && sheet.filter == "A1:W1");
    assert_eq!(export(&app, &["--format", "ndjson"]), b"");
}

#[apply(both_databases!)]
async fn the_audit_knows_the_bytes_of_each_format(database: Database) {
    let app = TestApp::start(database).await;
    subscribe_hostile(&app).await;
    for (format, preset) in
        [("csv", None), ("ndjson", Some("hubspot")), ("xlsx", Some("salesforce"))]
    {
        let mut more = vec!["--format", format, "--until", "2030-01-01"];
        more.extend(preset.iter().flat_map(|preset| ["--preset", *preset]));
        let bytes = export(&app, &more);
        let entries = audit_entries::list(&mut app.read().await, "export").await.unwrap();
        let run = &entries.last().unwrap().detail.0;
        assert_eq!(run["sha256"], sha256_hex(&bytes), "{format}");
        assert_eq!(
            (&run["format"], &run["rows"], &run["links"]),
            (&format.into(), &3.into(), &false.into())
        );
        assert_eq!(
            (run["preset"].as_str(), run["until"].as_str()),
            (preset, Some("2030-01-02T00:00:00.000000Z"))
        );
        assert!(!run.to_string().contains("example"), "no address in the audit");
    }
}

#[apply(both_databases!)]
async fn nobody_is_missed_between_pages(database: Database) {
    let app = TestApp::start(database).await;
    // Two whole pages and a bit, most of one moment, so that a page ends among equals.
    bring_in(&app, 4_321);
    app.suppress("reader.1@b.example", SuppressionReason::Complained).await;
    let csv = Exported::read("csv", &export(&app, &["--format", "csv"]));
    assert_eq!(csv.rows.len(), 4_321);
    let keys: Vec<(&str, &str)> =
        csv.column("confirmed_at").into_iter().zip(csv.column("subscriber_id")).collect();
    assert!(keys.is_sorted() && keys.windows(2).all(|two| two[0] != two[1]), "in order, once each");
    assert!(!csv.column("email").contains(&"reader.1@b.example"));
    let days = |more: &[&str]| {
        Exported::read("csv", &export(&app, &[&["--format", "csv"], more].concat())).rows.len() - 1
    };
    assert_eq!(days(&["--since", "2024-03-05"]), 3_887);
    assert_eq!(days(&["--until", "2024-03-04"]), 433);
    assert_eq!(days(&["--since", "2024-03-04", "--until", "2024-03-04"]), 433);
    assert_eq!(
        days(&["--until", "2024-03-04T00:00:00Z", "--since", "2024-03-04T00:00:00Z"]),
        433,
        "both included"
    );
    assert_eq!(days(&["--until", "2024-03-03"]), 0);
    let now = app.clock.now();
    assert_eq!(count(&mut app.read().await, now, &filter(), i64::MAX).await.unwrap(), 4_320);
    assert_eq!(count(&mut app.read().await, now, &filter(), 7).await.unwrap(), 7);
    // All pages are of one moment, whatever happens while they are read.
    let snapshot = app.core.db.snapshot().await.unwrap();
    for n in (2..4_321).step_by(100) {
        app.suppress(&format!("reader.{n}@b.example"), SuppressionReason::Manual).await;
    }
    let (filter, mut out) = (filter(), Vec::new());
    let wanted = Wanted {
        filter: &filter,
        format: Format::Csv,
        preset: None,
        links: None,
        authority: app.core.flow_settings.authority(),
        scratch: app.dir.path(),
    };
    let written =
        assent::export::write(AsOf { snapshot, now }, wanted, &mut out, |_| {}).await.unwrap();
    assert_eq!(written.rows, 4_320);
    assert_eq!(count(&mut app.read().await, now, &filter, i64::MAX).await.unwrap(), 4_320 - 44);
}

#[apply(both_databases!)]
async fn presets_name_and_order_the_columns(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe(
        "ada@b.example",
        &format!("&name=Ada+King+Lovelace&organisation=Northmoor&job_title=Head{TICKED}"),
    )
    .await;
    for (preset, first, cells) in [
        (
            "hubspot",
            "Email,First name,Last name,Company name,Job title,Consent subscriber ID",
            "ada@b.example,Ada,King Lovelace,Northmoor,Head,",
        ),
        (
            "mailchimp",
            "Email Address,First Name,Last Name,Company,Job Title,Consent subscriber ID",
            "ada@b.example,Ada,King Lovelace,Northmoor,Head,",
        ),
        (
            "salesforce",
            "Email,Full Name,Company,Title,Consent subscriber ID",
            "ada@b.example,Ada King Lovelace,Northmoor,Head,",
        ),
    ] {
        let text =
            String::from_utf8(export(&app, &["--format", "csv", "--preset", preset, "--links"]))
                .unwrap();
        let (header, row) = text.trim_end().split_once("\r\n").unwrap();
        assert!(header.starts_with(&format!("\u{feff}{first},")), "{header}");
        assert!(
            header.contains(
                ",Consent receipt ID,Consent manage URL,Consent unsubscribe URL,Consent UTM source,"
            ),
            "{header}"
        );
        assert!(header.ends_with(",Consent ref,Consent page origin"), "{header}");
        assert!(
            row.starts_with(cells)
                && row.contains(&format!(",{SLUG},"))
                && row.contains("/unsubscribe/"),
            "{row}"
        );
    }
    let refused =
        command(&app, &["export", "--purpose", WEEKLY, "--format", "csv", "--preset", "sendgrid"]);
    assert_eq!(refused.status.code(), Some(2));
}

#[apply(both_databases!)]
async fn nothing_is_left_lying_about(database: Database) {
    let app = TestApp::start(database).await;
    subscribe_hostile(&app).await;
    let names = || {
        let mut names: Vec<_> = std::fs::read_dir(app.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.retain(|name| !name.to_string_lossy().starts_with("assent.db"));
        names.sort();
        names
    };
    let before = names();
    export(&app, &["--format", "xlsx"]);
    assert_eq!(names(), before);
}

#[apply(both_databases!)]
async fn what_cannot_be_read_stops_the_export(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@b.example", TICKED).await;
    let changed = match database {
        Database::Sqlite => "UPDATE subscriber SET name = 'Ada' || char(31) || 'x'",
        Database::Postgres => "ALTER TABLE consent RENAME COLUMN source TO gone",
    };
    app.tamper(changed).await.unwrap();
    let (filter, now) = (filter(), app.clock.now());
    let wanted = Wanted {
        filter: &filter,
        format: Format::Csv,
        preset: Some(Preset::Hubspot),
        links: None,
        authority: app.core.flow_settings.authority(),
        scratch: app.dir.path(),
    };
    let mut out = Vec::new();
    let snapshot = app.core.db.snapshot().await.unwrap();
    let written = assent::export::write(AsOf { snapshot, now }, wanted, &mut out, |_| {}).await;
    let stopped = written.unwrap_err();
    assert!(matches!(stopped, ExportError::Store(_) | ExportError::Changed(_)), "{stopped}");
    assert!(!String::from_utf8(out).unwrap().contains("ada@"));
}
