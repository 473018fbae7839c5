//! Asking those outside whose addresses the operator set, over HTTP: nowhere else, and nowhere that an answer names.

mod address;
mod client;

pub use address::{AddressError, read_address, read_any_address};
pub use client::{Answer, HttpClient, HttpError, Question};
