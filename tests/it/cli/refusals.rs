//! What commands refuse, in one sentence that says what to do.

use std::process::Stdio;

use macro_rules_attribute::apply;

use crate::support::app::{Database, POLICY};
use crate::support::operator::{CONTROLLER, Desk, PNG};
use crate::support::program::command;
use crate::support::{both_databases, postgres};

#[apply(both_databases!)]
async fn what_is_refused_says_what_to_do(database: Database) {
    let desk = Desk::stocked(database).await;
    let before = desk.count("SELECT count(*) FROM report").await;
    desk.write("text.pdf", b"Only text, whatever its name says.");
    desk.write("empty.pdf", b"");
    desk.write("picture.svg", b"<svg onload=alert(1)>");
    desk.write("latin1.md", b"caf\xe9");
    desk.write("large.png", &[PNG, &vec![0; 3 * 1024 * 1024]].concat());
    let add = |file: &'static str, more: &[&'static str]| {
        [&["report", "add", file, "--slug", "fresh", "--title", "New"], more].concat()
    };
    for (arguments, words) in [
        (add("text.pdf", &["--publish"]), &["not a PDF, EPUB or ZIP"][..]),
        (add("empty.pdf", &[]), &["not a PDF"]),
        (add(".", &[]), &["read"]),
        (add("report.pdf", &["--newsletter", "none"]), &["`none`", "assent newsletter add"]),
        (add("report.pdf", &["--cover", "picture.svg"]), &["PNG, JPEG or WebP"]),
        (add("report.pdf", &["--cover", "large.png"]), &["2 MiB"]),
        (add("report.pdf", &["--body", "latin1.md"]), &["latin1.md", "UTF-8"]),
        (add("report.pdf", &["--body", "none.md"]), &["none.md"]),
        (
            vec!["report", "add", "report.pdf", "--slug", "first", "--title", "x"],
            &["`first`", "choose another --slug"],
        ),
        (vec!["report", "add", "report.pdf", "--slug", "fresh", "--title", " "], &["--title"]),
        (
            vec![
                "report",
                "add",
                "report.pdf",
                "--slug",
                "fresh",
                "--title",
                "a\r\nBcc: eve@c.example",
            ],
            &["on one line"],
        ),
        (vec!["report", "publish", "none"], &["`none`", "assent report list"]),
        (vec!["report", "withdraw", "none"], &["`none`", "assent report list"]),
        (vec!["report", "edit", "none", "--title", "x"], &["`none`", "assent report list"]),
        (vec!["newsletter", "add", "weekly", "--name", "Again"], &["`weekly`", "choose another"]),
        (vec!["newsletter", "add", "new", "--name", ""], &["--name"]),
        (vec!["newsletter", "withdraw", "none"], &["`none`", "assent newsletter list"]),
        (vec!["newsletter", "offer", "none"], &["`none`", "assent newsletter list"]),
        (
            vec!["policy", "publish", "policy.md", "--version", POLICY],
            &[POLICY, "choose another --version"],
        ),
        (vec!["policy", "publish", "none.md", "--version", "x"], &["none.md"]),
        (vec!["policy", "publish", "latin1.md", "--version", "x"], &["UTF-8"]),
        (vec!["policy", "publish", "empty.pdf", "--version", "x"], &["empty"]),
        (vec!["policy", "publish", "policy.md", "--version", "x", "--lang", "de"], &["--lang"]),
        (
            vec!["export", "--purpose", "partner-offers", "--format", "csv"],
            &["`partner-offers`", "assent newsletter list"],
        ),
        (vec!["export", "--purpose", "newsletter:none", "--format", "csv"], &["newsletter:none"]),
        (
            vec![
                "export",
                "--purpose",
                "privacy-policy",
                "--format",
                "csv",
                "--out",
                "none/out.csv",
            ],
            &["none/out.csv"],
        ),
    ] {
        desk.is_refused(&[], &arguments, words);
    }
    assert_eq!(desk.count("SELECT count(*) FROM report").await, before);
    assert_eq!(desk.count("SELECT count(*) FROM audit_entry WHERE action = 'export'").await, 0);
    let kept = std::fs::read_dir(desk.path("data/files/reports")).unwrap().count();
    assert_eq!(kept, 1, "what was refused leaves no file behind");
}

#[apply(both_databases!)]
async fn a_filter_that_names_nothing_is_no_empty_list(database: Database) {
    let desk = Desk::stocked(database).await;
    for filter in ["--report", "--policy"] {
        desk.is_refused(
            &[],
            &["export", "--purpose", "privacy-policy", "--format", "csv", filter, "none"],
            &["`none`"],
        );
    }
}

