//! Stories of people: found, brought in, taken out, not to be mailed, erased.

mod erasure;
mod exports_at_console;
mod exports_by_api;
mod exports_by_command;
mod import;
mod import_files;
mod import_suppress;
mod import_who_left;
mod people_by_api;
mod person;
mod requests;
mod searching;
mod subscribers;
mod suppression_race;
mod suppressions;
