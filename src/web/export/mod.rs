//! Contacts straight to whoever asks for them, the same at the console and for programs.

mod ask;
mod sending;
mod stream;

pub(super) use ask::{Allowed, Ask, Choices, ExportOptions, FIELDS, Sent, allows};
pub use sending::AT_ONCE as EXPORTS_AT_ONCE;
pub(super) use sending::{Asker, NotSent, begin, file_headers, headers, send};
