//! What every handler works with: the parts of the application, and the caches, turns and limits that they
//! share. No handler is known here.

pub mod app;
pub mod catalog;
pub mod comparisons;
pub(super) mod counting;
pub(super) mod dashboard_figures;
pub(super) mod dashboard_span;
#[cfg(test)]
mod database_tests;
pub mod figures;
pub(super) mod frame;
pub mod hash_permits;
pub mod in_flight;
pub mod ledger_check;
pub mod limits;
pub mod own_host;
pub mod ready_pages;
pub(super) mod same_for_all;
pub mod shared_domains;
pub mod write_check;
