//! What filters hold against mail, told of every built-in mail in every state that the samples reach.

use std::collections::BTreeSet;

use super::samples;
use crate::domain::time_zone::TimeZone;
use crate::mail::letters::sample::PREHEADER;
use crate::templates::{BUILT_IN, Templates};

/// Name, text and HTML of each mail.
fn mails() -> Vec<(&'static str, String, String)> {
    let templates = Templates::load(None, &TimeZone::UTC).expect("sound templates");
    let names = BUILT_IN.iter().filter_map(|built_in| built_in.name.strip_suffix(".mjml"));
    let samples = samples();
    let mut mails = Vec::new();
    for name in names.filter(|name| *name != "mail/_head") {
        let of = |ending: &str| samples.of(&format!("{name}.{ending}"));
        for (plain, rich) in of("txt").iter().zip(of("mjml")) {
            let text = templates.render(&format!("{name}.txt"), plain);
            let html = templates.render(&format!("{name}.html"), rich);
            mails.push((name, text.expect("a sound template"), html.expect("a sound template")));
        }
    }
    mails
}

#[test]
fn text_and_html_lead_to_the_same_places() {
    let mut seen = 0;
    for (name, text, html) in mails() {
        let written: BTreeSet<&str> =
            text.split_whitespace().filter(|word| word.starts_with("http")).collect();
        let linked: BTreeSet<&str> =
            html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(written, linked, "{name}:\n{text}\n{html}");
        seen += linked.len();
    }
    assert!(seen > 20, "{seen} links are too few for these to be all mails");
}

#[test]
fn nothing_in_a_mail_is_hidden() {
    for (name, _, html) in mails() {
        for hides in ["display:none", "visibility:hidden", "opacity:0", "max-height:0", "mso-hide"]
        {
            assert!(!html.replace(": ", ":").contains(hides), "{name}: {hides}");
        }
        // Mail programs show what comes first beside the subject.
        let (_, body) = html.split_once("<body").expect("a body");
        let mut first =
            body.split('>').filter_map(|part| part.split_once('<')).map(|(words, _)| words.trim());
        assert_eq!(first.find(|words| !words.is_empty()), Some(PREHEADER), "{name}");
    }
}
