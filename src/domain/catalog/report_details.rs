//! What an editor decides about a report, and how two of them keep out of each other's way.

use assent_ledger::digest::sha256_hex;
use serde_json::{Value, json};

use crate::domain::catalog::address_rules::{AddressRules, Answer, DomainRule};
use crate::domain::catalog::edit::changes;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::catalog::return_address::ReturnAddress;
use crate::domain::slug::Slug;

/// All that can be edited of a report besides its file and its cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportDetails {
    /// Its title.
    pub title: String,
    /// One or two sentences about it; may be empty.
    pub summary: String,
    /// The landing page's text, Markdown; may be empty.
    pub body: String,
    /// How many pages it has, where that is known.
    pub pages: Option<i64>,
    /// Whether the form requires a name.
    pub requires_name: bool,
    /// Whether the form requires an organisation.
    pub requires_organisation: bool,
    /// Whether the form requires a job title.
    pub requires_job_title: bool,
    /// Where readers can go on once they have it.
    pub return_to: Option<ReturnAddress>,
    /// Which addresses the form takes.
    pub address_rules: AddressRules,
    /// The newsletters that its form offers, in order; always optional (GDPR Art. 7(4)).
    pub newsletters: Vec<Slug>,
    /// The operator's own purposes that its form offers, in order; always optional.
    pub purposes: Vec<Purpose>,
}

/// Two edits put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// What the report is to be: the newer edit, with what it did not touch as it stands now.
    pub details: ReportDetails,
    /// The fields that somebody else changed and the newer edit did not touch.
    pub kept: Vec<&'static str>,
    /// The fields that both changed: a person has to decide.
    pub conflicts: Vec<&'static str>,
}

/// Texts longer than this stand in the audit as their hash.
const AUDITED: usize = 500;

