//! How commands are called and set: help, wrong usage, settings that are none.

use macro_rules_attribute::apply;

use crate::support::app::Database;
use crate::support::both_databases;
use crate::support::operator::{Desk, assert_refused};
use crate::support::program::{run, run_well};

#[apply(both_databases!)]
async fn wrong_usage_is_not_a_refusal(database: Database) {
    let desk = Desk::new(database).await;
    for arguments in [
        &[][..],
        &["none"],
        &["--none"],
        &["report"],
        &["report", "add"],
        &["report", "add", "report.pdf"],
        &["report", "add", "report.pdf", "--slug", "Not A Slug", "--title", "x"],
        &["report", "add", "report.pdf", "--slug", "../x", "--title", "x"],
        &["report", "add", "report.pdf", "--slug", "x", "--title", "x", "--pages", "0"],
        &["report", "add", "report.pdf", "--slug", "x", "--title", "x", "--require", "phone"],
        &["report", "publish"],
        &["newsletter", "add", "weekly"],
        &["policy", "publish", "policy.md"],
        &["policy", "publish", "policy.md", "--version", "a/b"],
        &["policy", "publish", "policy.md", "--version", "x", "--change", "small"],
        &["export", "--format", "csv"],
        &["export", "--purpose", "privacy-policy"],
        &["export", "--purpose", "a:b", "--format", "csv"],
        &["export", "--purpose", "privacy-policy", "--format", "pdf"],
        &["export", "--purpose", "privacy-policy", "--format", "csv", "--since", "yesterday"],
        &["staff", "add", "ada@b.example"],
        &["serve", "--role", "none"],
        &["purge", "--dryrun"],
        &["migrate", "now"],
    ] {
        let output = desk.run_with(&[], arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
    assert!(!desk.path("data").exists(), "nothing was made");
}

#[test]
fn every_command_explains_itself() {
    let dir = tempfile::tempdir().unwrap();
    let help = |arguments: &[&str]| run_well(dir.path(), &[], arguments);
    let named = |text: &str| -> Vec<String> {
        let commands = text
            .split_once("Commands:\n")
            .map_or("", |(_, rest)| rest.split("\n\n").next().unwrap());
        let words = commands.lines().filter(|line| line.starts_with("  "));
        words
            .filter_map(|line| line.split_whitespace().next())
            .filter(|name| *name != "help")
            .map(ToOwned::to_owned)
            .collect()
    };
    let mut seen = 0;
    for command in named(&help(&["--help"])) {
        let text = help(&[&command, "--help"]);
        assert!(text.contains("Usage: assent "), "{text}");
        seen += 1;
        for inner in named(&text) {
            let text = help(&[&command, &inner, "--help"]);
            assert!(text.contains(&format!("Usage: assent {command} {inner}")));
            seen += 1;
        }
    }
    assert!(seen >= 19, "{seen} commands");
    assert!(help(&["--version"]).starts_with("assent "));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn an_unknown_setting_is_answered_with_the_nearest() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |set: &[(&str, &str)], arguments: &[&str], words: &[&str]| {
        assert_refused(&run(dir.path(), set, arguments), arguments, words);
    };
    let wrong = [("ASSENT_BASEURL", "http://127.0.0.1:1")];
    refused(&wrong, &["migrate"], &["ASSENT_BASEURL", "ASSENT_BASE_URL"]);
    refused(&[("ASSENT_LISTEN", "8080")], &["serve"], &["ASSENT_LISTEN", "127.0.0.1:8080"]);
    refused(&[("ASSENT_CONFIG", "none.toml")], &["migrate"], &["none.toml"]);
    let file = dir.path().join("other.toml");
    std::fs::write(&file, "[mail]\nurls = 'file:x'\n").unwrap();
    let file = file.to_str().unwrap();
    refused(&[], &["--config", file, "migrate"], &["mail.urls", "mail.url?"]);
    refused(&[("ASSENT_CONFIG", file)], &["migrate"], &["mail.url?"]);
    // What stands beside is read without being asked for.
    std::fs::write(dir.path().join("assent.toml"), "data_dirs = 'x'\n").unwrap();
    refused(&[], &["migrate"], &["data_dirs", "data_dir?"]);
    assert!(!dir.path().join("data").exists());
}

#[test]
fn a_settings_file_that_is_no_toml_is_refused_in_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("assent.toml"), "listen = \n").unwrap();
    let output = run(dir.path(), &[], &["migrate"]);
    assert_refused(&output, &["migrate"], &["assent.toml", "line 1"]);
}

#[test]
fn the_demo_says_that_it_reads_no_settings_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("other.toml");
    std::fs::write(&file, "embed_origins = 'https://www.publisher.example'\n").unwrap();
    let file = file.to_str().unwrap();
    for (set, arguments) in
        [(&[][..], &["--config", file, "demo"][..]), (&[("ASSENT_CONFIG", file)], &["demo"])]
    {
        let words = ["no settings file", "ASSENT_EMBED_ORIGINS"];
        assert_refused(&run(dir.path(), set, arguments), arguments, &words);
    }
    assert!(!dir.path().join("demo-data").exists(), "nothing was made");
}

#[test]
fn a_taken_port_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let output = run(dir.path(), &[("ASSENT_LISTEN", &listen)], &["serve"]);
    assert_refused(&output, &["serve"], &[&listen, "ASSENT_LISTEN"]);
}
