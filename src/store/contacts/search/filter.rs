//! What a search for people is narrowed by, and which of it can say by itself whom it leaves.

use assent_ledger::event_type::EventType;
use uuid::Uuid;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::search::Sought;
use crate::domain::key::{least_key, least_key_after};
use crate::domain::timestamp::Timestamp;

/// Whom to find: all that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubscriberFilter {
    /// Words they have.
    pub sought: Vec<Sought>,
    /// One consent of theirs.
    pub consent: ConsentFilter,
    /// Confirmed first at or after this moment.
    pub since: Option<Timestamp>,
    /// Confirmed first before this moment.
    pub until: Option<Timestamp>,
    /// Whether something suppresses all mail to them.
    pub suppressed: Option<bool>,
}

/// What must hold of one and the same consent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsentFilter {
    /// For what.
    pub purpose: Option<Purpose>,
    /// Where it stands.
    pub state: Option<EventType>,
    /// The report of the signup that consented.
    pub report_id: Option<Uuid>,
    /// The policy it rests on.
    pub policy_version_id: Option<Uuid>,
}

/// What narrows a search and can say by itself whom it leaves. Each is read from one index, and all but a
/// beginning and suppression newest first.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source<'a> {
    /// A word that begins like this.
    Beginning(&'a str),
    Domain(&'a str),
    Report(Uuid),
    State(&'a Purpose, EventType),
    Policy(Uuid),
    Purpose(&'a Purpose),
    Suppressed,
    /// Everybody between `since` and `until`.
    Everybody,
}

impl Source<'_> {
    pub(super) fn is_ordered(self) -> bool {
        !matches!(self, Self::Beginning(_) | Self::Suppressed | Self::Purpose(_))
    }

    /// Whether it names everybody once.
    fn is_distinct(self) -> bool {
        matches!(self, Self::Domain(_) | Self::State(..) | Self::Purpose(_) | Self::Everybody)
    }
}

impl SubscriberFilter {
    /// The best order to walk in first.
    pub(super) fn sources(&self) -> Vec<Source<'_>> {
        let mut sources: Vec<Source<'_>> = self
            .sought
            .iter()
            .map(|sought| match sought {
                Sought::Beginning(word) => Source::Beginning(word),
                Sought::Domain(domain) => Source::Domain(domain),
            })
            .collect();
        let consent = &self.consent;
        sources.extend(consent.report_id.map(Source::Report));
        match (&consent.purpose, consent.state) {
            (Some(purpose), Some(state)) => sources.push(Source::State(purpose, state)),
            (Some(purpose), None) => sources.push(Source::Purpose(purpose)),
            (None, _) => {}
        }
        sources.extend(consent.policy_version_id.map(Source::Policy));
        if self.suppressed == Some(true) {
            sources.push(Source::Suppressed);
        }
        let bounded = self.since.is_some() || self.until.is_some();
        if bounded || !sources.iter().any(|source| source.is_ordered()) {
            sources.push(Source::Everybody);
        }
        sources
    }

    /// Whether the one condition that there is counts whoever is found, or there is none.
    pub(super) fn is_counted(&self) -> bool {
        let bounded = self.since.is_some() || self.until.is_some();
        let stateless = self.consent.purpose.is_some() || self.consent.state.is_none();
        let mut conditions = self.sources();
        conditions.retain(|source| bounded || !matches!(source, Source::Everybody));
        let counted = match conditions[..] {
            [] => true,
            [one] => one.is_distinct(),
            _ => false,
        };
        counted && stateless && self.suppressed != Some(false)
    }

    /// Between which keys they are, which tell whole milliseconds.
    pub(super) fn bounds(&self) -> (Option<Uuid>, Option<Uuid>) {
        (self.since.map(least_key), self.until.map(least_key_after))
    }
}
