//! Whatever a bundle holds, the audit answers.

use std::fs;

use proptest::prelude::*;

use super::sample_ledger_tests::Ledger;
use super::sample_tests::Bundle;
use crate::audit::{Known, audit};
use crate::bundle::{CHECKPOINT, EVENTS, KEYS};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_the_files_hold_nothing_panics(
        events: Vec<u8>, checkpoint: Vec<u8>, keys: Vec<u8>, which in 0..4_usize,
    ) {
        let bundle = Bundle::sound(2);
        for (at, (file, content)) in [(EVENTS, events), (CHECKPOINT, checkpoint), (KEYS, keys)].iter().enumerate() {
            if at == which || which == 3 {
                bundle.write(file, content);
            }
        }
        if let Ok(report) = audit(bundle.path(), Known::default()) {
            prop_assert!(!report.is_sound());
        }
    }

    #[test]
    fn a_changed_byte_in_a_row_is_found(at: proptest::sample::Index, to: u8, which in 0..3_usize) {
        let bundle = match which {
            0 => Bundle::sound(3),
            1 => Ledger::history_without_bob().bundle(),
            _ => Ledger::history().part(&[1, 3, 6]),
        };
        prop_assert!(bundle.audit().is_sound());
        let mut bytes = fs::read(bundle.path().join(EVENTS)).unwrap();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != to);
        // White space between two lines may differ.
        prop_assume!(bytes[at] != b'\n' || !to.is_ascii_whitespace());
        bytes[at] = to;
        bundle.write(EVENTS, bytes);
        prop_assert!(!bundle.audit().is_sound());
    }
}
