//! The rules of ARCHITECTURE.md that a reader of the code can check: this file reads it. What breaks a
//! rule is named by file and line.

use std::fs;
use std::path::{Path, PathBuf};

/// Who may import whom: a module imports from rows above its own, never from its own row or below.
const ROWS: &[&[&str]] = &[
    &["domain", "tls"],
    &["clock"],
    &["random"],
    &["ledger", "files", "site", "templates"],
    &["outside"],
    &["store"],
    &["mail", "export"],
    &["flows", "config"],
    &["backup", "intake", "notary"],
    &["web", "worker"],
    &["app"],
    &["demo"],
    &["cli"],
];

/// Modules that only some may import, whatever their row.
const ONLY_FOR: &[(&str, &[&str])] = &[("config", &["app", "cli"]), ("demo", &["cli"])];

const MOST_LINES: usize = 450;

/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 6] = ["util", "helper", "manager", "common", "data", "info"];

#[test]
fn lower_modules_never_import_higher_ones() {
    hold(&source_files(), imports);
}

#[test]
fn sql_is_only_in_store() {
    hold(&source_files(), sql);
}

#[test]
fn axum_is_only_in_web_and_app() {
    hold(&source_files(), axum);
}

#[test]
fn smtp_is_only_in_mail_transport() {
    hold(&source_files(), smtp);
}

#[test]
fn no_file_is_too_long() {
    hold(&source_files(), length);
}

#[test]
fn nothing_is_unwrapped_outside_tests() {
    hold(&source_files(), unwrapping);
}

#[test]
fn stories_never_go_by_the_machines_time() {
    let mut files = rust_files(&root().join("tests/it"));
    files.retain(|file| file.path != "architecture.rs");
    hold(&files, time_of_stories);
}

#[test]
fn module_names_say_what_is_inside() {
    hold(&source_files(), names);
}

#[test]
fn both_databases_have_the_same_migrations() {
    let of = |database: &str| file_names(&root().join("migrations").join(database));
    let (sqlite, postgres) = (of("sqlite"), of("postgres"));
    assert!(sqlite.len() > 1, "the migrations were not found");
    report(&migrations(&sqlite, &postgres));
}

#[test]
fn every_template_is_built_in() {
    let directory = root().join("templates");
    let files: Vec<String> =
        files_under(&directory).iter().map(|file| relative(&directory, file)).collect();
    assert!(files.len() > 10, "the templates were not found");
    let list = File::read(&root().join("src"), &root().join("src/templates/built_in.rs"));
    report(&templates(&files, &list));
}

/// A source file: its path under `src`, its text, and the text as tokens.
struct File {
    path: String,
    lines: usize,
    tokens: Vec<Token>,
}

#[derive(Clone, Debug, PartialEq)]
struct Token {
    line: usize,
    kind: Kind,
    /// Within an item that only tests compile.
    in_test: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Word(String),
    Text(String),
    Sign(&'static str),
    Other(char),
}

/// One path such as `crate::store::Tx`, groups written out.
struct Named {
    line: usize,
    in_test: bool,
    parts: Vec<String>,
}

impl File {
    fn of(path: &str, text: &str) -> Self {
        let mut tokens = tokens(text);
        mark_tests(&mut tokens);
        // A file of tests alone is compiled for tests alone.
        if path.ends_with("_tests.rs") {
            for token in &mut tokens {
                token.in_test = true;
            }
        }
        Self { path: path.to_owned(), lines: text.lines().count(), tokens }
    }

    fn read(src: &Path, file: &Path) -> Self {
        Self::of(&relative(src, file), &fs::read_to_string(file).unwrap())
    }

    /// The top module it belongs to; `main` and `lib` are themselves.
    fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.trim_end_matches(".rs")
    }

    fn is_in(&self, module: &str) -> bool {
        self.module() == module
    }

    /// How many modules deep it lies: `super` that often is the crate.
    fn depth(&self) -> usize {
        let own = usize::from(!self.path.ends_with("mod.rs"));
        self.path.matches('/').count() + own
    }

    fn breaks(&self, line: usize, rule: &str) -> String {
        format!("src/{}:{line}: {rule}", self.path)
    }

