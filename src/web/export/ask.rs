//! What somebody asks to export, read from the fields of a form or an address.

use serde::Serialize;

use crate::domain::catalog::notice::LANG;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::day_span::DaySpan;
use crate::domain::slug::{Label, Slug};
use crate::domain::time_zone::TimeZone;
use crate::export::{Format, Preset};
use crate::store::Tx;
use crate::store::catalog::{newsletters, purposes, reports};
use crate::store::contacts::exportable::ExportFilter;
use crate::store::policy::versions;
use crate::web::Error;
use crate::web::choice::{Choice, SelectOption};
use crate::web::day_span::{ENDS, read_span};
use crate::web::http::fields::{Fields, InvalidField};

/// The fields that may be sent, each once.
pub(in crate::web) const FIELDS: [&str; 8] =
    ["purpose", "report", "since", "until", "policy", "format", "preset", "links"];

/// What may be had by whoever asks.
#[derive(Clone, Copy)]
pub(in crate::web) struct Allowed {
    /// Links to everybody's choices: their holder can act for others.
    pub links: bool,
    /// Workbooks, which are for people.
    pub workbooks: bool,
}

/// A wish that was understood.
#[derive(Clone)]
pub(in crate::web) struct Ask {
    pub filter: ExportFilter,
    /// When they confirmed.
    span: DaySpan,
    pub format: Format,
    pub preset: Option<Preset>,
    pub links: bool,
}

/// What can be chosen.
pub(in crate::web) struct Choices {
    purposes: Vec<(Purpose, String)>,
    reports: Vec<(Slug, String)>,
    policies: Vec<Label>,
}

/// What the page offers to choose: [`Choices`], and what can always be chosen.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web) struct ExportOptions<'a> {
    purposes: Vec<SelectOption<'a>>,
    reports: Vec<SelectOption<'a>>,
    policies: Vec<SelectOption<'a>>,
    presets: [SelectOption<'a>; Preset::ALL.len()],
    formats: [Choice<'a>; 3],
}

impl Choices {
    pub(in crate::web) async fn read(tx: &mut Tx) -> Result<Self, Error> {
        let mut all = vec![(Purpose::privacy_policy(), "Privacy policy".to_owned())];
        for newsletter in newsletters::list(tx).await? {
            all.push((Purpose::newsletter(&newsletter.slug), newsletter.name));
        }
        for own in purposes::list(tx).await? {
            all.push((own.code, own.name));
        }
        let reports = reports::list(tx).await?.into_iter().map(|r| (r.slug, r.title)).collect();
        let policies = versions::list(tx, LANG).await?.into_iter().map(|p| p.label).collect();
        Ok(Self { purposes: all, reports, policies })
    }

    /// As the page shows them.
    pub(in crate::web) fn options(&self) -> ExportOptions<'_> {
        let purposes = self.purposes.iter();
        let reports = self.reports.iter();
        let policies = self.policies.iter().map(Label::as_str);
        ExportOptions {
            purposes: purposes
                .map(|(code, name)| SelectOption::new(code.as_str(), name.as_str()))
                .collect(),
            reports: reports
                .map(|(slug, title)| SelectOption::new(slug.as_str(), title.as_str()))
                .collect(),
            policies: policies.map(|label| SelectOption::new(label, label)).collect(),
            ..ExportOptions::fixed()
        }
    }

    /// Reads what was sent.
    ///
    /// # Errors
    /// Says what is wrong with each field.
    pub(in crate::web) fn parse(
        &self,
        allowed: Allowed,
        fields: &Fields,
        timezone: &TimeZone,
    ) -> Result<Ask, Vec<InvalidField>> {
        let mut errors = vec![];
        let mut refuse =
            |field, code, message| errors.push(InvalidField::new(field, code, message));
        for field in FIELDS.into_iter().filter(|field| !ENDS.contains(field)) {
            if fields.is_repeated(field) || fields.is_faulty(field) {
                refuse(field, "not-once", "Choose this once, in plain characters");
            }
        }
        let sent = |field: &str| Some(fields.one(field).trim()).filter(|text| !text.is_empty());
        let purpose = self.purposes.iter().find(|(p, _)| p.as_str() == fields.one("purpose"));
        if purpose.is_none() {
            let code = if sent("purpose").is_none() { "required" } else { "unknown" };
            refuse("purpose", code, "Choose a purpose from the list");
        }
        let report =
            sent("report").map(|slug| self.reports.iter().find(|(s, _)| s.as_str() == slug));
        if report == Some(None) {
            refuse("report", "unknown", "There is no report of that name");
        }
        let policy = sent("policy").map(|label| self.policies.iter().find(|l| l.as_str() == label));
        if policy == Some(None) {
            refuse("policy", "unknown", "There is no policy version of that label");
        }
        let span = read_span(fields, timezone);
        if let Err(faults) = &span {
            errors.extend_from_slice(faults);
        }
        let mut refuse =
            |field, code, message| errors.push(InvalidField::new(field, code, message));
        let format = sent("format").unwrap_or("csv").parse().ok();
        let format = format.filter(|format| allowed.workbooks || *format != Format::Xlsx);
        if format.is_none() {
            let choose = if allowed.workbooks {
                "Choose CSV, Excel workbook or NDJSON"
            } else {
                "Choose csv or ndjson"
            };
            refuse("format", "unknown", choose);
        }
        let preset = sent("preset").map(|word| word.parse::<Preset>().ok());
        if preset == Some(None) {
            refuse("preset", "unknown", "Choose a tool from the list");
        }
        let links = sent("links");
        if links.is_some_and(|links| links != "yes") {
            refuse("links", "unknown", "Tick the box, or leave it");
        }
        if links.is_some() && !allowed.links {
            let ask = "Ask an admin for this file: such links let their holder act for others";
            refuse("links", "not-allowed", ask);
        }
        match (purpose, format, span) {
            (Some((purpose, _)), Some(format), Ok(span)) if errors.is_empty() => Ok(Ask {
                filter: ExportFilter {
                    purpose: purpose.clone(),
                    report: report.flatten().map(|(slug, _)| slug.clone()),
                    since: span.since,
                    until: span.until,
                    policy: policy.flatten().cloned(),
                },
                span,
                format,
                preset: preset.flatten(),
                links: links.is_some(),
            }),
            _ => Err(errors),
        }
    }
}

