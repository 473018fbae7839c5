//! What an account at the console may do: the one table that routes, pages and tests read.

use std::collections::BTreeMap;

use crate::domain::staff::member::Role;

/// One thing that can be done at the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// One's own password, sessions and two-factor.
    OwnAccount,
    /// See everything but exports, requests, staff, tokens and webhooks.
    See,
    /// Take contacts and records away as files.
    Export,
    /// Take people's own links along with them: whoever holds one can act in their name.
    TakeLinks,
    /// Add, edit, publish and withdraw reports, newsletters and purposes.
    Offer,
    /// Suppress addresses, lift that, and record what people asked for by other ways.
    Suppress,
    /// See and answer complaints about data protection and requests of people by their rights.
    AnswerRequests,
    /// Send parked mail again.
    RetryMail,
    /// Have the whole ledger checked.
    CheckLedger,
    /// Publish a privacy policy.
    PublishPolicy,
    /// Erase a person.
    Erase,
    /// Accounts and their roles.
    ManageStaff,
    /// What programs sign in with.
    ManageTokens,
    /// Which programs are told what happens.
    ManageWebhooks,
}

/// Every right, its name in pages, and the lowest role that has it.
pub const RIGHTS: [(Right, &str, Role); 14] = [
    (Right::OwnAccount, "own_account", Role::Viewer),
    (Right::See, "see", Role::Viewer),
    (Right::Export, "export", Role::Marketing),
    (Right::TakeLinks, "take_links", Role::Admin),
    (Right::Offer, "offer", Role::Marketing),
    (Right::Suppress, "suppress", Role::Marketing),
    (Right::AnswerRequests, "answer_requests", Role::Marketing),
    (Right::RetryMail, "retry_mail", Role::Marketing),
    (Right::CheckLedger, "check_ledger", Role::Marketing),
    (Right::PublishPolicy, "publish_policy", Role::Admin),
    (Right::Erase, "erase", Role::Admin),
    (Right::ManageStaff, "manage_staff", Role::Admin),
    (Right::ManageTokens, "manage_tokens", Role::Admin),
    (Right::ManageWebhooks, "manage_webhooks", Role::Admin),
];

impl Role {
    /// Whether an account of this role may do it. What is not in the table, nobody may.
    #[must_use]
    pub fn may(self, right: Right) -> bool {
        RIGHTS.iter().any(|(one, _, lowest)| *one == right && self >= *lowest)
    }

    /// Every right by name, and whether this role has it, as pages ask.
    #[must_use]
    pub fn rights(self) -> BTreeMap<&'static str, bool> {
        RIGHTS.iter().map(|(right, name, _)| (*name, self.may(*right))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_what_a_lower_one_has() {
        for (right, ..) in RIGHTS {
            assert!(Role::Admin.may(right), "{right:?}");
            assert!(!Role::Viewer.may(right) || Role::Marketing.may(right), "{right:?}");
        }
        assert!(Role::Viewer.may(Right::See) && !Role::Viewer.may(Right::Export));
        assert!(Role::Marketing.may(Right::Offer) && !Role::Marketing.may(Right::Erase));
    }

    #[test]
    fn the_table_has_each_right_once() {
        let mut rights: Vec<Right> = RIGHTS.iter().map(|(right, ..)| *right).collect();
        rights.sort();
        rights.dedup();
        assert_eq!(rights.len(), RIGHTS.len());
        assert_eq!(Role::Viewer.rights().len(), RIGHTS.len(), "each has a name of its own");
    }
}
