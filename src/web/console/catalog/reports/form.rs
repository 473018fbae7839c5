//! The form of what can be edited of a report: what it shows, and what it says.

use std::sync::LazyLock;

use serde::Serialize;

use crate::domain::catalog::markdown::demand_own_images;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::catalog::report_details::ReportDetails;
use crate::domain::catalog::return_address::ReturnAddress;
use crate::domain::slug::Slug;
use crate::domain::text::Line;
use crate::store::Tx;
use crate::store::catalog::newsletters::Newsletter;
use crate::store::catalog::purposes::OwnPurpose;
use crate::store::catalog::{newsletters, purposes};
use crate::web::App;
use crate::web::choice::Choice;
use crate::web::console::catalog::reports::rule_fields::{self, RuleValues};
use crate::web::console::form::{Faults, fault, line, needed, once};
use crate::web::http::fields::Fields;

/// The longest text of a page, in bytes.
const LONGEST_BODY: usize = 64 * 1024;
const PAGES: std::ops::Range<i64> = 1..100_000;
const REQUIRED: [(&str, &str); 3] =
    [("name", "Name"), ("organisation", "Organisation"), ("job_title", "Job title")];

/// What there is to choose from: the boxes that forms can offer besides the report, and the sites whose pages can be
/// linked.
pub(super) struct Boxes {
    newsletters: Vec<Newsletter>,
    purposes: Vec<OwnPurpose>,
    sites: Vec<String>,
    knows_disposable: bool,
    /// The page that is linked already, which may stay.
    pub linked: Option<ReturnAddress>,
}

impl Boxes {
    pub(super) async fn find(app: &App, tx: &mut Tx) -> sqlx::Result<Self> {
        let newsletters = newsletters::list(tx).await?;
        let purposes = purposes::list(tx).await?;
        let sites = app.embed_origins.clone();
        let knows_disposable = app.catalog.knows_disposable();
        Ok(Self { newsletters, purposes, sites, knows_disposable, linked: None })
    }

    /// What a box of this field is called.
    pub(super) fn title<'a>(&'a self, field: &str, value: &'a str) -> &'a str {
        let title = match field {
            "required" => {
                REQUIRED.iter().find(|(known, _)| *known == value).map(|(_, title)| *title)
            }
            "newsletter" => {
                let mut all = self.newsletters.iter();
                all.find(|known| known.slug.as_str() == value).map(|known| known.name.as_str())
            }
            _ => {
                let mut all = self.purposes.iter();
                all.find(|own| own.code.as_str() == value).map(|own| own.name.as_str())
            }
        };
        title.unwrap_or(value)
    }
}

/// What the fields of a form hold: from what stands in the database, or as they were typed.
#[derive(Default, Serialize)]
pub(super) struct Values {
    pub slug: String,
    title: String,
    summary: String,
    body: String,
    pages: String,
    return_to: String,
    required: Vec<String>,
    newsletters: Vec<String>,
    purposes: Vec<String>,
    #[serde(flatten)]
    rules: RuleValues,
}

impl Values {
    pub(super) fn from_details(details: &ReportDetails) -> Self {
        let required = [
            ("name", details.requires_name),
            ("organisation", details.requires_organisation),
            ("job_title", details.requires_job_title),
        ];
        Self {
            slug: String::new(),
            title: details.title.clone(),
            summary: details.summary.clone(),
            body: details.body.clone(),
            pages: details.pages.map(|pages| pages.to_string()).unwrap_or_default(),
            return_to: details.return_to.as_ref().map(ToString::to_string).unwrap_or_default(),
            required: required.iter().filter(|(_, is)| *is).map(|(n, _)| (*n).to_owned()).collect(),
            newsletters: details.newsletters.iter().map(ToString::to_string).collect(),
            purposes: details.purposes.iter().map(ToString::to_string).collect(),
            rules: RuleValues::from_rules(&details.address_rules),
        }
    }

    pub(super) fn typed(fields: &Fields) -> Self {
        let all = |name| fields.all(name).into_iter().map(ToOwned::to_owned).collect();
        Self {
            slug: fields.one("slug").to_owned(),
            title: fields.one("title").to_owned(),
            summary: fields.one("summary").to_owned(),
            body: fields.text("body").to_owned(),
            pages: fields.one("pages").to_owned(),
            return_to: fields.one("return_to").to_owned(),
            required: all("required"),
            newsletters: all("newsletter"),
            purposes: all("purpose"),
            rules: RuleValues::typed(fields),
        }
    }