impl ReportDetails {
    /// Each field that can change, by the name its form has for it.
    #[must_use]
    pub fn fields(&self) -> [(&'static str, Value); 12] {
        let required = [
            ("name", self.requires_name),
            ("organisation", self.requires_organisation),
            ("job_title", self.requires_job_title),
        ];
        let required: Vec<&str> =
            required.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect();
        [
            ("title", json!(self.title)),
            ("summary", json!(self.summary)),
            ("body", json!(self.body)),
            ("pages", json!(self.pages)),
            ("required", json!(required)),
            ("return_to", json!(self.return_to.as_ref().map(AsRef::<str>::as_ref))),
            ("work_addresses", answer(self.address_rules.work)),
            ("disposable_addresses", answer(self.address_rules.disposable)),
            ("allowed_domains", domains(self.address_rules.allowed.as_ref())),
            ("refused_domains", domains(self.address_rules.refused.as_ref())),
            ("newsletter", json!(self.newsletters)),
            ("purpose", json!(self.purposes)),
        ]
    }

    /// What a form was filled from, in short: a hash of each field. It comes back with the form.
    #[must_use]
    pub fn seen(&self) -> String {
        let marks: Vec<String> =
            self.fields().iter().map(|(name, value)| format!("{name}={}", mark(value))).collect();
        marks.join(",")
    }

    /// What becomes of an edit that was made from `seen` while somebody else made the report what it is now.
    #[must_use]
    pub fn merge(&self, seen: &str, mine: &Self) -> Merged {
        let mut merged = Merged { details: mine.clone(), kept: Vec::new(), conflicts: Vec::new() };
        let seen = marks(seen);
        for ((name, now), (_, mine)) in self.fields().iter().zip(mine.fields()) {
            let saw = seen.iter().find(|(known, _)| known == name).map(|(_, mark)| *mark);
            if saw == Some(mark(now).as_str()) || *now == mine {
                continue;
            }
            if saw == Some(mark(&mine).as_str()) {
                merged.details.take(name, self);
                merged.kept.push(name);
            } else {
                merged.conflicts.push(name);
            }
        }
        merged
    }

    fn take(&mut self, name: &str, other: &Self) {
        match name {
            "title" => self.title.clone_from(&other.title),
            "summary" => self.summary.clone_from(&other.summary),
            "body" => self.body.clone_from(&other.body),
            "pages" => self.pages = other.pages,
            "required" => {
                self.requires_name = other.requires_name;
                self.requires_organisation = other.requires_organisation;
                self.requires_job_title = other.requires_job_title;
            }
            "return_to" => self.return_to.clone_from(&other.return_to),
            "work_addresses" => self.address_rules.work = other.address_rules.work,
            "disposable_addresses" => {
                self.address_rules.disposable = other.address_rules.disposable;
            }
            "allowed_domains" => {
                self.address_rules.allowed.clone_from(&other.address_rules.allowed);
            }
            "refused_domains" => {
                self.address_rules.refused.clone_from(&other.address_rules.refused);
            }
            "newsletter" => self.newsletters.clone_from(&other.newsletters),
            "purpose" => self.purposes.clone_from(&other.purposes),
            _ => {}
        }
    }

    /// What the audit says of a change from this to that: the fields, and each before and after.
    #[must_use]
    pub fn difference(&self, after: &Self) -> Option<Value> {
        let fields = self.fields().into_iter().zip(after.fields());
        changes(fields.map(|((name, before), (_, after))| (name, short(before), short(after))))
    }
}

fn answer(answer: Option<Answer>) -> Value {
    json!(answer.map(Answer::as_str))
}

fn domains(rule: Option<&DomainRule>) -> Value {
    json!(rule.map(ToString::to_string))
}

fn marks(seen: &str) -> Vec<(&str, &str)> {
    seen.split(',').filter_map(|mark| mark.split_once('=')).collect()
}

fn mark(value: &Value) -> String {
    let mut hash = sha256_hex(value.to_string().as_bytes());
    hash.truncate(16);
    hash
}

fn short(value: Value) -> Value {
    match value.as_str() {
        Some(text) if text.len() > AUDITED => {
            json!({"characters": text.chars().count(), "sha256": sha256_hex(text.as_bytes())})
        }
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details() -> ReportDetails {
        ReportDetails {
            title: "A report".to_owned(),
            summary: String::new(),
            body: "Text".to_owned(),
            pages: None,
            requires_name: false,
            requires_organisation: true,
            requires_job_title: false,
            return_to: None,
            address_rules: AddressRules::default(),
            newsletters: vec!["weekly".parse().unwrap()],
            purposes: vec![],
        }
    }

    #[test]
    fn two_edits_go_together_unless_both_touch_a_field() {
        let seen = details().seen();
        let return_to = "https://a.example/thanks".parse().ok();
        let address_rules = "work=warn refused=refuse:b.example".parse().unwrap();
        let now = ReportDetails {
            pages: Some(3),
            newsletters: vec![],
            return_to,
            address_rules,
            ..details()
        };
        let mine = ReportDetails { title: "Mine".to_owned(), ..details() };
        let merged = now.merge(&seen, &mine);
        let kept = vec!["pages", "return_to", "work_addresses", "refused_domains", "newsletter"];
        assert_eq!((merged.kept, merged.conflicts), (kept, vec![]));
        assert_eq!(merged.details, ReportDetails { title: "Mine".to_owned(), ..now.clone() });

        let mine = ReportDetails { pages: Some(4), ..now.clone() };
        let merged = now.merge(&seen, &mine);
        assert_eq!((merged.kept, merged.conflicts), (vec![], vec!["pages"]));
        assert_eq!(merged.details, mine);
        assert!(now.merge(&now.seen(), &mine).conflicts.is_empty(), "what was seen may go");
    }

    #[test]
    fn a_form_that_does_not_say_what_it_saw_overwrites_nothing() {
        let mine = ReportDetails { title: "Mine".to_owned(), pages: Some(1), ..details() };
        for hostile in ["", "title", "title=,pages=\"", ",,,==="] {
            let merged = details().merge(hostile, &mine);
            assert_eq!(merged.conflicts, ["title", "pages"], "{hostile}");
        }
    }

    #[test]
    fn the_audit_says_what_was_and_what_is() {
        let first = details();
        assert_eq!(first.difference(&first), None);
        let long = "é".repeat(400);
        let second = ReportDetails {
            body: long.clone(),
            requires_name: true,
            title: "Another".to_owned(),
            ..details()
        };
        assert_eq!(
            first.difference(&second).unwrap(),
            json!({
                "changed": ["title", "body", "required"],
                "before": {"title": "A report", "body": "Text", "required": ["organisation"]},
                "after": {"title": "Another", "required": ["name", "organisation"],
                          "body": {"characters": 400, "sha256": sha256_hex(long.as_bytes())}},
            })
        );
    }
}