#[apply(both_databases!)]
async fn a_file_that_cannot_be_read_is_named(database: Database) {
    let desk = Desk::stocked(database).await;
    let add =
        ["report", "add", "report.pdf", "--slug", "fresh", "--title", "New", "--cover", "none.png"];
    desk.is_refused(&[], &add, &["none.png"]);
    desk.is_refused(
        &[],
        &["report", "add", "none.pdf", "--slug", "fresh", "--title", "New"],
        &["none.pdf"],
    );
}

#[apply(both_databases!)]
async fn nothing_is_offered_without_a_controller_and_a_policy(database: Database) {
    let desk = Desk::new(database).await;
    let add = |slug| ["report", "add", "report.pdf", "--slug", slug, "--title", "New", "--publish"];
    desk.is_refused(&[], &add("one"), &["assent policy publish"]);
    desk.does(&["policy", "publish", "policy.md", "--version", POLICY]);
    for (name, _) in CONTROLLER {
        for blank in ["", "  "] {
            desk.is_refused(&[(name, blank)], &add("one"), &["controller.name"]);
        }
    }
    assert_eq!(desk.count("SELECT count(*) FROM report").await, 0);
    desk.adds_report("one", &[]);
    desk.is_refused(
        &[("ASSENT_CONTROLLER_NAME", "")],
        &["report", "publish", "one"],
        &["controller"],
    );
    desk.does(&["report", "publish", "one"]);
}

#[apply(both_databases!)]
async fn output_that_nobody_takes_is_no_crash(database: Database) {
    let desk = Desk::stocked(database).await;
    let commands: [&[&str]; 11] = [
        &["check"],
        &["policy", "list"],
        &["newsletter", "list"],
        &["report", "list"],
        &["purpose", "list"],
        &["ledger", "key"],
        &["ledger", "checkpoint"],
        &["ledger", "verify"],
        &["templates", "list"],
        &["export", "--purpose", "privacy-policy", "--format", "csv"],
        &["withdrawals"],
    ];
    for arguments in commands {
        let told = |stdout: Stdio| {
            let mut command = command(desk.dir.path(), &desk.set(&[]), arguments);
            let output = command
                .stdout(stdout)
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
                .wait_with_output()
                .unwrap();
            (output.status.code(), String::from_utf8(output.stderr).unwrap())
        };
        let whole = told(Stdio::null());
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let (code, said) = told(full.into());
        if arguments[0] != "purpose" {
            assert_eq!(code, Some(1), "{arguments:?}: {said}");
            assert!(said.lines().last().unwrap().starts_with("assent: "), "{arguments:?}: {said}");
        }
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let (code, said) = told(writer.into());
        assert!(
            code == Some(141) || code == Some(1) || (code, &said) == (whole.0, &whole.1),
            "{arguments:?}: {said}"
        );
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
    }
}

#[apply(both_databases!)]
async fn a_command_without_its_database_says_so(database: Database) {
    let desk = Desk::new(database).await;
    let away = format!("postgres://postgres@127.0.0.1:{}/none", postgres::free_port());
    for (url, why) in
        [(away.as_str(), "onnection refused"), ("sqlite:/nonexistent/assent.db", "unable to open")]
    {
        for arguments in [&["serve"][..], &["migrate"], &["report", "list"]] {
            desk.is_refused(&[("ASSENT_DATABASE_URL", url)], arguments, &["database", why]);
        }
    }
}

#[apply(both_databases!)]
async fn where_nothing_is_nobody_is_asked_for(database: Database) {
    let desk = Desk::new(database).await;
    std::fs::write(desk.path("contacts.csv"), "email\n").unwrap();
    let mut import = vec!["import", "contacts.csv", "--purpose", "newsletter:weekly"];
    import.extend(["--policy", "2026-11", "--source", "an old list"]);
    for arguments in [
        &["erase", "ada@b.example"][..],
        &["backup", "kept"],
        &["purge"],
        &["export", "--purpose", "privacy-policy", "--format", "csv"],
        &["withdrawals"],
        &["ledger", "verify"],
        &["ledger", "bundle", "kept"],
        &import,
        &["import", "contacts.csv", "--suppress", "--source", "an old list"],
    ] {
        desk.is_refused(&[], arguments, &["no database of an installation", "--config"]);
    }
    assert!(!desk.path("data").exists() && !desk.path("kept").exists(), "nothing was made");
}
