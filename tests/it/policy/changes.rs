//! What a version of the privacy policy changes is said in a sentence, and shown by comparing two versions.

use assent::domain::policy::version::ChangeClass;
use macro_rules_attribute::apply;

use crate::support::app::{Database, POLICY, TestApp, WHAT_CHANGES};
use crate::support::{both_databases, program};

#[apply(both_databases!)]
async fn two_versions_are_compared_for_everybody(database: Database) {
    let app = TestApp::start(database).await;
    let first = app.get(&format!("/policies/privacy/{POLICY}")).await.text();
    assert!(!first.contains("/changes"), "nothing came before: {first}");
    app.publish_change("2026-12", ChangeClass::Editorial, None).await;
    app.publish_change("2027-01", ChangeClass::Notify, None).await;
    let policy = app.get("/policies/privacy").await.text();
    let link = "/policies/privacy/2027-01/changes?since=2026-12";
    assert!(policy.contains(link), "{policy}");
    let plain = app.get("/policies/privacy/2027-01/changes").await;
    assert_eq!((plain.status, plain.text()), (200, app.get(link).await.text()));
    let page = plain.text();
    assert!(page.contains(WHAT_CHANGES) && page.contains("compared with"), "{page}");
    // Before the sentence was asked for, and where only the wording changed, there is none.
    let older = app.get(&format!("/policies/privacy/2026-12/changes?since={POLICY}")).await.text();
    assert!(!older.contains("What changes for you") && older.contains("<del>"), "{older}");
    let both = app.get(&format!("/policies/privacy/2027-01/changes?since={POLICY}")).await.text();
    assert!(both.contains(WHAT_CHANGES) && both.contains(&format!("version {POLICY}")), "{both}");
    for nothing in [
        format!("/policies/privacy/{POLICY}/changes"),
        "/policies/privacy/2026-12/changes?since=2027-01".to_owned(),
        "/policies/privacy/2026-12/changes?since=2026-12".to_owned(),
        "/policies/privacy/2026-12/changes?since=%00".to_owned(),
        format!("/policies/privacy/2026-12/changes?since={}", "x".repeat(2000)),
        "/policies/privacy/2031-01/changes".to_owned(),
        "/policies/privacy/..%2f/changes".to_owned(),
    ] {
        assert_eq!(app.get(&nothing).await.status, 404, "{nothing}");
    }
}

#[apply(both_databases!)]
async fn what_was_said_to_change_never_changes(database: Database) {
    let app = TestApp::start(database).await;
    app.publish_change("2027-01", ChangeClass::Notify, None).await;
    let said = "SELECT count(*) FROM policy_version WHERE changes IS NOT NULL";
    assert_eq!(app.count(said).await, 1);
    assert!(app.tamper("UPDATE policy_version SET changes = 'Nothing'").await.is_err());
}

#[test]
fn whoever_is_told_or_asked_is_told_what_changes() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("policy.md"), "# Privacy\n\nWe keep little.\n").unwrap();
    let publish = |label: &str, more: &[&str]| {
        let arguments = [&["policy", "publish", "policy.md", "--version", label], more].concat();
        program::run(dir.path(), &[], &arguments)
    };
    let says = ["--what-changes", "We keep less."];
    let until = ["--until", "2100-01-31"];
    let long = "x".repeat(501);
    for (more, status, error) in [
        (&["--change", "notify"][..], 2, "--what-changes"),
        (&[&["--change", "reconsent"], &until[..]].concat(), 2, "--what-changes"),
        (&[&["--change", "reconsent"], &says[..]].concat(), 2, "--until"),
        (&[&["--change", "notify"], &says[..], &until].concat(), 1, "leave it out"),
        (&says[..], 1, "leave it out"),
        (&["--change", "notify", "--what-changes", " "], 2, "say in a sentence"),
        (&["--change", "notify", "--what-changes", &long], 2, "at most 500"),
        (
            &[&["--change", "reconsent", "--until", "2000-01-31"], &says[..]].concat(),
            1,
            "over already",
        ),
        (&[&["--change", "reconsent", "--until", "soon"], &says[..]].concat(), 2, "write a day"),
    ] {
        let output = publish("2027-01", more);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{more:?}: {said}");
        assert!(said.contains(error), "{more:?}: {said}");
    }
    assert_eq!(publish("2026-11", &[]).status.code(), Some(0));
    assert_eq!(
        publish("2027-01", &[&["--change", "notify"], &says[..]].concat()).status.code(),
        Some(0)
    );
}
