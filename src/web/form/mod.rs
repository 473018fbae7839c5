//! The form behind which everything lies, whoever draws it: what it offers, what it accepts, and what its code confirms.

pub(in crate::web) mod answers;
pub(in crate::web) mod code;
pub(in crate::web) mod form_context;
pub(in crate::web) mod hand_in;