    /// As the page shows it. Boxes that are offered come first, in the order in which readers see them.
    pub(super) fn shown(self, boxes: &Boxes, seen: String) -> ReportForm<'_> {
        let newsletters = boxes.newsletters.iter().map(|newsletter| {
            let about = if newsletter.is_offered() {
                Some(newsletter.description.as_str()).filter(|about| !about.is_empty())
            } else {
                Some("Archived: no form shows it until it is offered again.")
            };
            (newsletter.slug.as_str(), newsletter.name.as_str(), about)
        });
        let purposes = boxes
            .purposes
            .iter()
            .map(|own| (own.code.as_str(), own.name.as_str(), Some(own.words.as_str())));
        ReportForm {
            seen,
            required_options: required_options(),
            newsletter_options: options(newsletters, &self.newsletters),
            purpose_options: options(purposes, &self.purposes),
            answer_options: rule_fields::answers(),
            rule_options: rule_fields::answers_or_none(),
            knows_disposable: boxes.knows_disposable,
            sites: &boxes.sites,
            values: self,
        }
    }
}

/// The form, as pages show it.
#[derive(Serialize)]
pub(super) struct ReportForm<'a> {
    #[serde(flatten)]
    values: Values,
    /// What it was filled from; empty of a new report.
    seen: String,
    required_options: Vec<Choice<'a>>,
    newsletter_options: Vec<Choice<'a>>,
    purpose_options: Vec<Choice<'a>>,
    /// What can be done about addresses at some domains; and the same, or nothing.
    answer_options: [Choice<'a>; 2],
    rule_options: [Choice<'a>; 3],
    /// Whether a file names domains of addresses that are thrown away.
    knows_disposable: bool,
    /// The sites whose pages can be linked.
    sites: &'a [String],
}

impl ReportForm<'_> {
    /// One that is filled in, and one of a new report where nothing else is on offer.
    pub(super) fn samples() -> [Self; 2] {
        let text = ToOwned::to_owned;
        let values = Values {
            slug: text(""),
            title: text("Digital councils"),
            summary: text("What 75 councils say."),
            body: text("## Inside\n\nA survey."),
            pages: text("24"),
            return_to: text("https://www.example.org/thanks"),
            required: vec![text("name")],
            newsletters: vec![text("weekly")],
            purposes: vec![text("partner-offers")],
            rules: RuleValues::sample(),
        };
        let choice = |value, title, hint| Choice { value, title, hint };
        let filled = Self {
            values,
            seen: text("title=0123456789abcdef"),
            required_options: required_options(),
            newsletter_options: vec![
                choice("weekly", "The weekly", Some("News every Thursday")),
                choice("daily", "The daily", None),
            ],
            purpose_options: vec![choice(
                "partner-offers",
                "Offers of partners",
                Some("Partners may email me."),
            )],
            answer_options: rule_fields::answers(),
            rule_options: rule_fields::answers_or_none(),
            knows_disposable: true,
            sites: SAMPLE_SITES.as_slice(),
        };
        let blank = Self {
            values: Values::default(),
            seen: String::new(),
            required_options: required_options(),
            newsletter_options: vec![],
            purpose_options: vec![],
            answer_options: rule_fields::answers(),
            rule_options: rule_fields::answers_or_none(),
            knows_disposable: false,
            sites: &[],
        };
        [filled, blank]
    }
}

static SAMPLE_SITES: LazyLock<[String; 1]> =
    LazyLock::new(|| ["https://www.example.org".to_owned()]);

fn required_options() -> Vec<Choice<'static>> {
    let option = |(value, title)| Choice { value, title, hint: None };
    REQUIRED.map(option).to_vec()
}

fn options<'a>(
    all: impl Iterator<Item = (&'a str, &'a str, Option<&'a str>)>,
    chosen: &[String],
) -> Vec<Choice<'a>> {
    let mut all: Vec<_> = all.collect();
    let place = |value: &str| chosen.iter().position(|c| c == value).unwrap_or(chosen.len());
    all.sort_by_key(|(value, ..)| place(value));
    let option = |(value, title, hint)| Choice { value, title, hint };
    all.into_iter().map(option).collect()
}

