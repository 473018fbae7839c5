//! What the program does by itself in the background, by name: the names stand in rows, in the log and at `/readyz`.

use strum::{EnumString, IntoStaticStr, VariantArray};

/// One of these tasks.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumString, IntoStaticStr, VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum BackgroundTask {
    /// Hands waiting mail to the relay.
    DeliverMail,
    /// Tells other programs what happened.
    DeliverWebhooks,
    /// Asks name servers about the domains that people typed.
    LookUpDomains,
    /// Turns wishes for lost links into mail.
    AnswerLinkRequests,
    /// Tells of changed policies, asks again, and ends what ran out.
    WorkPolicies,
    /// Makes the exports that take too long for a browser.
    MakeExports,
    /// Draws the first page of reports as their covers.
    DrawReports,
    /// Gives what was recorded its place in the ledger.
    SealLedger,
    /// Checks the whole ledger.
    VerifyLedger,
    /// Decides the daily mail with the newest checkpoint.
    MailCheckpoint,
    /// Has witnesses sign the newest head.
    AskWitnesses,
    /// Has the newest head of the day stamped with the time.
    StampHead,
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
    /// Deletes what webhooks told, and what was answered, past its time.
    ForgetWebhooks,
    /// Deletes complaints and requests past their time.
    ForgetRequests,
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
    /// Keeps this machine's clock by the database's, and watches how far it is off.
    WatchClock,
}

impl BackgroundTask {
    /// All of them: what people wait for first, what watches the others last.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether only a process that works does it; the others go on in every process, or where pages alone are served.
    #[must_use]
    pub fn is_of_worker(self) -> bool {
        !matches!(
            self,
            Self::ExchangeOutside | Self::WatchSealing | Self::WatchStanding | Self::WatchClock
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_name_and_in_its_order() {
        assert!(BackgroundTask::ALL.is_sorted());
        for task in BackgroundTask::ALL {
            assert_eq!(task.as_str().parse(), Ok(*task));
        }
        assert_eq!(BackgroundTask::SealLedger.as_str(), "seal-ledger");
        assert!("seal".parse::<BackgroundTask>().is_err());
    }
}
