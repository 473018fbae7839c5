//! The fields for which addresses a report's form takes.

use serde::Serialize;

use crate::domain::catalog::address_rules::{AddressRules, Answer, DomainRule, read_answer};
use crate::web::choice::Choice;
use crate::web::console::form::{Faults, fault, once};
use crate::web::http::fields::Fields;

/// What they hold: from what stands in the database, or as they were typed.
#[derive(Clone, Serialize)]
pub(super) struct RuleValues {
    work_addresses: String,
    disposable_addresses: String,
    allowed_domains: String,
    on_other_domains: String,
    refused_domains: String,
    on_refused_domains: String,
}

impl Default for RuleValues {
    fn default() -> Self {
        Self::from_rules(&AddressRules::default())
    }
}

impl RuleValues {
    pub(super) fn from_rules(rules: &AddressRules) -> Self {
        let answer = |answer: Option<Answer>| answer.map_or("off", Answer::as_str).to_owned();
        let domains =
            |rule: Option<&DomainRule>| rule.map(|rule| rule.names("\n")).unwrap_or_default();
        let on = |rule: Option<&DomainRule>| {
            let answer = rule.map_or(Answer::Refuse, |rule| rule.answer);
            answer.as_str().to_owned()
        };
        Self {
            work_addresses: answer(rules.work),
            disposable_addresses: answer(rules.disposable),
            allowed_domains: domains(rules.allowed.as_ref()),
            on_other_domains: on(rules.allowed.as_ref()),
            refused_domains: domains(rules.refused.as_ref()),
            on_refused_domains: on(rules.refused.as_ref()),
        }
    }

    pub(super) fn typed(fields: &Fields) -> Self {
        Self {
            work_addresses: fields.one("work_addresses").to_owned(),
            disposable_addresses: fields.one("disposable_addresses").to_owned(),
            allowed_domains: fields.text("allowed_domains").to_owned(),
            on_other_domains: fields.one("on_other_domains").to_owned(),
            refused_domains: fields.text("refused_domains").to_owned(),
            on_refused_domains: fields.one("on_refused_domains").to_owned(),
        }
    }

    /// As they are filled in for a form that asks for much.
    pub(super) fn sample() -> Self {
        let rules = "work=refuse disposable=warn allowed=warn:gov.uk,nhs.uk".parse();
        Self::from_rules(&rules.unwrap_or_default())
    }
}

/// What can be done about addresses at some domains.
pub(super) fn answers() -> [Choice<'static>; 2] {
    [
        Choice { value: "refuse", title: "Don’t take them", hint: None },
        Choice { value: "warn", title: "Take them, and say what is asked for", hint: None },
    ]
}

/// The same, or nothing.
pub(super) fn answers_or_none() -> [Choice<'static>; 3] {
    let [refuse, warn] = answers();
    [Choice { value: "off", title: "Take them", hint: None }, warn, refuse]
}

/// Reads them. A field that is not there leaves its rule out.
pub(super) fn parse(fields: &Fields, faults: &mut Faults) -> AddressRules {
    once(
        fields,
        &[
            "work_addresses",
            "disposable_addresses",
            "allowed_domains",
            "on_other_domains",
            "refused_domains",
            "on_refused_domains",
        ],
        faults,
    );
    AddressRules {
        work: answer(fields, "work_addresses", faults),
        disposable: answer(fields, "disposable_addresses", faults),
        allowed: domains(fields, ("allowed_domains", "on_other_domains"), faults),
        refused: domains(fields, ("refused_domains", "on_refused_domains"), faults),
    }
}

fn answer(fields: &Fields, name: &'static str, faults: &mut Faults) -> Option<Answer> {
    let typed = fields.one(name);
    let read = if typed.is_empty() { Ok(None) } else { read_answer(typed) };
    read.unwrap_or_else(|_| {
        faults.push(fault(name, "Choose one of the answers shown here"));
        None
    })
}

fn domains(
    fields: &Fields,
    (name, on): (&'static str, &'static str),
    faults: &mut Faults,
) -> Option<DomainRule> {
    let on = fields.one(on);
    let answer = if on.is_empty() { Ok(Answer::Refuse) } else { on.parse() };
    let rule = match answer {
        Ok(answer) => DomainRule::read(answer, fields.text(name)),
        Err(error) => Err(error),
    };
    rule.unwrap_or_else(|error| {
        let words = format!("Write domains such as gov.uk, each on a line of its own: {error}");
        faults.push(fault(name, words));
        None
    })
}
