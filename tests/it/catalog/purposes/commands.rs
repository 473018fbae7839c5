//! Purposes by command: added, offered, reworded; and what to do instead.

use macro_rules_attribute::apply;

use super::{CODE, NAME, NEW_WORDS, WORDS};
use crate::support::app::Database;
use crate::support::http_client;
use crate::support::operator::Desk;
use crate::support::{both_databases, poll};

#[apply(both_databases!)]
async fn an_operator_runs_it_by_command(database: Database) {
    let desk = Desk::with_report(database).await;
    assert!(desk.does(&["purpose", "list"]).contains("assent purpose add"));
    desk.does(&["purpose", "add", CODE, "--name", NAME, "--words", WORDS, "--report", "first"]);
    desk.adds_report("second", &["--purpose", CODE, "--publish"]);
    desk.adds_report("third", &["--publish"]);
    assert_eq!(desk.does(&["purpose", "list"]), format!("{CODE}\t{NAME}\tsecond,first\t{WORDS}\n"));
    desk.does(&["purpose", "offer", CODE, "--report", "third"]);
    desk.does(&["purpose", "edit", CODE, "--name", "Offers"]);
    assert_eq!(
        desk.does(&["purpose", "list"]),
        format!("{CODE}\tOffers\tthird,second,first\t{WORDS}\n")
    );

    let served = desk.serve().await;
    let page = format!("{}/reports/third", served.base);
    assert!(http_client::get(&page).await.unwrap().text().await.unwrap().contains(WORDS));
    desk.does(&["purpose", "edit", CODE, "--words", NEW_WORDS]);
    poll::until("the new words", || async {
        let shown = http_client::get(&page).await.ok()?.text().await.ok()?;
        (shown.contains(NEW_WORDS) && !shown.contains(WORDS)).then_some(())
    })
    .await;
    let exported = desk.does(&["export", "--purpose", CODE, "--format", "csv"]);
    assert!(exported.contains("subscriber_id") && exported.lines().count() == 1);
}

#[apply(both_databases!)]
async fn a_command_says_what_to_do_instead(database: Database) {
    let desk = Desk::with_report(database).await;
    desk.does(&["purpose", "add", CODE, "--name", NAME, "--words", WORDS]);
    let long = "é".repeat(2001);
    let add = |code, words| ["purpose", "add", code, "--name", NAME, "--words", words];
    for (arguments, words) in [
        (&add(CODE, WORDS)[..], "assent purpose edit"),
        (&add("privacy-policy", WORDS), "partner-offers"),
        (&add("newsletter:weekly", WORDS), "partner-offers"),
        (&add("research", " "), "write the words"),
        (&add("research", "two\nlines"), "one line"),
        (&add("research", "a\u{202e}b"), "control characters"),
        (&add("research", &long), "2000"),
        (&["purpose", "add", "research", "--name", " ", "--words", WORDS], "--name"),
        (&["purpose", "add", "research", "--name", "a\tb", "--words", WORDS], "one line"),
        (&[&add("research", WORDS)[..], &["--report", "none"]].concat(), "assent report list"),
        (&["purpose", "edit", "research", "--name", "x"], "assent purpose list"),
        (&["purpose", "edit", CODE, "--name", ""], "empty"),
        (&["purpose", "edit", CODE, "--words", ""], "write the words"),
        (&["purpose", "offer", "research", "--report", "first"], "assent purpose list"),
        (&["purpose", "offer", CODE, "--report", "none"], "assent report list"),
        (
            &[
                "report",
                "add",
                "report.pdf",
                "--slug",
                "second",
                "--title",
                "x",
                "--purpose",
                "none",
            ],
            "assent purpose list",
        ),
        (&["export", "--purpose", "research", "--format", "csv"], "assent purpose list"),
    ] {
        let output = desk.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains(words) && said.trim().lines().count() == 1, "{arguments:?}: {said}");
        assert!(output.stdout.is_empty());
    }
    for usage in [
        &add("Not A Slug", WORDS)[..],
        &["purpose", "add", "research", "--name", NAME],
        &["purpose", "edit", CODE],
        &["purpose", "offer", CODE],
    ] {
        assert_eq!(desk.run(usage).status.code(), Some(2), "{usage:?}");
    }
    assert_eq!(desk.does(&["purpose", "list"]), format!("{CODE}\t{NAME}\t\t{WORDS}\n"));
    assert_eq!(desk.does(&["report", "list"]).lines().count(), 1, "no report came of it");
    let files = std::fs::read_dir(desk.dir.path().join("data/files/reports")).unwrap();
    assert_eq!(files.count(), 1, "nor a file");
}
