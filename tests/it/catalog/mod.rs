//! Stories of reports, newsletters and purposes.

mod archiving;
mod embedding;
mod newsletters;
mod purposes;
mod reports;
