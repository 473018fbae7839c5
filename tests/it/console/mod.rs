//! Stories at the console.

mod account;
mod audit;
mod dashboard;
mod exports;
mod guard;
mod known;
mod late;
mod ledger;
mod mail;
mod moments;
mod newsletters;
mod person;
mod policies;
mod reports;
mod screens;
mod set_aside;
mod sign_in;
mod staff;
mod subscribers;
mod suppressions;
mod tokens;
mod two_factor;
