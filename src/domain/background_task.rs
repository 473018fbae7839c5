//! What the program does by itself in the background, by name: the names stand in rows, in the log and at `/readyz`.

/// One of these tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BackgroundTask {
    /// Hands waiting mail to the relay.
    DeliverMail,
    /// Turns wishes for lost links into mail.
    AnswerLinkRequests,
    /// Tells of changed policies, asks again, and ends what ran out.
    WorkPolicies,
    /// Makes the exports that take too long for a browser.
    MakeExports,
    /// Gives what was recorded its place in the ledger.
    SealLedger,
    /// Checks the whole ledger.
    VerifyLedger,
    /// Decides the daily mail with the newest head.
    TellWitness,
    /// Exchanges endings and heads with the file store.
    ExchangeOutside,
    /// Ends again what the database does not know to have ended.
    ReplayEndings,
    /// Deletes signups that nobody confirmed.
    ForgetSignups,
    /// Deletes evidence past its time.
    ForgetPeople,
    /// Deletes files of exports past their time.
    ForgetExports,
    /// Deletes what is left of uploads that broke off.
    ForgetUploads,
    /// Empties the database's log of what was erased.
    EmptyLog,
    /// Watches whether people confirm what was asked for in their name.
    WatchConfirmations,
    /// Watches whether mail is refused in numbers.
    WatchRefusals,
    /// Watches whether the relay is back.
    WatchRelay,
    /// Watches whether the ledger is sealed.
    WatchSealing,
    /// Watches whether the database is the newest, where nobody seals.
    WatchStanding,
}

impl BackgroundTask {
    /// All of them: what people wait for first, what watches the others last.
    pub const ALL: [Self; 19] = [
        Self::DeliverMail,
        Self::AnswerLinkRequests,
        Self::WorkPolicies,
        Self::MakeExports,
        Self::SealLedger,
        Self::VerifyLedger,
        Self::TellWitness,
        Self::ExchangeOutside,
        Self::ReplayEndings,
        Self::ForgetSignups,
        Self::ForgetPeople,
        Self::ForgetExports,
        Self::ForgetUploads,
        Self::EmptyLog,
        Self::WatchConfirmations,
        Self::WatchRefusals,
        Self::WatchRelay,
        Self::WatchSealing,
        Self::WatchStanding,
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DeliverMail => "deliver-mail",
            Self::AnswerLinkRequests => "answer-link-requests",
            Self::WorkPolicies => "work-policies",
            Self::MakeExports => "make-exports",
            Self::SealLedger => "seal-ledger",
            Self::VerifyLedger => "verify-ledger",
            Self::TellWitness => "tell-witness",
            Self::ExchangeOutside => "exchange-outside",
            Self::ReplayEndings => "replay-endings",
            Self::ForgetSignups => "forget-signups",
            Self::ForgetPeople => "forget-people",
            Self::ForgetExports => "forget-exports",
            Self::ForgetUploads => "forget-uploads",
            Self::EmptyLog => "empty-log",
            Self::WatchConfirmations => "watch-confirmations",
            Self::WatchRefusals => "watch-refusals",
            Self::WatchRelay => "watch-relay",
            Self::WatchSealing => "watch-sealing",
            Self::WatchStanding => "watch-standing",
        }
    }

    /// The task of this name; none where only another version knows it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.as_str() == name)
    }

    /// Whether only a process that works does it; the others go on in every process, or where pages alone are served.
    #[must_use]
    pub fn is_of_worker(self) -> bool {
        !matches!(self, Self::ExchangeOutside | Self::WatchSealing | Self::WatchStanding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_name_and_in_its_order() {
        let all = BackgroundTask::ALL;
        assert!(all.is_sorted());
        assert_eq!(all.map(|task| BackgroundTask::named(task.as_str())), all.map(Some));
        assert_eq!(BackgroundTask::named("seal"), None);
    }
}
