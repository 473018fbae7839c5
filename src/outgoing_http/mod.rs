//! Asking those outside over HTTP: addresses that the operator set, and nowhere that an answer names; and addresses that
//! staff typed, on the network that everybody is on.

mod address;
mod client;
mod global;
mod public;

pub use address::{AddressError, read_address, read_any_address};
pub use client::{Answer, HttpClient, HttpError, Question};
pub use global::is_global;
pub use public::{
    AllowedHosts, PublicAnswer, PublicClient, PublicError, PublicQuestion, read_public_address,
};
