//! People are imported, exported, suppressed, shown what is held of them, purged and erased.

pub mod allow_export;
pub mod allow_withdrawals;
pub mod answer_request;
pub mod backfill_words;
pub mod begin_export;
pub mod disclose;
pub mod end_export;
pub mod erase;
pub mod forget_requests;
pub mod import_contacts;
pub mod import_list;
pub mod import_suppressions;
pub mod purge;
pub mod receive_request;
pub mod record_disclosure;
pub mod record_export;
pub mod record_import;
pub mod suppress;
pub mod write_export;
