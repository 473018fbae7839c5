//! What the page of a download shows, and of what was agreed to.

use serde::Serialize;

use super::others::OtherReports;
use crate::domain::timestamp::Timestamp;
use crate::store::consent::consents::CurrentConsent;
use crate::templates::page::Page;
use crate::web::public::form_parts::on_record;
use crate::web::public::return_link::ReturnLink;
use crate::web::public::unconfirmed_form::MASKED_SAMPLE;

/// `public/download.html`.
#[derive(Serialize)]
pub(in crate::web) struct DownloadPage<'a> {
    pub(super) token: &'a str,
    pub(super) report: GrantedReport<'a>,
    pub(super) address: String,
    pub(super) until: Timestamp,
    pub(super) agreed: AgreedWords<'a>,
    /// Whether the report was asked for, and nothing besides.
    pub(super) alone: bool,
    /// Where its owner can go on.
    pub(super) return_to: Option<ReturnLink<'a>>,
    /// What else there is.
    pub(super) others: OtherReports<'a>,
    /// Where its owner changes their choices; none in another browser than the one that just confirmed.
    pub(super) manage_url: Option<String>,
}

/// The report.
#[derive(Clone, Serialize)]
pub(super) struct GrantedReport<'a> {
    pub(super) title: &'a str,
    pub(super) slug: &'a str,
    pub(super) format: &'static str,
    pub(super) size: String,
    /// Where its cover is had.
    pub(super) cover: Option<String>,
}

/// What a page that thanks names of consents: those in force, besides the privacy policy, in the words that each rests
/// on. Names are today's and so not shown: the words hold the name as it was agreed to.
#[derive(Clone, Default, Serialize)]
pub(in crate::web) struct AgreedWords<'a> {
    newsletters: Vec<&'a str>,
    others: Vec<&'a str>,
}

impl<'a> AgreedWords<'a> {
    pub(in crate::web) fn from_consents(
        standing: impl IntoIterator<Item = &'a CurrentConsent>,
    ) -> Self {
        let mut agreed = Self::default();
        for standing in standing {
            if !standing.state.in_force() || standing.purpose.is_privacy_policy() {
                continue;
            }
            // No words were agreed to here, nor kept from where they were.
            if on_record(standing).is_some() {
                continue;
            }
            let own = standing.purpose.is_own();
            let list = if own { &mut agreed.others } else { &mut agreed.newsletters };
            list.push(standing.words.as_str());
        }
        agreed
    }

    pub(in crate::web) fn sample() -> Self {
        Self {
            newsletters: vec!["Send me the weekly.", "Send me the monthly."],
            others: vec!["Send me offers."],
        }
    }
}

impl Page for DownloadPage<'_> {
    const TEMPLATE: &'static str = "public/download.html";

    fn samples() -> Vec<Self> {
        let report = GrantedReport {
            title: "Digital councils",
            slug: "digital-councils",
            format: "PDF",
            size: "1.2 MB".to_owned(),
            cover: None,
        };
        let elsewhere = |alone| Self {
            token: "TOKEN",
            report: report.clone(),
            address: MASKED_SAMPLE.to_owned(),
            until: Timestamp::SAMPLE,
            agreed: AgreedWords::default(),
            alone,
            return_to: None,
            others: OtherReports::default(),
            manage_url: None,
        };
        let cover = Some("/reports/digital-councils/cover".to_owned());
        let just_confirmed = Self {
            report: GrantedReport { cover, ..report.clone() },
            agreed: AgreedWords::sample(),
            return_to: Some(ReturnLink::sample()),
            others: OtherReports::sample(true),
            manage_url: Some("/preferences/TOKEN".to_owned()),
            ..elsewhere(false)
        };
        let changed = Self { others: OtherReports::sample(false), ..elsewhere(false) };
        vec![just_confirmed, changed, elsewhere(true)]
    }
}
