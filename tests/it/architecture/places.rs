//! What may stand where: SQL, HTTP, SMTP, unwraps, and the machine's time.

use super::show;
use super::source::{File, Name};

pub fn sql(file: &File) -> Vec<String> {
    const VERBS: [&str; 4] = ["SELECT ", "INSERT INTO", "UPDATE ", "DELETE FROM"];
    let runs = |name: &String| {
        name.starts_with("query") || ["raw_sql", "QueryBuilder", "*"].contains(&name.as_str())
    };
    let calls = |name: &Name| name.parts[0] == "sqlx" && name.parts[1..].iter().any(runs);
    let reads = |text: &str| VERBS.iter().any(|verb| text.contains(verb));
    let rule = "SQL only in store/: give the store a function for it and call that";
    outside(&["src/store/"], file, rule, named(file, calls).chain(written(file, reads)))
}

pub fn axum(file: &File) -> Vec<String> {
    let rule = "axum only in web/ and app.rs: return a value and let web/ make the answer";
    let names = |name: &Name| name.parts[0] == "axum";
    outside(&["src/web/", "src/app.rs", "src/app/"], file, rule, named(file, names))
}

pub fn smtp(file: &File) -> Vec<String> {
    let speaks = |name: &String| name == "transport" || name == "*" || name.contains("Transport");
    let names = |name: &Name| name.parts[0] == "lettre" && name.parts.iter().any(speaks);
    let rule = "SMTP only in mail/transport/: hand the message to its Transport";
    outside(&["src/mail/transport/"], file, rule, named(file, names))
}

/// What somebody agreed to is changed where its event is made, by a file that is brought, and by an erasure; an
/// adoption gives rows their MAC.
pub fn changes_of_consent(file: &File) -> Vec<String> {
    const STATEMENTS: [&str; 3] = ["INTO consent ", "UPDATE consent ", "FROM consent "];
    const STORE: [&str; 4] = [
        "src/store/consent/consents.rs",
        "src/store/contacts/erasures.rs",
        "src/store/contacts/imports.rs",
        "src/store/ledger/adoptions.rs",
    ];
    let rule = "consent is changed by flows/consent/record_consent.rs, with its event: call that";
    let writes = |text: &str| {
        let is_read = text.contains("FROM consent ") && !text.contains("DELETE FROM consent ");
        STATEMENTS.iter().any(|statement| text.contains(statement)) && !is_read
    };
    let mut broken = outside(&STORE, file, rule, written(file, writes));
    let changes = |name: &Name| name.parts.ends_with(&["consents".to_owned(), "upsert".to_owned()]);
    broken.append(&mut outside(
        &["src/flows/consent/record_consent.rs"],
        file,
        rule,
        named(file, changes),
    ));
    broken
}

/// Clippy bans what else reads the clock. A lease alone is a matter of the database's own time.
pub fn time_of_stories(file: &File) -> Vec<String> {
    const NOW: [&str; 3] = ["now()", "unixepoch()", "CURRENT_TIMESTAMP"];
    let clocks = |name: &Name| name.parts.ends_with(&["Clock".to_owned(), "System".to_owned()]);
    let reads = |text: &str| {
        let asks = NOW.iter().any(|now| text.contains(now)) && !text.contains("lease_until");
        let starts = text.contains("CARGO_BIN_EXE") && file.path != "tests/it/support/program.rs";
        asks || starts
    };
    let rule = "a story goes by its own clock, and so do its programs: bind the story's moment, and start \
                programs by support/program.rs";
    let lines = named(file, clocks).chain(written(file, reads));
    outside(&["tests/it/architecture/"], file, rule, lines)
}

/// What of the kind stands on these lines, outside the places for it.
fn outside(
    places: &[&str],
    file: &File,
    rule: &str,
    lines: impl Iterator<Item = usize>,
) -> Vec<String> {
    if places.iter().any(|place| file.path.starts_with(place)) {
        return vec![];
    }
    lines.map(|line| file.breaks(line, rule)).collect()
}

/// The lines on which something is named.
fn named(file: &File, is_meant: impl Fn(&Name) -> bool) -> impl Iterator<Item = usize> {
    file.names.iter().filter(move |name| is_meant(name)).map(|name| name.line)
}

/// The lines on which something is written in a text.
fn written(file: &File, is_meant: impl Fn(&str) -> bool) -> impl Iterator<Item = usize> {
    let texts = file.tokens.iter().filter(|token| token.literal);
    texts.filter(move |token| is_meant(&token.text)).map(|token| token.line)
}

