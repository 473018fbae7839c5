//! What the check finds, and that its samples reach every place of every template.

use std::collections::BTreeSet;

use super::samples;
use crate::templates::{BUILT_IN, BuiltIn, Problem, check, nearest_template};

/// What the check finds where an operator changed templates so: their files go by the templates' names.
fn with_all(changed: &[(&str, String)]) -> BTreeSet<Problem> {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in changed {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let found = check(Some(directory.path()), &samples()).unwrap();
    assert_eq!(found.strays, []);
    let before = format!("{}/", directory.path().display());
    let short = |problem: Problem| Problem { file: problem.file.replace(&before, ""), ..problem };
    found.problems.into_iter().map(short).collect()
}

/// The same where they changed one, whose file is `FILE`.
fn with(name: &str, change: impl Fn(&str) -> String) -> BTreeSet<Problem> {
    let built_in = BUILT_IN.iter().find(|built_in| built_in.name == name).unwrap();
    let found = with_all(&[(name, change(built_in.text))]).into_iter();
    let short = |problem: Problem| Problem { file: problem.file.replace(name, "FILE"), ..problem };
    found.map(short).collect()
}

fn said(problems: &BTreeSet<Problem>) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn every_template_has_samples() {
    let samples = samples();
    for BuiltIn { name, .. } in BUILT_IN.iter().filter(|built_in| !built_in.name.contains("/_")) {
        assert!(!samples.of(name).is_empty(), "{name}");
    }
}

#[test]
fn the_built_in_templates_are_sound() {
    assert_eq!(said(&with("public/index.html", ToOwned::to_owned)), [""; 0]);
}

/// Each expression of a template becomes a name that nobody gives: every one is found, by its line.
#[test]
fn the_samples_reach_every_expression() {
    // What others import or extend is spoilt by itself, or it would not be reached through them.
    let is_shared = |built_in: &&BuiltIn| {
        built_in.name.contains("/_") || built_in.name.ends_with("/layout.html")
    };
    let (shared, pages): (Vec<&BuiltIn>, Vec<&BuiltIn>) = BUILT_IN.iter().partition(is_shared);
    let mut missed = missed(&pages);
    missed.extend(shared.iter().flat_map(|built_in| self::missed(&[built_in])));
    assert_eq!(missed, Vec::<String>::new());
}

/// The expressions of these templates that the check does not reach when all of them are spoilt, by line.
fn missed(templates: &[&BuiltIn]) -> Vec<String> {
    let spoilt: Vec<(&str, Spoilt)> =
        templates.iter().map(|built_in| (built_in.name, Spoilt::new(built_in.text))).collect();
    let changed: Vec<(&str, String)> =
        spoilt.iter().map(|(name, spoilt)| (*name, spoilt.text.clone())).collect();
    let found: BTreeSet<(String, Option<usize>)> = with_all(&changed)
        .into_iter()
        .filter(|problem| problem.what.starts_with("`nowhere`"))
        .map(|problem| (problem.file, problem.line))
        .collect();
    let all = spoilt
        .iter()
        .flat_map(|(name, spoilt)| spoilt.lines.iter().map(move |line| (*name, *line)));
    all.filter(|(name, line)| !found.contains(&((*name).to_owned(), Some(*line))))
        .map(|(name, line)| format!("{name}:{line}"))
        .collect()
}

/// A template whose expressions are all a name that nobody gives.
struct Spoilt {
    text: String,
    /// Where they stand.
    lines: BTreeSet<usize>,
}

impl Spoilt {
    fn new(text: &str) -> Self {
        // A template's own macros go on being called, and what they stand around, or nothing in them would be
        // reached.
        let macros: Vec<String> = text
            .split("macro ")
            .skip(1)
            .filter_map(|after| after.split_once('('))
            .map(|(name, _)| format!("{name}("))
            .chain(["caller(".to_owned()])
            .collect();
        let mut spoilt = Self { text: String::new(), lines: BTreeSet::new() };
        let mut line = 1;
        for (at, part) in text.split("{{").enumerate() {
            let called = part.trim_start_matches('-').trim_start();
            let is_call = macros.iter().any(|name| called.starts_with(name));
            match part.split_once("}}") {
                _ if at == 0 => spoilt.text.push_str(part),
                Some((of, rest)) if !is_call => {
                    spoilt.lines.insert(line);
                    let ends = "\n".repeat(of.matches('\n').count());
                    spoilt.text.extend(["{{ nowhere ", &ends, "}}", rest]);
                }
                _ => spoilt.text.extend(["{{", part]),
            }
            line += part.matches('\n').count();
        }
        spoilt
    }
}

/// A template, what is changed in it, and what the check then says.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    (
        "public/confirm.html",
        "<h1>",
        "<h1>\n{{ adress }}",
        "FILE:8: `adress` is not known here: did you mean `address`?",
    ),
    ("public/confirm.html", "{% endif %}", "", "it is not a template ("),
    (
        "public/layout.html",
        "{{ site.css }}",
        "{{ site.cs }}",
        "FILE:11: `site.cs` is not known here: did you mean `site.css`?",
    ),
    (
        "public/_form.html",
        "{{ e.message }}",
        "{{ e.mesage }}",
        "FILE:5: `e.mesage` is not known here: did you mean `e.message`?",
    ),
    ("mail/confirm.txt", "Subject: ", "Betreff: ", "FILE:1: write `Subject: …` in this line"),
    ("mail/confirm.txt", "Preheader: ", "", "FILE:2: write `Preheader: …` in this line"),
    (
        "mail/confirm.txt",
        "\n{{ confirm_url }}",
        "\nOpen {{ confirm_url }}",
        "FILE:33: put the link on a line of its own",
    ),
    (
        "mail/confirm.txt",
        "\n{{ confirm_url }}",
        "\n{{ not_me_url }}\n{{ confirm_url }}",
        "FILE:33: move this link below",
    ),
    (
        "mail/confirm.txt",
        "\n{{ confirm_url }}",
        "",
        "FILE: put the link `{{ confirm_url }}` into it",
    ),
    (
        "mail/receipt.mjml",
        "</mj-text>",
        "</mj-button>",
        "FILE:9: `</mj-button>` stands where `<mj-text>` of line 9 is still open",
    ),
    (
        "mail/receipt.mjml",
        "</mj-column>",
        "",
        "FILE:12: `</mj-section>` stands where `<mj-column>` of line 8",
    ),
    ("mail/receipt.mjml", "<p>Your address", "<p>1 < 2", "FILE:17: it is not well-formed MJML"),
    (
        "mail/receipt.mjml",
        "<mj-divider />",
        "<mj-dividr />",
        "FILE:28: MJML knows no element `<mj-dividr>`",
    ),
    (
        "mail/receipt.mjml",
        "<mj-divider />",
        "<mj-image src=\"https://x.example/p.png\" />",
        "FILE:28: it loads https://x.example/p.png",
    ),
    (
        "mail/receipt.mjml",
        "<mj-divider />",
        "<mj-social><mj-social-element name=\"x\" href=\"https://x.example\" /></mj-social>",
        "FILE:28: it loads https://",
    ),
    (
        "mail/_head.mjml",
        ":root {",
        "@import url(https://x.example/f.css);\n:root {",
        "FILE:14: it loads https://x.example/f.css",
    ),
    (
        "mail/_head.mjml",
        "content=\"light dark\"",
        "content=\"{{ dark }}\"",
        "FILE:2: `dark` is not",
    ),
    ("mail/_head.mjml", "<mj-attributes>", "<mj-atributes>", "FILE:"),
    (
        "mail/receipt.mjml",
        "{{ address }}",
        "{{ adress }}",
        "FILE:17: `adress` is not known here: did you mean `address`?",
    ),
    (
        "mail/change.mjml",
        "{% endif %}{% if standing %}",
        "{% if standing %}",
        "it is not a template (",
    ),
];

