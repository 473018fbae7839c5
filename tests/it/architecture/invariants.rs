//! That each invariant of ARCHITECTURE.md names a test that is there.

use std::collections::BTreeSet;

use super::source::File;

/// What stands before its tests, which are in brackets.
const HELD: &str = " [`";

/// The paths of all tests and of the files they stand in, by module: `signup::confirm::a_look_changes_nothing`.
pub fn tests(files: &[File]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in files {
        let path = file.path.replace("ledger/src/", "assent_ledger/");
        let path = path.trim_start_matches("tests/it/").trim_start_matches("src/");
        let module = path.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
        let functions = file.tokens.windows(2).filter(|two| two[0].is("fn"));
        found.extend(functions.map(|two| format!("{module}::{}", two[1].text)));
        found.insert(module);
    }
    found
}

/// What is wrong with the section of invariants in this text.
pub fn unheld(text: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let lines = text.lines().zip(1..).skip_while(|(line, _)| *line != "## Invariants").skip(1);
    let lines = lines.take_while(|(line, _)| !line.starts_with("## "));
    let mut broken = Vec::new();
    for (line, number) in lines.filter(|(line, _)| line.starts_with("- ")) {
        let held = line.rsplit_once(HELD).and_then(|(_, held)| held.strip_suffix("`]"));
        let names: Vec<&str> = held.map_or(vec![], |held| held.split("`, `").collect());
        if names.is_empty() {
            let rule = "name the test that holds it at its end, in brackets";
            broken.push(format!("ARCHITECTURE.md:{number}: {rule}"));
        }
        let gone = names.into_iter().filter(|name| !tests.contains(*name));
        broken.extend(gone.map(|name| format!("ARCHITECTURE.md:{number}: no test is `{name}`")));
    }
    broken
}

#[test]
fn an_invariant_without_its_test_is_named() {
    let story = File::parse("tests/it/signup/confirm.rs", "fn a_look_changes_nothing() {}");
    let unit = File::parse("src/domain/slug.rs", "mod tests { fn ends() {} }");
    let tests = tests(&[story, unit]);
    let text = "- Not yet.\n## Invariants\n\n- One. [`signup::confirm::a_look_changes_nothing`, \
                `domain::slug`]\n- Two [`of`] three.\n- Three. [`signup::confirm::gone`]\n## Next\n- Not any more.\n";
    let rule = "name the test that holds it at its end, in brackets";
    let expected = [
        format!("ARCHITECTURE.md:5: {rule}"),
        "ARCHITECTURE.md:6: no test is `signup::confirm::gone`".to_owned(),
    ];
    assert_eq!(unheld(text, &tests), expected);
}
