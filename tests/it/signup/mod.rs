//! Stories of signing up: the form, the mail, the press or code that confirms, the download.

mod batches;
mod bot_check;
mod brought_in;
mod came_from;
pub mod code;
mod confirm;
mod cookies;
mod dashboard;
mod downloads;
mod elsewhere;
mod framed;
mod fresh_links;
mod giving_way;
mod hostile;
mod instead;
mod journey;
mod just_confirmed;
pub mod lost_links;
mod old_pages;
mod other_reports;
mod same_work;
mod strict_server;
mod thanks;
mod two_forms;
