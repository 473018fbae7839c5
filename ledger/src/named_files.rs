//! For whoever writes a bundle: the files that its events lead to, and no others belong into it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Deserialize;

use super::bundle::{context_file, notice_file, policy_file};
use super::context::read_context;

/// The paths of the files that events lead to.
#[derive(Clone, Debug, Default)]
pub struct NamedFiles(BTreeSet<String>);

#[derive(Deserialize)]
struct Body<'a> {
    context: Option<&'a str>,
    #[serde(borrow)]
    notice: Option<Notice<'a>>,
    #[serde(borrow)]
    policy: Option<Policy<'a>>,
}

#[derive(Deserialize)]
struct Notice<'a> {
    #[serde(borrow)]
    sha256: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Policy<'a> {
    #[serde(borrow)]
    label: Cow<'a, str>,
}

impl NamedFiles {
    /// Those that a body names by itself: its context, or of version 1 words and policy.
    pub fn add_body(&mut self, body: &str) {
        let Ok(Body { context, notice, policy }) = serde_json::from_str(body) else { return };
        self.0.extend(context.map(context_file));
        self.0.extend(notice.map(|notice| notice_file(&notice.sha256)));
        self.0.extend(policy.map(|policy| policy_file(&policy.label)));
    }

    /// Those that a context names: words, policy and form. Of contexts that events name, each before other files.
    pub fn add_context(&mut self, context: &str) {
        if let Some(shown) = read_context(context) {
            self.0.insert(notice_file(&shown.notice_sha256));
            self.0.insert(policy_file(&shown.policy_label));
            self.0.extend(shown.form.map(|form| form.file));
        }
    }

    /// Whether this file is one of them.
    #[must_use]
    pub fn contains(&self, path: &str) -> bool {
        self.0.contains(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::sample_ledger_tests::Ledger;
    use crate::audit::sample_tests::Bundle;
    use crate::bundle::{DOCUMENTS, EVENTS, EventLine};

    /// A writer that keeps to it writes what the audit wants, and no more.
    fn keeps(bundle: &Bundle) {
        let mut named = NamedFiles::default();
        let events = std::fs::read_to_string(bundle.path().join(EVENTS)).unwrap();
        for line in events.lines() {
            let body = EventLine::parse(line.as_bytes()).unwrap().body;
            if let Some(body) = body {
                named.add_body(body.get());
            }
        }
        let mut there = BTreeSet::new();
        for folder in DOCUMENTS {
            for entry in std::fs::read_dir(bundle.path().join(folder)).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                there.insert(format!("{folder}/{name}"));
            }
        }
        for context in there.iter().filter(|path| path.starts_with("contexts/")) {
            named.add_context(&std::fs::read_to_string(bundle.path().join(context)).unwrap());
        }
        assert!(bundle.audit().is_sound());
        assert_eq!(named.0, there);
        assert!(there.iter().all(|path| named.contains(path)) && !named.contains("forms/x"));
    }

    #[test]
    fn they_are_those_that_the_audit_wants() {
        keeps(&Bundle::sound(3));
        keeps(&Ledger::history().bundle());
        keeps(&Ledger::history().part(&[1, 3, 6]));
        keeps(&Ledger::history_without_bob().part(&[2, 8]));
        keeps(&Ledger::history().with_form("<form></form>").0);
        let mut named = NamedFiles::default();
        named.add_body("{");
        named.add_context("{}");
        assert!(named.0.is_empty());
    }
}
