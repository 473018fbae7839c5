//! What the database itself holds to, and what only it can decide.

mod ledger;
mod newer_schema;
mod searching;
mod suppression;
