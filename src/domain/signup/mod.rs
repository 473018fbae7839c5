//! Where a form stands, and the links and codes that confirm it.

pub mod code;
pub mod form_state;
pub mod link;
