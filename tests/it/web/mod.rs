//! Stories of what holds for all pages and doors.

mod api_doors;
mod background_tasks;
mod day_spans;
mod examples;
mod limits;
mod links;
mod moments;
mod openapi;
mod pages;
mod postmaster;
mod ready_pages;
mod request_log;
mod robots;
mod security_txt;
mod source_link;
mod templates;
mod time_zone;
mod use_cases;
