//! What the demo shows: an invented publisher, its policy, its report, its readers.

mod pdf_chart;
mod pdf_file;
mod pdf_page;
pub mod report_pdf;
pub mod seed;
pub mod texts;
