//! The rules of ARCHITECTURE.md that a reader of the code can check: this reads it. What breaks a rule is
//! named by file and line, with what to do. Beside each rule stands what breaks it and what does not.

mod circles;
mod invariants;
mod names;
mod order;
mod places;
mod source;

use source::{File, PROGRAM, STORIES, VERIFIER, files_under};

type Rule = fn(&File) -> Vec<String>;

#[test]
fn lower_modules_never_import_higher_ones() {
    hold(&PROGRAM, order::imports);
    report(&order::MODULES.misfits(&PROGRAM));
}

#[test]
fn rooms_of_web_never_import_higher_ones() {
    report(&order::upward_in_web(&circles::edges(&PROGRAM)));
    report(&order::WEB.misfits(&PROGRAM));
}

#[test]
fn no_files_need_each_other_in_a_circle() {
    report(&circles::circles(&circles::edges(&PROGRAM)));
    report(&circles::circles(&circles::edges(&VERIFIER)));
}

#[test]
fn folders_are_the_eight_subjects() {
    hold(&PROGRAM, names::subjects);
    hold(&STORIES, names::subjects);
}

#[test]
fn module_names_say_what_is_inside() {
    hold(&PROGRAM, names::empty_names);
    hold(&VERIFIER, names::empty_names);
}

#[test]
fn no_file_is_too_long() {
    hold(&PROGRAM, names::length);
    hold(&VERIFIER, names::length);
    hold(&STORIES, names::length);
}

#[test]
fn sql_is_only_in_store() {
    hold(&PROGRAM, places::sql);
    hold(&VERIFIER, places::sql);
}

#[test]
fn consent_is_changed_with_its_event_alone() {
    hold(&PROGRAM, places::changes_of_consent);
}

#[test]
fn use_cases_are_committed_in_one_place() {
    hold(&PROGRAM, places::committing);
}

#[test]
fn axum_is_only_in_web_and_app() {
    hold(&PROGRAM, places::axum);
}

#[test]
fn smtp_is_only_in_mail_transport() {
    hold(&PROGRAM, places::smtp);
}

#[test]
fn nothing_is_unwrapped_outside_tests() {
    hold(&PROGRAM, places::unwrapping);
    hold(&VERIFIER, places::unwrapping);
}

#[test]
fn stories_never_go_by_the_machines_time() {
    hold(&STORIES, places::time_of_stories);
}

#[test]
fn both_databases_have_the_same_migrations() {
    report(&names::migrations(&below("migrations/sqlite"), &below("migrations/postgres")));
}

#[test]
fn every_template_is_built_in() {
    report(&names::templates(&below("templates"), &File::read("src/templates/built_in.rs")));
}

#[test]
fn each_invariant_names_a_test_that_holds_it() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/ARCHITECTURE.md"));
    let tests =
        [&PROGRAM, &VERIFIER, &STORIES].into_iter().flat_map(|files| invariants::tests(files));
    report(&invariants::unheld(&text.unwrap(), &tests.collect()));
}

fn hold(files: &[File], rule: Rule) {
    report(&files.iter().flat_map(rule).collect::<Vec<_>>());
}

fn report(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

/// The files below a directory, named from it.
fn below(directory: &str) -> Vec<String> {
    files_under(directory).iter().map(|file| file[directory.len() + 1..].to_owned()).collect()
}

/// Shows a rule texts that break it in their second line, and texts that do not break it.
fn show(rule: Rule, path: &str, broken: &[&str], fine: &[&str]) {
    for text in broken {
        let named = rule(&File::parse(path, text));
        let there = |named: &String| named.starts_with(&format!("{path}:2: "));
        assert!(named.len() == 1 && named.iter().all(there), "{path}, {text}: {named:?}");
    }
    for text in fine {
        assert_eq!(rule(&File::parse(path, text)), [""; 0], "{path}, {text}");
    }
}
