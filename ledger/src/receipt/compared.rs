//! How much of a receipt was compared with what it proves.

use std::fmt;

/// How much of what a receipt says was compared with what its leaf commits to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// All that it says of the event.
    Whole,
    /// All but these, which a receipt of the older form says and nothing in it commits to.
    InPart(&'static [Uncompared]),
}

/// Something that a receipt of the older form says on nothing but the word of whoever signed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uncompared {
    /// The controller, where the event does not name it.
    Controller,
    /// The installation's address, in the links to the policy and to the page where consent is withdrawn.
    Site,
    /// The day on which the receipt was made.
    Issued,
}

impl fmt::Display for Uncompared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Controller => "who is answerable (name, address and contact)",
            Self::Site => "at which address the policy is read and consent is withdrawn",
            Self::Issued => "when the receipt was made",
        })
    }
}

/// Of an event that names its controller.
pub(super) const NAMED_CONTROLLER: &[Uncompared] = &[Uncompared::Site, Uncompared::Issued];

/// Of an erasure, and of an event of a leaf of version 1.
pub(super) const UNNAMED_CONTROLLER: &[Uncompared] =
    &[Uncompared::Controller, Uncompared::Site, Uncompared::Issued];
