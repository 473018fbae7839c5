//! People with console accounts.

use std::time::Duration;

use strum::{AsRefStr, EnumString, IntoStaticStr};
use uuid::Uuid;

use crate::domain::timestamp::Timestamp;

/// What a member of staff may do; each role may what the ones before it may. `right` has the table.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    clap::ValueEnum,
    AsRefStr,
    EnumString,
    IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// Sees the console, and changes nothing.
    Viewer,
    /// Also exports, and edits reports and newsletters.
    Marketing,
    /// Also staff, tokens, webhooks, policies and erasure.
    Admin,
}

impl Role {
    /// All of them, lowest first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Marketing, Self::Admin];

    /// The word in commands, the console and the audit.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// How whoever works at the command line is named in the audit.
pub const COMMAND_LINE: &str = "command line";

/// How an account is named in the audit: by its key, for addresses are personal.
#[must_use]
pub fn actor(staff_id: Uuid) -> String {
    format!("staff:{staff_id}")
}

/// The account that the audit names so; `None` of the command line and of programs.
#[must_use]
pub fn account_of(actor: &str) -> Option<Uuid> {
    actor.strip_prefix("staff:")?.parse().ok()
}

/// How long somebody stays signed in: until nothing was asked for two hours, and for twelve at most.
pub const SESSION_IDLE: Duration = Duration::from_hours(2);
/// See [`SESSION_IDLE`].
pub const SESSION_AT_MOST: Duration = Duration::from_hours(12);

/// What a single-use link for staff leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum StaffLinkKind {
    /// The first account of all, an admin's.
    First,
    /// The first password of who was invited.
    Invitation,
    /// A new password.
    Reset,
}

impl StaffLinkKind {
    /// Until when a link made now works.
    #[must_use]
    pub fn until(self, now: Timestamp) -> Timestamp {
        now.plus(match self {
            Self::First => Duration::from_hours(24),
            Self::Invitation => Duration::from_hours(7 * 24),
            Self::Reset => Duration::from_hours(1),
        })
    }
}

/// How long the next try to sign in must wait after so many that failed, for an account: nothing for the
/// first five, then a second, doubling to a minute. An account stays open to its owner, and a minute for
/// each guess leaves nothing to guess.
#[must_use]
pub fn account_back_off(tries: i32) -> Duration {
    doubling(tries - 5, Duration::from_mins(1))
}

/// How long the next try to sign in must wait after so many that failed, from an address of the network, where several
/// people may sign in: nothing for the first twenty, then a second, doubling to a quarter of an hour.
#[must_use]
pub fn network_back_off(tries: i32) -> Duration {
    doubling(tries - 20, Duration::from_mins(15))
}

fn doubling(over: i32, most: Duration) -> Duration {
    match u32::try_from(over) {
        Ok(over @ 1..) => Duration::from_secs(1 << (over - 1).min(10)).min(most),
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_wait_longer_and_longer() {
        assert_eq!(account_back_off(5), Duration::ZERO);
        assert_eq!(account_back_off(6), Duration::from_secs(1));
        assert_eq!(account_back_off(8), Duration::from_secs(4));
        assert_eq!(account_back_off(i32::MAX), Duration::from_mins(1));
        assert_eq!(network_back_off(20), Duration::ZERO);
        assert_eq!(network_back_off(i32::MAX), Duration::from_mins(15));
        assert_eq!(network_back_off(i32::MIN + 20), Duration::ZERO);
    }

    #[test]
    fn roles_are_read_by_their_words() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert!("Admin".parse::<Role>().is_err());
    }
}
