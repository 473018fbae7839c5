//! Stories at the console.

mod audit;
mod dashboard;
mod guard;
mod ledger;
mod mail;
mod screens;
mod sign_in;
