//! How files and folders are called, how long they are, and lists that must be whole.

use super::show;
use super::source::File;

/// The words that folders go by in every layer.
const SUBJECTS: [&str; 8] =
    ["signup", "consent", "policy", "catalog", "contacts", "staff", "mail", "ledger"];

/// Where the subjects are folders, and the few others beside them.
const HOUSES: [(&str, &[&str]); 5] = [
    ("src/domain/", &[]),
    ("src/store/", &[]),
    ("src/flows/", &[]),
    ("src/web/console/", &["dashboard"]),
    ("tests/it/", &["architecture", "browser", "cli", "support", "web"]),
];

/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 6] = ["util", "helper", "manager", "common", "data", "info"];

pub const MOST_LINES: usize = 450;

pub fn length(file: &File) -> Vec<String> {
    let rule = format!("{} lines, {MOST_LINES} at most: split it by noun or verb", file.lines);
    let broken = (file.lines > MOST_LINES).then(|| file.breaks(file.lines, &rule));
    broken.into_iter().collect()
}

pub fn subjects(file: &File) -> Vec<String> {
    let wrong = HOUSES.iter().find_map(|(house, others)| {
        let (folder, _) = file.path.strip_prefix(house)?.split_once('/')?;
        let fits = SUBJECTS.contains(&folder) || others.contains(&folder);
        let rule = "is no subject: put it into one of the eight, or beside them as one file";
        (!fits).then(|| file.breaks(1, &format!("`{folder}` {rule} ({SUBJECTS:?})")))
    });
    wrong.into_iter().collect()
}

pub fn empty_names(file: &File) -> Vec<String> {
    let says_nothing = |name: &str| {
        let mut words = name.split('_').map(|word| word.strip_suffix('s').unwrap_or(word));
        words.any(|word| EMPTY_NAMES.contains(&word))
    };
    let files = file.path.trim_end_matches(".rs").split('/').map(|name| (1, name));
    let modules = file.tokens.windows(2).filter(|two| two[0].is("mod"));
    files
        .chain(modules.map(|two| (two[1].line, two[1].text.as_str())))
        .filter(|(_, name)| says_nothing(name))
        .map(|(line, name)| {
            file.breaks(line, &format!("`{name}` says nothing of what is inside: name that"))
        })
        .collect()
}

pub fn migrations(sqlite: &[String], postgres: &[String]) -> Vec<String> {
    let mut broken = Vec::new();
    for (database, own, others) in [("sqlite", sqlite, postgres), ("postgres", postgres, sqlite)] {
        for (name, number) in own.iter().zip(1..) {
            let mut breaks =
                |rule: &str| broken.push(format!("migrations/{database}/{name}:1: {rule}"));
            if name.split_once('_').map(|(first, _)| first) != Some(&format!("{number:04}")) {
                breaks("name migrations 0001_name.sql, 0002_name.sql, … without a gap");
            }
            if !others.contains(name) {
                breaks("give the other database a migration of this number and name");
            }
        }
    }
    broken
}

pub fn templates(files: &[String], list: &File) -> Vec<String> {
    let is_listed = |name: &str| {
        list.tokens.iter().any(|token| token.literal && token.text.trim_matches('"') == name)
    };
    let forgotten = files.iter().filter(|file| !is_listed(file));
    forgotten
        .map(|file| format!("templates/{file}:1: name it in src/templates/built_in.rs"))
        .collect()
}

#[test]
fn long_files_are_named() {
    let (long, short) = ("\n".repeat(MOST_LINES + 1), "\n".repeat(MOST_LINES));
    for path in ["src/app.rs", "tests/it/mail/kills.rs"] {
        assert!(length(&File::parse(path, &long))[0].starts_with(&format!("{path}:451: ")));
        show(length, path, &[], &[&short]);
    }
}

#[test]
fn folders_that_are_no_subjects_are_named() {
    for (path, broken) in [
        ("src/flows/joining/confirm.rs", 1),
        ("src/store/dashboard/figures.rs", 1),
        ("tests/it/bounces/mod.rs", 1),
        ("src/domain/mail/bounce/news.rs", 0),
        ("src/flows/mod.rs", 0),
        ("src/web/console/dashboard/mod.rs", 0),
    ] {
        assert_eq!(subjects(&File::parse(path, "")).len(), broken, "{path}");
    }
}

#[test]
fn names_that_say_nothing_are_named() {
    for path in ["src/utils.rs", "src/web/info/mod.rs", "src/web/mail_helpers.rs"] {
        assert_eq!(empty_names(&File::parse(path, "")).len(), 1, "{path}");
    }
    show(empty_names, "src/web/mod.rs", &["\nmod common { }"], &["mod error; // mod util"]);
}

#[test]
fn migrations_that_differ_are_named() {
    for (sqlite, postgres, broken) in [
        (["0001_offers.sql", "0002_people.sql"], ["0001_offers.sql", "0002_people.sql"], 0),
        (["0001_offers.sql", "0002_mail.sql"], ["0001_offers.sql", "0002_people.sql"], 2),
        (["0001_offers.sql", "0001_people.sql"], ["0001_offers.sql", "0001_people.sql"], 2),
    ] {
        let named = migrations(&sqlite.map(String::from), &postgres.map(String::from));
        assert_eq!(named.len(), broken, "{named:?}");
    }
}

#[test]
fn forgotten_templates_are_named() {
    let list = "const A: [&str; 1] = [\"public/a.html\"]; // public/b.html";
    let list = File::parse("src/templates/built_in.rs", list);
    let named = templates(&["public/a.html", "public/b.html"].map(String::from), &list);
    assert_eq!(named, ["templates/public/b.html:1: name it in src/templates/built_in.rs"]);
}
