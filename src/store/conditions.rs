//! Conditions that stand in several statements, as pieces of texts that `concat!` puts together. Who may be written to is
//! [`in_force`], and neither [`suppresses`] nor [`renewal_missed`].

/// Whether a consent stands, by the column of its state: it was given and has not ended. Of an event's type it says
/// whether it gave a consent.
macro_rules! in_force {
    ($state:literal) => {
        concat!($state, " IN ('given', 'renewed')")
    };
}
pub(crate) use in_force;

/// Whether what happened, named by its column, ends a consent.
macro_rules! ends_consent {
    ($event_type:literal) => {
        concat!($event_type, " IN ('withdrawn', 'expired', 'erased')")
    };
}
pub(crate) use ends_consent;

/// Whether `$asks`, a row of `policy_version`, asked those who agreed under the row `$under` to agree anew until a
/// moment that is over.
macro_rules! renewal_missed {
    ($asks:literal, $under:literal, $now:literal) => {
        concat!(
            $asks,
            ".lang = ",
            $under,
            ".lang AND ",
            $asks,
            ".change_class = 'reconsent' AND ",
            $asks,
            ".renew_until <= ",
            $now,
            " AND ",
            $asks,
            ".published_at > ",
            $under,
            ".published_at"
        )
    };
}
pub(crate) use renewal_missed;

/// Whether a reason, named by its column, keeps an address from everything: whoever was erased may still ask
/// for a confirmation.
macro_rules! suppresses_all {
    ($reason:expr) => {
        concat!($reason, " IN ('bounced', 'complained', 'erased', 'manual')")
    };
}
pub(crate) use suppresses_all;

/// Whether a row of `suppression` keeps an address from what somebody agreed to: from everything, or because they left
/// that one purpose, which is compared as `$which` says.
macro_rules! suppresses {
    ($row:literal, $which:literal) => {
        concat!(
            "(",
            $crate::store::suppresses_all!(concat!($row, ".reason")),
            " OR (",
            $row,
            ".reason = 'unsubscribed' AND ",
            $row,
            ".purpose ",
            $which,
            "))"
        )
    };
}
pub(crate) use suppresses;

/// Whether a reason, named by its column, forbids mail of a kind: a confirmation is mailed after an erasure
/// too, but not where somebody else entered the address. What answers a complaint or a request is owed to whoever sent it
/// (Data Protection Act 2018 s. 164A, UK GDPR Art. 12(3)): it is kept from those alone who cannot be reached, and where
/// staff stopped all mail. Whether one is mailed where mail came back for good is not
/// said here: statements have that beside this.
macro_rules! forbids_kind {
    ($reason:literal, $kind:literal) => {
        concat!(
            "(",
            $reason,
            " = 'manual' OR (",
            $reason,
            " = 'complained' AND ",
            $kind,
            " NOT IN ('request_received', 'request_letter')) OR ",
            $reason,
            " = CASE WHEN ",
            $kind,
            " = 'confirm' THEN 'not-me' WHEN ",
            $kind,
            " IN ('request_received', 'request_letter') THEN 'manual' ELSE 'erased' END OR (",
            $reason,
            " = 'bounced' AND ",
            $kind,
            " <> 'confirm'))"
        )
    };
}
pub(crate) use forbids_kind;
