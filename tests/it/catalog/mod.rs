//! Stories of reports, newsletters and purposes.

mod archiving;
mod newsletters;
mod purposes;
mod reports;
