//! The provable side of consent: every event is committed to by a leaf that gives nothing away.

pub mod leaf;