    fn named(&self) -> Vec<Named> {
        let mut all = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            if matches!(self.tokens[at].kind, Kind::Word(_)) {
                at = read_path(&self.tokens, at, &[], &mut all);
            } else {
                at += 1;
            }
        }
        all
    }
}

fn imports(file: &File) -> Vec<String> {
    if file.is_in("main") || file.is_in("lib") {
        return file
            .named()
            .iter()
            .filter(|named| file.is_in("main") && named.parts[0] == "assent")
            .filter(|named| named.parts.get(1).is_some_and(|module| module != "cli"))
            .map(|named| file.breaks(named.line, "main may import cli alone"))
            .collect();
    }
    let row = |module: &str| ROWS.iter().position(|row| row.contains(&module));
    let from = file.module();
    let Some(own) = row(from) else {
        let rule = format!("module `{from}` has no row in tests/it/architecture.rs: give it one");
        return vec![file.breaks(1, &rule)];
    };
    let mut broken = Vec::new();
    for named in file.named() {
        let Some(to) = of_crate(&named, file.depth()).filter(|to| *to != from) else {
            continue;
        };
        if named.in_test && named.parts[0] == "super" {
            continue; // Counts from a module within the file.
        }
        let allowed = ONLY_FOR.iter().find(|(module, _)| *module == to);
        let rule = match row(to) {
            None if to == "*" => format!("`{from}` imports the whole crate: name what it needs"),
            Some(_) if allowed.is_some_and(|(_, by)| !by.contains(&from)) => {
                format!("`{to}` is not for `{from}`")
            }
            Some(other) if other == own => format!("`{from}` and `{to}` are siblings"),
            Some(other) if other > own => format!("`{from}` is lower than `{to}`"),
            // Lower, or not a module but a macro or function of the crate's root.
            _ => continue,
        };
        broken.push(file.breaks(named.line, &format!("{rule} and may not import it")));
    }
    broken
}

/// The top module that a path of this crate names.
fn of_crate(named: &Named, depth: usize) -> Option<&str> {
    let ups = named.parts.iter().take_while(|part| *part == "super");
    let ups = ups.count();
    let at = match named.parts[0].as_str() {
        "crate" | "assent" => 1,
        "super" if ups == depth => ups,
        _ => return None,
    };
    named.parts.get(at).map(String::as_str)
}

fn sql(file: &File) -> Vec<String> {
    const VERBS: [&str; 4] = ["SELECT ", "INSERT INTO", "UPDATE ", "DELETE FROM"];
    if file.is_in("store") {
        return vec![];
    }
    let runs =
        |name: &str| name.starts_with("query") || ["raw_sql", "QueryBuilder", "*"].contains(&name);
    let calls = file.named().into_iter().filter(|named| {
        named.parts[0] == "sqlx" && named.parts.iter().skip(1).any(|name| runs(name))
    });
    let texts = file.tokens.iter().filter(|token| match &token.kind {
        Kind::Text(text) => VERBS.iter().any(|verb| text.contains(verb)),
        _ => false,
    });
    calls
        .map(|named| named.line)
        .chain(texts.map(|token| token.line))
        .map(|line| file.breaks(line, "SQL only in store/"))
        .collect()
}

fn axum(file: &File) -> Vec<String> {
    if file.is_in("web") || file.is_in("app") {
        return vec![];
    }
    let named = file.named();
    let used = named.iter().filter(|named| named.parts[0] == "axum");
    used.map(|named| file.breaks(named.line, "axum only in web/ and app.rs")).collect()
}

fn smtp(file: &File) -> Vec<String> {
    let speaks = |name: &String| name == "transport" || name == "*" || name.contains("Transport");
    if file.path.starts_with("mail/transport/") {
        return vec![];
    }
    let named = file.named();
    let used =
        named.iter().filter(|named| named.parts[0] == "lettre" && named.parts.iter().any(speaks));
    used.map(|named| file.breaks(named.line, "SMTP only in mail/transport/")).collect()
}

fn length(file: &File) -> Vec<String> {
    let rule = format!("{} lines, {MOST_LINES} at most: split it by noun or verb", file.lines);
    let long = (file.lines > MOST_LINES).then(|| file.breaks(file.lines, &rule));
    long.into_iter().collect()
}