#[test]
fn each_mistake_is_named_by_its_line() {
    let mut wrong = Vec::new();
    for &(name, from, to, words) in MISTAKES {
        let found = said(&with(name, |text| text.replacen(from, to, 1)));
        let named = found.iter().any(|said| said.contains(words));
        if !named || !found.iter().all(|said| said.starts_with("FILE")) {
            wrong.push(format!("{name} {to}: {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_confirmation_without_its_link_is_found() {
    let found = said(&with("mail/confirm.mjml", |text| text.replace("{{ confirm_url }}", "#")));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with("FILE: put the link `{{ confirm_url }}` into it"), "{found:#?}");
}

#[test]
fn every_mistake_is_found_at_once() {
    let found = with("public/not_me.html", |text| {
        text.replace("{{ token }}", "{{ tokn }}").replace("address }}", "addres }}")
    });
    let lines: Vec<Option<usize>> = found.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [Some(6), Some(8), Some(11)], "{:#?}", said(&found));
}

/// What one fault leads to elsewhere is not told besides.
#[test]
fn one_fault_is_one_problem() {
    for (name, from, to, line) in [
        ("mail/_head.mjml", "light dark", "{{ site.name | uppr }}", 2),
        ("mail/confirm.txt", "{{ valid_until | until }}", "{{ until[0:3] | upper ~ 'x' }}", 2),
        ("public/policy.html", "{{ policy.date | day }}", "{{ policy.dat | day }}", 8),
        ("public/error.html", "contact_link(", "contactlink(", 10),
    ] {
        let found = with(name, |text| text.replacen(from, to, 1));
        let lines: Vec<Option<usize>> = found.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [Some(line)], "{name}: {:#?}", said(&found));
    }
}

#[test]
fn a_misspelt_file_is_answered_with_the_nearest() {
    assert_eq!(nearest_template("public/indx.html"), Some("public/index.html"));
    assert_eq!(nearest_template("confirm.txt"), Some("mail/confirm.txt"));
    assert_eq!(nearest_template("mail/confrim.mjml"), Some("mail/confirm.mjml"));
    assert_eq!(nearest_template("public/zebra.html"), None);
}
