//! What happened to somebody's consent.

use serde::Serialize;

/// The kind of one fact in the append-only ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "sqlx",
    derive(sqlx::Type),
    sqlx(type_name = "text", rename_all = "snake_case")
)]
pub enum EventType {
    /// A box was ticked and the form sent. Not consent yet: nothing but the confirmation mail follows.
    Requested,
    /// Confirmed by the owner of the mailbox.
    Given,
    /// Taken back (GDPR Art. 7(3)).
    Withdrawn,
    /// Confirmed again while it was in force.
    Renewed,
    /// Lapsed, for it was not renewed in time.
    Expired,
    /// The person was erased (GDPR Art. 17); the leaf stays.
    Erased,
}

impl EventType {
    /// The word in leaves, exports and the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Given => "given",
            Self::Withdrawn => "withdrawn",
            Self::Renewed => "renewed",
            Self::Expired => "expired",
            Self::Erased => "erased",
        }
    }

    /// The type of that word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        let all = [
            Self::Requested,
            Self::Given,
            Self::Withdrawn,
            Self::Renewed,
            Self::Expired,
            Self::Erased,
        ];
        all.into_iter().find(|event_type| event_type.as_str() == word)
    }

    /// Whether a consent in this state is in force.
    #[must_use]
    pub fn in_force(self) -> bool {
        matches!(self, Self::Given | Self::Renewed)
    }

    /// The present state after these facts about one subscriber and purpose, in their order: that of
    /// the last one, and none after an erasure. Asking is not consent and changes nothing.
    #[must_use]
    pub fn fold(facts: impl IntoIterator<Item = Self>) -> Option<Self> {
        facts.into_iter().fold(None, |state, fact| match fact {
            Self::Requested => state,
            Self::Erased => None,
            fact => Some(fact),
        })
    }

    /// The confirming fact that follows from the present state: renewed while consent is in force,
    /// given else.
    #[must_use]
    pub fn confirming(state: Option<Self>) -> Self {
        match state {
            Some(Self::Given | Self::Renewed) => Self::Renewed,
            _ => Self::Given,
        }
    }
}