/// Reads the form.
pub(super) fn parse(fields: &Fields, boxes: &Boxes) -> Result<ReportDetails, Faults> {
    let mut faults = Faults::new();
    once(fields, &["slug", "body", "pages"], &mut faults);
    let title = needed(fields, "title", "Enter a title", &mut faults);
    let summary = line(fields, "summary", &mut faults);
    let body = fields.text("body").trim_end();
    if body.len() > LONGEST_BODY {
        faults.push(fault("body", "Shorten the text: a page has at most 64 kB"));
    }
    if let Err(foreign) = demand_own_images(body) {
        faults.push(fault("body", foreign));
    }
    let pages = pages(fields.one("pages").trim());
    if pages.is_err() {
        faults.push(fault("pages", "Enter a whole number of pages, or leave the field empty"));
    }
    let return_to = return_to(fields, boxes, &mut faults);
    let address_rules = rule_fields::parse(fields, &mut faults);
    let required = fields.all("required");
    if !required.iter().all(|name| REQUIRED.iter().any(|(known, _)| known == name)) {
        faults.push(fault("required", "Choose from the fields shown here"));
    }
    let newsletters = chosen::<Slug>(&fields.all("newsletter"), |slug| {
        boxes.newsletters.iter().any(|newsletter| newsletter.slug == *slug)
    });
    if newsletters.is_none() {
        faults.push(fault("newsletter", "Choose from the newsletters shown here"));
    }
    let purposes = chosen::<Purpose>(&fields.all("purpose"), |code| {
        boxes.purposes.iter().any(|own| own.code == *code)
    });
    if purposes.is_none() {
        faults.push(fault("purpose", "Choose from the purposes shown here"));
    }
    match (title, pages, newsletters, purposes) {
        (Some(title), Ok(pages), Some(newsletters), Some(purposes)) if faults.is_empty() => {
            Ok(ReportDetails {
                title: title.into_string(),
                summary: summary.map(Line::into_string).unwrap_or_default(),
                body: body.to_owned(),
                pages,
                requires_name: required.contains(&"name"),
                requires_organisation: required.contains(&"organisation"),
                requires_job_title: required.contains(&"job_title"),
                return_to,
                address_rules,
                newsletters,
                purposes,
            })
        }
        _ => Err(faults),
    }
}

/// Where readers can go on; finds fault with a page that could not be linked.
fn return_to(fields: &Fields, boxes: &Boxes, faults: &mut Faults) -> Option<ReturnAddress> {
    let before = faults.len();
    once(fields, &["return_to"], faults);
    let typed = fields.one("return_to").trim();
    if typed.is_empty() || faults.len() > before {
        return None;
    }
    let address: ReturnAddress = match typed.parse() {
        Ok(address) if !fields.is_faulty("return_to") => address,
        _ => {
            let words = "Enter the whole address of a page, such as https://www.example.org/thanks";
            faults.push(fault("return_to", words));
            return None;
        }
    };
    if address.is_of(&boxes.sites) || boxes.linked.as_ref() == Some(&address) {
        return Some(address);
    }
    let origin = address.origin();
    let words = match boxes.sites.as_slice() {
        [] => format!(
            "No page can be linked while embed_origins is not set: {origin} would have to be in it"
        ),
        sites => format!("Enter a page of {}: {origin} is not in embed_origins", sites.join(", ")),
    };
    faults.push(fault("return_to", words));
    None
}

fn pages(text: &str) -> Result<Option<i64>, ()> {
    match text {
        "" => Ok(None),
        text => match text.parse() {
            Ok(pages) if PAGES.contains(&pages) => Ok(Some(pages)),
            _ => Err(()),
        },
    }
}

/// What was ticked, each once; `None` when something is not on offer.
fn chosen<T: std::str::FromStr + PartialEq>(
    ticked: &[&str],
    is_known: impl Fn(&T) -> bool,
) -> Option<Vec<T>> {
    let mut chosen = Vec::with_capacity(ticked.len());
    for value in ticked {
        let value = value.parse().ok().filter(&is_known)?;
        if !chosen.contains(&value) {
            chosen.push(value);
        }
    }
    Some(chosen)
}
