//! Where a form stands, and the links and codes that confirm it.

pub mod code;
pub mod link;
pub mod submitted_form;