fn unwrapping(file: &File) -> Vec<String> {
    let calls = file.tokens.windows(3).filter(|three| {
        let word = |name: &str| three[1].kind == Kind::Word(name.to_owned());
        three[0].kind == Kind::Other('.')
            && (word("unwrap") || word("expect"))
            && three[2].kind == Kind::Other('(')
            && !three[1].in_test
    });
    calls.map(|three| file.breaks(three[1].line, "no unwrap or expect outside tests")).collect()
}

/// Clippy bans what else reads the clock. A lease alone is a matter of the database's own time.
fn time_of_stories(file: &File) -> Vec<String> {
    let clocks = file
        .named()
        .into_iter()
        .filter(|named| named.parts.ends_with(&["Clock".to_owned(), "System".to_owned()]));
    let reads = |text: &String| {
        let asks =
            ["now()", "unixepoch()", "CURRENT_TIMESTAMP"].iter().any(|now| text.contains(now));
        let starts = text.contains("CARGO_BIN_EXE") && file.path != "support/program.rs";
        (asks && !text.contains("lease_until")) || starts
    };
    let texts = file.tokens.iter().filter(|token| matches!(&token.kind, Kind::Text(t) if reads(t)));
    let rule = "a story goes by its own clock, and so do its programs (support/program.rs)";
    clocks
        .map(|named| named.line)
        .chain(texts.map(|token| token.line))
        .map(|line| format!("tests/it/{}:{line}: {rule}", file.path))
        .collect()
}

fn names(file: &File) -> Vec<String> {
    let says_nothing = |name: &str| {
        let parts = name.split('_');
        parts
            .map(|part| part.strip_suffix('s').unwrap_or(part))
            .any(|part| EMPTY_NAMES.contains(&part))
    };
    let rule = |name: &str| format!("`{name}` says nothing of what is inside");
    let files = file.path.trim_end_matches(".rs").split('/');
    let files = files.filter(|name| says_nothing(name)).map(|name| (1, name));
    let inline = file.tokens.windows(2).filter_map(|two| match (&two[0].kind, &two[1].kind) {
        (Kind::Word(word), Kind::Word(name)) if word == "mod" => Some((two[1].line, name.as_str())),
        _ => None,
    });
    files
        .chain(inline.filter(|(_, name)| says_nothing(name)))
        .map(|(line, name)| file.breaks(line, &rule(name)))
        .collect()
}

fn migrations(sqlite: &[String], postgres: &[String]) -> Vec<String> {
    let mut broken = Vec::new();
    for (database, own, others) in [("sqlite", sqlite, postgres), ("postgres", postgres, sqlite)] {
        for (at, name) in own.iter().enumerate() {
            let named = |rule: &str| format!("migrations/{database}/{name}:1: {rule}");
            let number = name.split_once('_').map(|(number, _)| number);
            if number != Some(&format!("{:04}", at + 1)) {
                broken.push(named("migrations are numbered 0001_name.sql, 0002_name.sql, …"));
            }
            if !others.contains(name) {
                broken.push(named("the other database has no migration of this number and name"));
            }
        }
    }
    broken
}

fn templates(files: &[String], list: &File) -> Vec<String> {
    let built_in = |file: &String| list.tokens.iter().any(|t| t.kind == Kind::Text(file.clone()));
    let forgotten = files.iter().filter(|file| !built_in(file));
    forgotten
        .map(|file| format!("templates/{file}:1: src/templates/built_in.rs does not name it"))
        .collect()
}

fn hold(files: &[File], rule: fn(&File) -> Vec<String>) {
    report(&files.iter().flat_map(rule).collect::<Vec<_>>());
}

