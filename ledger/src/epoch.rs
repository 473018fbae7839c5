//! The epochs of a ledger. After a loss it goes on under a new name, so that a head signed before the loss and
//! one signed after it are never heads of one log (C2SP tlog-checkpoint: a log never signs inconsistent heads).

use std::fmt;

/// Which epoch: 1 until the ledger was resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "sqlx", derive(sqlx::Type), sqlx(transparent))]
pub struct Epoch(i64);

impl Epoch {
    /// The one a ledger begins in.
    pub const FIRST: Self = Self(1);

    /// The epoch of that number; `None` below the first.
    #[must_use]
    pub fn numbered(number: i64) -> Option<Self> {
        (number >= 1).then_some(Self(number))
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> i64 {
        self.0
    }

    /// The one after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The ledger's name in this epoch: `NAME`, then `NAME/r2`, `NAME/r3`.
    #[must_use]
    pub fn name(self, ledger: &str) -> String {
        if self == Self::FIRST { ledger.to_owned() } else { format!("{ledger}/{self}") }
    }

    /// The epoch in which the ledger of that name has this name; `None` when it is no name of it.
    #[must_use]
    pub fn from_name(name: &str, ledger: &str) -> Option<Self> {
        let rest = name.strip_prefix(ledger)?;
        if rest.is_empty() {
            return Some(Self::FIRST);
        }
        let epoch = Self::parse(rest.strip_prefix('/')?)?;
        (epoch > Self::FIRST).then_some(epoch)
    }

    /// Whether two names are of one ledger, in whichever epochs.
    #[must_use]
    pub fn is_same_ledger(one: &str, other: &str) -> bool {
        Self::split(one).0 == Self::split(other).0
    }

    /// The epoch that a name is of, whatever the ledger is called.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        Self::split(name).1
    }

    /// The name that the ledger of this name began with.
    #[must_use]
    pub fn first_name(name: &str) -> &str {
        Self::split(name).0
    }

    /// A ledger's first name, and the epoch that is written behind it.
    fn split(name: &str) -> (&str, Self) {
        let later = name.rsplit_once('/').and_then(|(ledger, epoch)| {
            Some((ledger, Self::parse(epoch).filter(|epoch| *epoch > Self::FIRST)?))
        });
        later.unwrap_or((name, Self::FIRST))
    }

    /// Reads `r2` as it is written.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let epoch = Self::numbered(text.strip_prefix('r')?.parse().ok()?)?;
        (epoch.to_string() == text).then_some(epoch)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_ledger_are_known() {
        for (one, other, same) in [
            ("l", "l", true),
            ("l", "l/r2", true),
            ("l/r3", "l/r2", true),
            ("l", "k", false),
            ("l/r2", "k/r2", false),
            ("l/r1", "l", false),
        ] {
            assert_eq!(Epoch::is_same_ledger(one, other), same, "{one} {other}");
        }
        for (name, epoch) in
            [("l", 1), ("l/r1", 1), ("l/r2", 2), ("l/r02", 1), ("r3", 1), ("/r3", 3)]
        {
            assert_eq!(Epoch::of_name(name).number(), epoch, "{name}");
        }
    }

    #[test]
    fn a_name_says_its_epoch() {
        let second = Epoch::FIRST.next();
        assert_eq!(Epoch::FIRST.name("a.example/ledger"), "a.example/ledger");
        assert_eq!(second.name("a.example/ledger"), "a.example/ledger/r2");
        for epoch in [Epoch::FIRST, second, second.next()] {
            assert_eq!(Epoch::from_name(&epoch.name("l"), "l"), Some(epoch));
        }
        for other in
            ["", "k", "lr2", "l/", "l/r1", "l/r0", "l/r-2", "l/r02", "l/r2/r3", "l/r", "l/R2"]
        {
            assert_eq!(Epoch::from_name(other, "l"), None, "{other}");
        }
    }
}
