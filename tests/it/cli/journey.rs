//! From an empty directory to a file and a list, by commands alone, beside a server.

use std::time::Duration;

use macro_rules_attribute::apply;

use crate::cli::{get, post};
use crate::support::app::{Database, POLICY, form, open_db};
use crate::support::operator::{Desk, PDF, PNG};
use crate::support::{both_databases, poll};

#[apply(both_databases!)]
async fn from_an_empty_directory_to_a_file_and_a_list(database: Database) {
    let desk = Desk::new(database).await;
    let published = desk.does(&["policy", "publish", "policy.md", "--version", POLICY]);
    assert!(published.starts_with(&format!("published {POLICY}, SHA-256 ")), "{published}");
    assert!(
        desk.does(&[
            "newsletter",
            "add",
            "weekly",
            "--name",
            "The weekly",
            "--description",
            "News"
        ])
        .contains("newsletter:weekly")
    );
    let added = desk.adds_report(
        "annual",
        &[
            "--summary",
            "What there was.",
            "--newsletter",
            "weekly",
            "--body",
            "body.md",
            "--cover",
            "cover.png",
            "--pages",
            "4",
            "--require",
            "name",
            "--publish",
        ],
    );
    assert!(added.contains("/reports/annual"), "{added}");
    let plain = desk.adds_report("plain", &["--publish"]);
    assert!(plain.contains("/reports/plain"), "{plain}");

    let served = desk.serve().await;
    let page = format!("{}/reports/annual", served.base);
    let landing = get(&page).await;
    assert!(
        landing.status == 200
            && landing.text().contains("What there was.")
            && landing.text().contains("<em>few</em>")
    );
    let cover = get(&format!("{page}/cover")).await;
    assert_eq!((cover.header("content-type"), cover.body.as_slice()), ("image/png", PNG));
    assert!(
        landing.text().contains("src=\"/reports/annual/cover\"")
            && landing.text().contains("4 pages")
    );

    let nameless = post(&page, form("ada@b.example", "&newsletter=weekly")).await;
    assert!(nameless.status == 422 && nameless.text().contains("Enter your name"));
    let asked = post(&page, form("ada@b.example", "&newsletter=weekly&name=%3DAda")).await;
    assert_eq!(asked.status, 303, "{}", asked.text());
    let link = desk.mail(0).await.link("/confirm/");
    assert!(link.starts_with(&served.base));
    assert_eq!(get(&link).await.status, 200);
    assert_eq!(desk.count("SELECT count(*) FROM subscriber").await, 0);
    let confirmed = post(&link, String::new()).await;
    assert_eq!(confirmed.status, 303);
    let download = format!("{}{}", served.base, confirmed.location());
    assert_eq!(get(&download).await.status, 200);
    let file = get(&format!("{download}/file")).await;
    assert_eq!(
        (file.status, file.body.as_slice(), file.header("content-type")),
        (200, PDF, "application/pdf")
    );
    assert!(desk.mail(1).await.link("/downloads/").ends_with(confirmed.location()));

    // Exports work beside a running server.
    let csv = desk.does(&["export", "--purpose", "newsletter:weekly", "--format", "csv"]);
    assert!(
        csv.starts_with("\u{feff}subscriber_id,email,name,")
            && csv.contains(",ada@b.example,'=Ada,")
    );
    assert_eq!(csv.matches("\r\n").count(), 2);
    let ndjson = desk.does(&[
        "export",
        "--purpose",
        "privacy-policy",
        "--report",
        "annual",
        "--format",
        "ndjson",
    ]);
    let row: serde_json::Value = serde_json::from_str(&ndjson).unwrap();
    assert_eq!(
        (&row["email"], &row["name"], &row["report"]),
        (&"ada@b.example".into(), &"=Ada".into(), &"annual".into())
    );
    for (name, format, same) in [("out.csv", "csv", &csv), ("out.ndjson", "ndjson", &ndjson)] {
        let purpose = if format == "csv" { "newsletter:weekly" } else { "privacy-policy" };
        let said = desk.does(&["export", "--purpose", purpose, "--format", format, "--out", name]);
        assert_eq!((said.as_str(), &std::fs::read_to_string(desk.path(name)).unwrap()), ("", same));
    }
    let of_other = desk.does(&[
        "export",
        "--purpose",
        "privacy-policy",
        "--report",
        "plain",
        "--format",
        "ndjson",
    ]);
    let later = desk.does(&[
        "export",
        "--purpose",
        "privacy-policy",
        "--since",
        "2100-01-01",
        "--format",
        "ndjson",
    ]);
    assert_eq!((of_other.as_str(), later.as_str()), ("", ""));
    assert_eq!(
        desk.count(
            "SELECT count(*) FROM audit_entry WHERE action = 'export' AND actor = 'command line'"
        )
        .await,
        6
    );
    assert!(!desk.path("out.csv.part").exists());
    served.kill();

    // Every list names what is there.
    for (list, word) in [
        ("report", "annual\tpublished"),
        ("newsletter", "weekly\toffered\tThe weekly\tNews"),
        ("policy", POLICY),
    ] {
        let said = desk.does(&[list, "list"]);
        assert!(said.contains(word), "{said}");
    }
    for (what, word) in [("withdraw", "archived"), ("withdraw", "archived"), ("offer", "offered")] {
        assert!(desk.does(&["newsletter", what, "weekly"]).contains(word));
        assert!(
            desk.does(&["newsletter", "list"]).contains(&format!("weekly\t{word}\t")),
            "{what}"
        );
    }
}

#[apply(both_databases!)]
async fn an_audit_row_says_what_left(database: Database) {
    let desk = Desk::stocked(database).await;
    let csv = desk.does(&["export", "--purpose", "newsletter:weekly", "--format", "csv"]);
    let sha256 = assent_ledger::digest::sha256_hex(csv.as_bytes());
    let db = open_db(&desk.database_url).await;
    let entries =
        assent::store::staff::audit_entries::list(&mut db.read().await.unwrap(), "export")
            .await
            .unwrap();
    db.close().await;
    assert_eq!(entries.len(), 1);
    let detail = entries[0].detail.to_string();
    assert!(
        detail.contains(&sha256) && detail.contains("newsletter:weekly") && detail.contains("csv"),
        "{detail}"
    );
    assert_eq!(entries[0].detail["rows"], 0);
}

#[apply(both_databases!)]
async fn a_running_server_sees_what_commands_do_within_a_second(database: Database) {
    let desk = Desk::stocked(database).await;
    let served = desk.serve().await;
    let seen = |path: &str, status: u16| {
        let url = format!("{}{path}", served.base);
        async move {
            // The promise is a second; the rest is for a busy machine.
            poll::within(Duration::from_secs(3), &format!("{status} at {url}"), || async {
                (get(&url).await.status == status).then_some(())
            })
            .await;
        }
    };
    assert_eq!(get(&format!("{}/reports/second", served.base)).await.status, 404);
    desk.adds_report("second", &[]);
    desk.does(&["report", "publish", "second"]);
    seen("/reports/second", 200).await;
    desk.does(&["report", "withdraw", "second"]);
    seen("/reports/second", 410).await;
    desk.does(&["policy", "publish", "policy.md", "--version", "2026-12"]);
    seen("/policies/privacy/2026-12", 200).await;
}
