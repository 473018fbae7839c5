//! Stories of reports, newsletters and purposes.

mod newsletters;
mod purposes;
mod reports;
mod set_aside;
