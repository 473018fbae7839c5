//! The form behind which everything lies, whoever draws it: what it offers, what it accepts, and what its code confirms.

pub(in crate::web) mod answers;
pub(in crate::web) mod bot_check;
pub(in crate::web) mod came_from;
pub(in crate::web) mod code;
pub(in crate::web) mod form_context;
pub(in crate::web) mod frame;
pub(in crate::web) mod hand_in;
pub(in crate::web) mod instead;
pub(in crate::web) mod resend;

/// When to come back to a form that rests, in seconds.
pub(in crate::web) const RESTS_FOR: u64 = 15 * 60;

/// Below this the form stands as it is framed by pages of `embed_origins`: the name of the form follows.
pub(in crate::web) const FRAMED_BELOW: &str = "/embed/";
