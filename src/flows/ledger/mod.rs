//! Events of consent are made and sealed, all is checked, and heads and endings are compared with what is kept outside.

pub mod adopt;
pub mod chain_claims;
pub(super) mod check_epoch;
pub mod check_events;
pub mod compare_heads;
pub mod evidence;
pub mod find_uncosigned;
pub(super) mod hold_heads;
pub mod keep_known;
pub mod keep_record;
pub mod keep_verdict;
pub mod make_promises;
pub mod own_schema;
pub mod prove_consistency;
pub mod read_tile;
pub mod record_check;
pub mod record_restore;
pub mod replay_endings;
pub mod resume_ledger;
pub mod seal;
pub mod tree_nodes;
