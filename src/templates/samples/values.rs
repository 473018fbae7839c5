//! What many samples hold.

pub(super) const ADDRESS: &str = "r…@council.example";
pub(super) const MOMENT: &str = "2026-11-23T09:00:00.000000Z";
pub(super) const TOKEN: &str = "TOKEN";