impl ExportOptions<'static> {
    pub(in crate::web) fn sample() -> Self {
        Self {
            purposes: vec![
                SelectOption::new("privacy-policy", "Privacy policy"),
                SelectOption::new("newsletter:weekly", "The weekly"),
            ],
            reports: vec![SelectOption::new("digital-councils", "Digital councils 2026")],
            policies: vec![SelectOption::new("2026-11", "2026-11")],
            ..Self::fixed()
        }
    }

    /// What does not depend on what is stored.
    fn fixed() -> Self {
        let format = |value, title, hint| Choice { value, title, hint: Some(hint) };
        Self {
            purposes: vec![],
            reports: vec![],
            policies: vec![],
            presets: Preset::ALL.map(|preset| SelectOption::new(preset.as_str(), preset.title())),
            formats: [
                format("csv", "CSV", "For spreadsheets and for most tools"),
                format("xlsx", "Excel workbook", "Every cell is text"),
                format("ndjson", "NDJSON", "One JSON object a line, for programs"),
            ],
        }
    }
}

/// What was sent, to show it again.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web) struct Sent<'a> {
    pub purpose: &'a str,
    pub report: &'a str,
    pub since: &'a str,
    pub until: &'a str,
    pub policy: &'a str,
    pub format: &'a str,
    pub preset: &'a str,
    pub links: &'a str,
}

impl<'a> Sent<'a> {
    pub(in crate::web) fn sample() -> Self {
        Self {
            purpose: "newsletter:weekly",
            report: "",
            since: "2026-11-01",
            until: "",
            policy: "",
            format: "csv",
            preset: "",
            links: "yes",
        }
    }

    pub(in crate::web) fn new(fields: &'a Fields) -> Self {
        let format = Some(fields.one("format")).filter(|format| !format.is_empty());
        Self {
            purpose: fields.one("purpose"),
            report: fields.one("report"),
            since: fields.one("since"),
            until: fields.one("until"),
            policy: fields.one("policy"),
            format: format.unwrap_or("csv"),
            preset: fields.one("preset"),
            links: fields.one("links"),
        }
    }
}

impl Ask {
    /// It as the fields of an address.
    pub(in crate::web) fn query(&self) -> String {
        let [since, until] = [self.span.typed_since(), self.span.typed_until()]
            .map(|at| at.map(|at| at.to_string()).unwrap_or_default());
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (field, value) in [
            ("purpose", self.filter.purpose.to_string()),
            ("report", self.filter.report.as_ref().map(ToString::to_string).unwrap_or_default()),
            ("since", since),
            ("until", until),
            ("policy", self.filter.policy.as_ref().map(ToString::to_string).unwrap_or_default()),
            ("format", self.format.as_str().to_owned()),
            ("preset", self.preset.map(Preset::as_str).unwrap_or_default().to_owned()),
            ("links", if self.links { "yes" } else { "" }.to_owned()),
        ] {
            if !value.is_empty() {
                query.append_pair(field, &value);
            }
        }
        query.finish()
    }
}

/// What may be done with the contacts of a purpose, in a sentence.
pub(in crate::web) fn allows(purpose: &Purpose) -> &'static str {
    if purpose.is_privacy_policy() {
        "These people let you hold and process their details as the privacy policy says. That is no leave to \
         write to them for marketing: for that, choose a newsletter or another marketing purpose."
    } else if purpose.is_own() {
        "These people agreed to exactly the words beside this purpose’s box, and to nothing else."
    } else {
        "These people asked for this newsletter. You may send it to them, each issue with its way to \
         unsubscribe, and nothing else."
    }
}
