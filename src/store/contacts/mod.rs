//! People as the publisher meets them: found, brought in, taken out, not to be mailed, erased.

pub mod erasures;
pub mod export_rows;
pub mod export_runs;
pub mod exportable;
pub mod figures;
pub mod imports;
pub mod listed_subscribers;
pub mod outdated_exports;
pub mod privacy_requests;
pub mod purges;
pub mod request_letters;
pub mod search;
pub mod search_index;
pub mod source_figures;
pub mod subject_access;
pub mod subscribers;
pub mod suppression_list;
pub mod suppressions;
