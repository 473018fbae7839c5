//! What the database itself holds to, and what only it can decide.

mod ledger;
mod searching;
mod suppression;