pub fn unwrapping(file: &File) -> Vec<String> {
    let calls = file.tokens.windows(3).filter(|three| {
        let unwraps = three[1].is("unwrap") || three[1].is("expect");
        three[0].is(".") && unwraps && three[2].is("(") && !three[1].in_test
    });
    let rule = "no unwrap or expect outside tests: return an error that says what is wrong";
    calls.map(|three| file.breaks(three[1].line, rule)).collect()
}

/// What follows a commit, such as waking who sends mail, is not for each caller to remember.
pub fn committing(file: &File) -> Vec<String> {
    let calls = file.tokens.windows(3).filter(|three| {
        three[0].is(".") && three[1].is("commit") && three[2].is("(") && !three[1].in_test
    });
    let calls = calls.filter(|_| !file.path.starts_with("src/store/"));
    let rule = "use cases are committed by Db::run alone: give it the use case";
    calls.map(|three| file.breaks(three[1].line, rule)).collect()
}

#[test]
fn commits_elsewhere_are_named() {
    let broken = ["\nasync fn f(tx: Tx) { tx.commit().await }"];
    let fine = ["fn commit() { commit(); } // tx.commit()"];
    show(committing, "src/web/public/renew.rs", &broken, &fine);
    show(committing, "src/store/run.rs", &[], &broken);
}

#[test]
fn consent_that_is_changed_elsewhere_is_named() {
    let broken = [
        "fn f() { run(\n\"UPDATE consent SET state = 'given'\") }",
        "\nconst A: &str = \"DELETE FROM consent WHERE purpose = $1\";",
        "\nfn f() { consents::upsert(tx) }",
    ];
    let fine = "const A: &str = \"SELECT state FROM consent JOIN consent_event\"; fn f() { consents::list(tx) }";
    show(changes_of_consent, "src/store/contacts/people.rs", &broken, &[fine]);
}

#[test]
fn sql_elsewhere_is_named() {
    let broken = [
        "\nfn f() { sqlx::query_as(TEXT) }",
        "\nuse sqlx::{Row, query_scalar};",
        "\nconst A: &str = \"SELECT 1\";",
        "\nconst A: &str = r#\"DELETE FROM signup\"#;",
        "fn f() { run(\n\"UPDATE signup SET a = 1\") }",
    ];
    let fine = "/* SELECT 1 */ type A = sqlx::Error; // sqlx::query\n/// SELECT 1\nfn f() {}";
    show(sql, "src/flows/confirm.rs", &broken, &[fine]);
    show(sql, "src/store/signups.rs", &[], &broken);
}

#[test]
fn axum_and_smtp_elsewhere_are_named() {
    show(axum, "src/flows/mod.rs", &["\nuse axum::Router;"], &[]);
    show(axum, "src/web/mod.rs", &[], &["use axum::Router;"]);
    let broken = [
        "\nuse lettre::{Message, transport::smtp};",
        "\nuse lettre::AsyncSmtpTransport;",
        "\nuse lettre::*;",
    ];
    show(smtp, "src/worker/deliver.rs", &broken, &["use lettre::Message;"]);
    show(smtp, "src/mail/transport/smtp.rs", &[], &broken);
}

#[test]
fn unwraps_outside_tests_are_named() {
    let broken = [
        "\nfn f() { a.unwrap() }",
        "fn f() { a\n.expect(\"b\") }",
        "#[cfg(test)] mod tests { fn f() {} }\nfn f() { a.unwrap() }",
        "#[cfg(test)] use a;\nfn f() { a.unwrap() }",
    ];
    let fine = [
        "#[cfg(test)] mod tests { fn f() { if a {} b.unwrap() } }",
        "fn f() { a.unwrap_or(1); \"b.unwrap()\"; '\"'; c } // d.unwrap()",
        "#[expect(dead_code)] fn f<'a>() {}",
    ];
    show(unwrapping, "src/app.rs", &broken, &fine);
    show(unwrapping, "src/app_tests.rs", &[], &broken);
}

#[test]
fn stories_by_another_clock_are_named() {
    let starts = "\nconst A: &str = env!(\"CARGO_BIN_EXE_assent\");";
    let broken = [
        "\nuse assent::clock::{Clock, Clock::System};",
        "\nfn f() { Core::open(settings, Clock::System) }",
        "\nconst A: &str = \"UPDATE signup SET created_at = now()\";",
        "\nconst A: &str = \"SELECT unixepoch() * 1000000\";",
        starts,
    ];
    let fine = [
        "fn f() { Random::System; clock.now() } // now()",
        "const A: &str = \"UPDATE outbox SET lease_until = now()\";",
    ];
    show(time_of_stories, "tests/it/mail/kills.rs", &broken, &fine);
    show(time_of_stories, "tests/it/support/program.rs", &[], &[starts]);
}
