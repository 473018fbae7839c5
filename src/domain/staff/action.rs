//! What the audit can say that somebody did: the one table that what is written down and what is shown go by.

macro_rules! actions {
    ($($action:ident: $name:literal, $words:literal, $about:literal;)*) => {
        /// One thing that somebody did, or that was refused to them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Action {
            $(#[doc = $words] $action,)*
        }

        impl Action {
            /// All of them, in the order of their names.
            const ALL: &'static [Self] = &[$(Self::$action),*];

            /// Its name in the database, in addresses and in files.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$action => $name,)*
                }
            }

            /// It in words, which follow whoever did it.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self {
                    $(Self::$action => $words,)*
                }
            }

            /// The field of its detail that names what it was done to; those words end with it.
            #[must_use]
            pub fn about(self) -> Option<&'static str> {
                let about = match self {
                    $(Self::$action => $about,)*
                };
                Some(about).filter(|about| !about.is_empty())
            }
        }
    };
}

// Its name, its words, and the field that names what it was done to, if one does.
actions! {
    AccountEndSession: "account.end-session", "ended other sessions of their own", "";
    AccountRecoveryCodes: "account.recovery-codes", "made new recovery codes", "";
    AccountTwoFactorOff: "account.two-factor-off", "turned their own two-factor off", "";
    AccountTwoFactorOn: "account.two-factor-on", "turned their own two-factor on", "";
    AuditExport: "audit.export", "took the audit away as a file", "format";
    Erase: "erase", "erased a person", "";
    Export: "export", "exported contacts for", "purpose";
    ExportBegin: "export.begin", "began an export for", "purpose";
    ExportBroken: "export.broken", "could not finish an export", "";
    ExportExpired: "export.expired", "let the file of an export go", "";
    ExportFile: "export.file", "fetched the file of an export", "";
    ExportWithdrawn: "export.withdrawn", "took away who left since an export", "";
    Import: "import", "imported contacts for", "purpose";
    ImportStart: "import.start", "began to import contacts for", "purpose";
    ImportSuppress: "import.suppress", "brought along whom not to mail from", "source";
    ImportSuppressStart: "import.suppress.start", "began to bring along whom not to mail from", "source";
    LedgerBundle: "ledger.bundle", "wrote the ledger for outsiders", "";
    LedgerReceipt: "ledger.receipt", "took away the receipt", "receipt_id";
    LedgerResume: "ledger.resume", "went on with the ledger after a loss, as", "epoch";
    LedgerVerify: "ledger.verify", "checked the ledger", "";
    LedgerVerifyStart: "ledger.verify.start", "asked for a check of the ledger", "";
    MailResume: "mail.resume", "let mail leave again", "";
    MailRetry: "mail.retry", "sent a parked mail again", "";
    MailRetryAll: "mail.retry_all", "sent all mail again that was parked for", "reason";
    NewsletterAdd: "newsletter.add", "added the newsletter", "slug";
    NewsletterEdit: "newsletter.edit", "edited the newsletter", "slug";
    NewsletterOffer: "newsletter.offer", "began to offer the newsletter", "slug";
    NewsletterWithdraw: "newsletter.withdraw", "stopped offering the newsletter", "slug";
    PolicyPublish: "policy.publish", "published the privacy policy", "label";
    PurposeAdd: "purpose.add", "added the purpose", "purpose";
    PurposeEdit: "purpose.edit", "edited the purpose", "purpose";
    PurposeOffer: "purpose.offer", "began to offer the purpose", "purpose";
    PurposeStopOffering: "purpose.stop_offering", "stopped offering the purpose", "purpose";
    Refused: "refused", "was refused", "route";
    ReportAdd: "report.add", "added the report", "slug";
    ReportCover: "report.cover", "replaced the cover of the report", "slug";
    ReportDelete: "report.delete", "deleted the draft", "slug";
    ReportEdit: "report.edit", "edited the report", "slug";
    ReportFile: "report.file", "replaced the file of the report", "slug";
    ReportPublish: "report.publish", "published the report", "slug";
    ReportWithdraw: "report.withdraw", "withdrew the report", "slug";
    RequestAdd: "request.add", "entered the request", "reference";
    RequestClose: "request.close", "closed the request", "reference";
    RequestForget: "request.forget", "deleted requests past their time", "";
    RequestLetter: "request.letter", "wrote about the request", "reference";
    RequestReceive: "request.receive", "sent the complaint", "reference";
    RequestResume: "request.resume", "had proof of identity for the request", "reference";
    Restore: "restore", "put a back-up back", "";
    SignIn: "sign-in", "signed in", "";
    SignInRecoveryCode: "sign-in.recovery-code", "signed in by a recovery code", "";
    SignInRefused: "sign-in.refused", "could not sign in", "";
    SignOut: "sign-out", "signed out", "";
    StaffAdd: "staff.add", "added an account with the role", "role";
    StaffCancel: "staff.cancel", "took an invitation back", "";
    StaffDisable: "staff.disable", "disabled an account", "";
    StaffEnable: "staff.enable", "enabled an account", "";
    StaffInvite: "staff.invite", "invited somebody with the role", "role";
    StaffInviteAgain: "staff.invite-again", "sent an invitation again", "";
    StaffPassword: "staff.password", "set the password of an account", "";
    StaffRequireTwoFactor: "staff.require-two-factor", "changed what is required of the role", "role";
    StaffReset: "staff.reset", "sent a link to a new password", "";
    StaffRole: "staff.role", "changed the role of an account", "";
    StaffTwoFactorOff: "staff.two-factor-off", "turned the two-factor of an account off", "";
    SubscriberConsents: "subscriber.consents", "read what a person agreed to", "";
    SubscriberData: "subscriber.data", "took away all that is held of a person", "";
    SubscriberList: "subscriber.list", "read a list of people", "";
    SubscriberRead: "subscriber.read", "read whether a person may be written to", "";
    SubscriberWithdraw: "subscriber.withdraw", "recorded that somebody left", "";
    SuppressionAdd: "suppression.add", "suppressed an address", "";
    SuppressionLift: "suppression.lift", "lifted a suppression", "";
    TokenAdd: "token.add", "made a token", "";
    TokenRevoke: "token.revoke", "revoked a token", "";
    WebhookAdd: "webhook.add", "added a webhook", "";
    WebhookDelete: "webhook.delete", "deleted a webhook", "";
    WebhookOff: "webhook.off", "switched a webhook off", "";
    WebhookOn: "webhook.on", "switched a webhook on", "";
    WebhookReplay: "webhook.replay", "sent an event to a webhook again", "";
    WebhookReplayAll: "webhook.replay-all", "sent all undelivered events to a webhook again", "";
    WebhookRotate: "webhook.rotate", "replaced the secret of a webhook", "";
    WebhookTest: "webhook.test", "tried a webhook out", "";
    Withdrawals: "withdrawals", "took away who left", "";
}

impl Action {
    /// The action of that name; none of one that only an older or a newer program wrote.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_there_once_and_in_order() {
        assert!(Action::ALL.is_sorted_by(|one, other| one.as_str() < other.as_str()));
        assert_eq!(Action::named("purpose.stop_offering"), Some(Action::PurposeStopOffering));
        assert_eq!(Action::named("from.tomorrow"), None);
    }
}
