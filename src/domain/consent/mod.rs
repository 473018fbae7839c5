//! What an event of consent says, what binds its row to this program, and what follows for writing to somebody.

pub mod address_confirmation;
pub mod blank_form;
pub mod event;
pub mod evidence_key;
pub mod given_details;
pub mod how_given;
pub mod permission;
pub mod processing;
