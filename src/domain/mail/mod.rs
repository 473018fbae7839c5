//! Mail: what waits, what became of it, what came back, and what it says of the way.

pub mod alarm;
pub mod bounce;
pub mod limit;
pub mod outbox;
pub mod return_path;