fn report(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn source_files() -> Vec<File> {
    rust_files(&root().join("src"))
}

fn rust_files(directory: &Path) -> Vec<File> {
    let files: Vec<File> = files_under(directory)
        .iter()
        .filter(|file| file.extension().is_some_and(|ending| ending == "rs"))
        .map(|file| File::read(directory, file))
        .collect();
    assert!(files.len() > 50, "the sources were not found");
    files
}

fn files_under(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.append(&mut files_under(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn file_names(directory: &Path) -> Vec<String> {
    let files = files_under(directory);
    files.iter().map(|file| relative(directory, file)).collect()
}

fn relative(directory: &Path, file: &Path) -> String {
    let path = file.strip_prefix(directory).unwrap();
    path.to_str().unwrap().replace('\\', "/")
}

/// Rust text as tokens, without comments.
fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let peek = |at: usize| chars.get(at).copied().unwrap_or('\0');
    let (mut tokens, mut at, mut line) = (Vec::new(), 0, 1);
    while at < chars.len() {
        let start = at;
        let kind = match chars[at] {
            '/' if peek(at + 1) == '/' => {
                while at < chars.len() && chars[at] != '\n' {
                    at += 1;
                }
                None
            }
            '/' if peek(at + 1) == '*' => {
                at = after_comment(&chars, at);
                None
            }
            '"' => Some(read_text(&chars, &mut at)),
            '\'' if peek(at + 1) == '\\' => {
                at += 3;
                while at < chars.len() && chars[at] != '\'' {
                    at += 1;
                }
                at += 1;
                None
            }
            '\'' if peek(at + 2) == '\'' => {
                at += 3;
                None
            }
            c if c.is_alphanumeric() || c == '_' => {
                while peek(at).is_alphanumeric() || peek(at) == '_' {
                    at += 1;
                }
                let word: String = chars[start..at].iter().collect();
                let raw = ["r", "br", "cr"].contains(&word.as_str());
                if raw && (peek(at) == '"' || (peek(at) == '#' && "#\"".contains(peek(at + 1)))) {
                    Some(read_raw_text(&chars, &mut at))
                } else {
                    Some(Kind::Word(word))
                }
            }
            ':' if peek(at + 1) == ':' => {
                at += 2;
                Some(Kind::Sign("::"))
            }
            c => {
                at += 1;
                (!c.is_whitespace()).then_some(Kind::Other(c))
            }
        };
        tokens.extend(kind.map(|kind| Token { line, kind, in_test: false }));
        line += chars[start..at.min(chars.len())].iter().filter(|c| **c == '\n').count();
    }
    tokens
}

fn after_comment(chars: &[char], mut at: usize) -> usize {
    let mut open = 0;
    while at < chars.len() {
        match &chars[at..chars.len().min(at + 2)] {
            ['/', '*'] => (open, at) = (open + 1, at + 2),
            ['*', '/'] => (open, at) = (open - 1, at + 2),
            _ => at += 1,
        }
        if open == 0 {
            break;
        }
    }
    at
}

fn read_text(chars: &[char], at: &mut usize) -> Kind {
    let mut text = String::new();
    *at += 1;
    while *at < chars.len() && chars[*at] != '"' {
        if chars[*at] == '\\' {
            *at += 1;
        }
        text.extend(chars.get(*at));
        *at += 1;
    }
    *at += 1;
    Kind::Text(text)
}

fn read_raw_text(chars: &[char], at: &mut usize) -> Kind {
    let hashes = chars[*at..].iter().take_while(|c| **c == '#').count();
    let from = *at + hashes + 1;
    let mut end = from;
    let closes = |end: usize| {
        chars[end] == '"' && chars[end + 1..].iter().take_while(|c| **c == '#').count() >= hashes
    };
    while end < chars.len() && !closes(end) {
        end += 1;
    }
    *at = end + 1 + hashes;
    Kind::Text(chars[from..end].iter().collect())
}

/// Marks every item under `#[cfg(test)]`, to its closing brace or semicolon.
fn mark_tests(tokens: &mut [Token]) {
    let is = |token: &Token, sign: char| token.kind == Kind::Other(sign);
    let word = |token: &Token, word: &str| token.kind == Kind::Word(word.to_owned());
    let mut at = 0;
    while at + 7 <= tokens.len() {
        let t = &tokens[at..at + 7];
        let begins = is(&t[0], '#')
            && is(&t[1], '[')
            && word(&t[2], "cfg")
            && is(&t[3], '(')
            && word(&t[4], "test")
            && is(&t[5], ')')
            && is(&t[6], ']');
        if !begins {
            at += 1;
            continue;
        }
        let mut open = 0;
        while at < tokens.len() {
            tokens[at].in_test = true;
            match tokens[at].kind {
                Kind::Other('{') => open += 1,
                Kind::Other('}') => open -= 1,
                _ => {}
            }
            let ends = is(&tokens[at], ';') || is(&tokens[at], '}');
            at += 1;
            if ends && open == 0 {
                break;
            }
        }
    }
}

/// Reads the path that begins at a word, groups written out; returns where it ends.
fn read_path(tokens: &[Token], at: usize, before: &[String], all: &mut Vec<Named>) -> usize {
    let mut parts = before.to_vec();
    let (line, in_test) = (tokens[at].line, tokens[at].in_test);
    let mut at = at;
    loop {
        match tokens.get(at).map(|token| &token.kind) {
            Some(Kind::Word(word)) => parts.push(word.clone()),
            Some(Kind::Other('*')) if !parts.is_empty() => parts.push("*".to_owned()),
            Some(Kind::Other('{')) => {
                at += 1;
                while let Some(token) = tokens.get(at) {
                    match token.kind {
                        Kind::Other('}') => return at + 1,
                        Kind::Other(',') => at += 1,
                        _ => at = read_path(tokens, at, &parts, all).max(at + 1),
                    }
                }
                return at;
            }
            _ => break,
        }
        at += 1;
        if tokens.get(at).map(|token| &token.kind) != Some(&Kind::Sign("::")) {
            break;
        }
        at += 1;
    }
    if !parts.is_empty() {
        all.push(Named { line, in_test, parts });
    }
    at
}

/// Each rule is shown a text that breaks it and one that does not.
mod rules_can_fail {
    use super::*;

    fn broken(rule: fn(&File) -> Vec<String>, path: &str, text: &str) -> Vec<String> {
        rule(&File::of(path, text))
    }

    fn lines(rule: fn(&File) -> Vec<String>, path: &str, text: &str) -> Vec<usize> {
        let line = |named: &String| named.split(':').nth(1)?.parse().ok();
        broken(rule, path, text).iter().filter_map(line).collect()
    }

    #[test]
    fn imports_of_higher_modules_and_siblings() {
        for (path, text) in [
            ("domain/link.rs", "\nuse crate::store::Tx;"),
            ("store/mod.rs", "\nuse crate::{random, flows::signup::sign_up};"),
            ("files.rs", "\nuse crate::ledger::leaf;"),
            ("web/mod.rs", "\nuse crate::worker::deliver;"),
            ("worker/mod.rs", "\nfn f() { crate::web::router() }"),
            ("flows/mod.rs", "\nuse crate::config::Settings;"),
            ("web/mod.rs", "\nuse crate::config::Settings;"),
            ("intake.rs", "\nuse super::web;"),
            ("flows/confirm.rs", "\nuse super::super::app::Core;"),
            ("clock.rs", "\nuse crate::*;"),
            ("main.rs", "\nuse assent::app::Core;"),
        ] {
            assert_eq!(lines(imports, path, text), [2], "{path} {text}");
        }
        assert_eq!(
            broken(imports, "store/outbox.rs", "use {crate::web, std::fmt};"),
            ["src/store/outbox.rs:1: `store` is lower than `web` and may not import it"]
        );
        assert!(!broken(imports, "helpers.rs", "").is_empty());
        for (path, text) in [
            ("cli/demo.rs", "use crate::{app, config, demo::seed, web};"),
            ("store/outbox.rs", "use super::{Tx, on}; // crate::web"),
            ("mail/mod.rs", "const A: &str = \"crate::web\";"),
            ("flows/confirm.rs", "#[cfg(test)] mod t { use super::super::app; }"),
            ("main.rs", "fn main() { assent::cli::main() }"),
        ] {
            assert_eq!(broken(imports, path, text), [""; 0], "{path} {text}");
        }
    }

    #[test]
    fn sql_elsewhere() {
        for text in [
            "\nfn f() { sqlx::query_as(TEXT) }",
            "\nuse sqlx::{Row, query_scalar};",
            "\nconst A: &str = \"SELECT 1\";",
            "\nconst A: &str = r#\"DELETE FROM signup\"#;",
            "\nfn f() { run(\n\"UPDATE signup SET a = 1\") }",
        ] {
            assert!(lines(sql, "flows/confirm.rs", text).iter().all(|line| *line > 1));
            assert_eq!(broken(sql, "flows/confirm.rs", text).len(), 1, "{text}");
            assert_eq!(broken(sql, "store/signups.rs", text), [""; 0]);
        }
        let harmless = "/* SELECT 1 */ type A = sqlx::Error; // sqlx::query";
        assert_eq!(broken(sql, "flows/confirm.rs", harmless), [""; 0]);
    }

    #[test]
    fn axum_and_smtp_elsewhere() {
        assert_eq!(lines(axum, "flows/mod.rs", "\nuse axum::Router;"), [2]);
        assert_eq!(broken(axum, "web/mod.rs", "use axum::Router;"), [""; 0]);
        for text in [
            "\nuse lettre::{Message, transport::smtp};",
            "\nuse lettre::AsyncSmtpTransport;",
            "\nuse lettre::*;",
        ] {
            assert_eq!(lines(smtp, "worker/deliver.rs", text), [2], "{text}");
            assert_eq!(broken(smtp, "mail/transport/smtp.rs", text), [""; 0]);
        }
        assert_eq!(broken(smtp, "mail/compose.rs", "use lettre::Message;"), [""; 0]);
    }

    #[test]
    fn long_files() {
        assert_eq!(lines(length, "app.rs", &"\n".repeat(MOST_LINES + 1)), [451]);
        assert_eq!(broken(length, "app.rs", &"\n".repeat(MOST_LINES)), [""; 0]);
    }

    #[test]
    fn unwraps_outside_tests() {
        for text in [
            "\nfn f() { a.unwrap() }",
            "\nfn f() { a\n.expect(\"b\") }",
            "#[cfg(test)] mod tests { fn f() {} }\nfn f() { a.unwrap() }",
            "#[cfg(test)] use a;\nfn f() { a.unwrap() }",
        ] {
            assert_eq!(broken(unwrapping, "app.rs", text).len(), 1, "{text}");
        }
        for text in [
            "#[cfg(test)] mod tests { fn f() { if a {} b.unwrap() } }",
            "fn f() { a.unwrap_or(1); \"b.unwrap()\"; '\"'; c } // d.unwrap()",
            "#[expect(dead_code)] fn f<'a>() {}",
        ] {
            assert_eq!(broken(unwrapping, "app.rs", text), [""; 0], "{text}");
        }
    }

    #[test]
    fn stories_by_another_clock() {
        for text in [
            "\nuse assent::clock::{Clock, Clock::System};",
            "\nfn f() { Core::open(settings, Clock::System) }",
            "\nconst A: &str = \"UPDATE signup SET created_at = now()\";",
            "\nconst A: &str = \"SELECT unixepoch() * 1000000\";",
            "\nconst A: &str = env!(\"CARGO_BIN_EXE_assent\");",
        ] {
            assert_eq!(lines(time_of_stories, "worker/kills.rs", text), [2], "{text}");
        }
        for text in [
            "fn f() { Random::System; clock.now() } // now()",
            "const A: &str = \"UPDATE outbox SET lease_until = now()\";",
        ] {
            assert_eq!(broken(time_of_stories, "worker/kills.rs", text), [""; 0], "{text}");
        }
        let starts = "env!(\"CARGO_BIN_EXE_assent\")";
        assert_eq!(broken(time_of_stories, "support/program.rs", starts), [""; 0]);
    }

    #[test]
    fn empty_names() {
        for (path, text) in [
            ("utils.rs", ""),
            ("web/info/mod.rs", ""),
            ("web/mail_helpers.rs", ""),
            ("web/mod.rs", "mod common { }"),
        ] {
            assert_eq!(lines(names, path, text), [1], "{path} {text}");
        }
        assert_eq!(broken(names, "web/mod.rs", "mod error; // mod util"), [""; 0]);
    }

    #[test]
    fn migrations_that_differ() {
        let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let both = of(&["0001_offers.sql", "0002_people.sql"]);
        assert_eq!(migrations(&both, &both), [""; 0]);
        assert_eq!(migrations(&both, &of(&["0001_offers.sql"])).len(), 1);
        assert_eq!(migrations(&of(&["0001_offers.sql", "0002_mail.sql"]), &both).len(), 2);
        let twice = of(&["0001_a.sql", "0001_b.sql"]);
        assert_eq!(migrations(&twice, &twice).len(), 2);
    }

    #[test]
    fn forgotten_templates() {
        let list = File::of("templates/built_in.rs", "[\"public/a.html\"] // public/b.html");
        let files = ["public/a.html".to_owned(), "public/b.html".to_owned()];
        assert_eq!(
            templates(&files, &list),
            ["templates/public/b.html:1: src/templates/built_in.rs does not name it"]
        );
    }
}
