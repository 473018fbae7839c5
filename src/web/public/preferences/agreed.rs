//! How consent was got, for whoever gave it (GDPR Art. 7(1)): the form as it stood, its words, the press, the receipt.

use std::collections::BTreeMap;

use assent_ledger::event_type::EventType;
use serde::Serialize;

use crate::domain::signup::submitted_form::BY_PRESS;
use crate::flows::contacts::disclose::{AgreedData, ConsentData, EventData, Names, PersonalData};

/// One consent, and what it rests on.
#[derive(Serialize)]
pub(super) struct AgreedRow<'a> {
    #[serde(flatten)]
    consent: &'a ConsentData,
    /// The newest event by which it was given.
    given: Option<&'a EventData>,
    /// The event that ended it, while it is over.
    ended: Option<&'a EventData>,
}

/// A row for each consent.
pub(super) fn rows(agreed: &AgreedData) -> Vec<AgreedRow<'_>> {
    agreed.consents.iter().map(|consent| row(consent, &agreed.events)).collect()
}

fn row<'a>(consent: &'a ConsentData, events: &'a [EventData]) -> AgreedRow<'a> {
    let of_it = || events.iter().rev().filter(|event| event.purpose == consent.purpose);
    AgreedRow {
        consent,
        given: of_it().find(|event| event.event_type.in_force()),
        // What was asked for since changed nothing.
        ended: of_it()
            .find(|event| event.event_type != EventType::Requested)
            .filter(|event| !event.event_type.in_force()),
    }
}

/// Each place at which something was chosen or sent, by what evidence calls it: as its reader knows it.
pub(super) fn places(data: &PersonalData) -> BTreeMap<&str, String> {
    let of_events = data.agreed.events.iter().filter_map(|event| event.how.source.as_deref());
    let of_signups = data.signups.iter().map(|signup| signup.source.as_str());
    let known = |source| Some((source, place(source, &data.names)?));
    of_events.chain(of_signups).filter_map(known).collect()
}

/// A page of ours in words; nothing for what says by itself where it is, such as the address of another site.
fn place(source: &str, names: &Names) -> Option<String> {
    let of_report = |slug: &str| {
        let title = names.reports.iter().find(|(known, _)| known.as_str() == slug);
        title.map_or_else(|| slug.to_owned(), |(_, title)| format!("“{title}”"))
    };
    let words = match source {
        "/" => "the front page",
        "/newsletters" => "the page of newsletters",
        "/embed/newsletters" => "the form for newsletters, in a frame",
        BY_PRESS => "the page of another report",
        "/confirm" => "the page behind the link in our message",
        "/check-your-inbox/code" => "the page for the code in our message",
        "/preferences" => "the page of your choices",
        "/unsubscribe" => "the page for leaving",
        "/renew" => "the page on which we asked you again",
        _ => {
            let (kind, slug) = source.strip_prefix('/')?.split_once('/')?;
            return match kind {
                "reports" => Some(format!("the page of {}", of_report(slug))),
                "embed" => Some(format!("the form for {}, in a frame", of_report(slug))),
                _ => None,
            };
        }
    };
    Some(words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_ours_are_called_as_readers_know_them() {
        let reports = [("digital".parse().unwrap(), "Digital councils".to_owned())];
        let names = Names { reports: reports.into(), ..Names::default() };
        for (source, words) in [
            ("/", Some("the front page")),
            ("/reports/digital", Some("the page of “Digital councils”")),
            ("/reports/gone", Some("the page of gone")),
            ("/embed/digital", Some("the form for “Digital councils”, in a frame")),
            ("/embed/newsletters", Some("the form for newsletters, in a frame")),
            ("https://press.example", None),
            ("/api/v1/signups", None),
            ("old-list.csv", None),
            ("", None),
        ] {
            assert_eq!(place(source, &names).as_deref(), words, "{source}");
        }
    }
}
