//! What the ledger records of itself, and how places in it are named.

pub mod cursor;
pub mod keyed_hash;
pub mod log_prefix;
pub mod record;
pub mod tile_name;
pub mod verifier_page;
