//! What entries of a bundle say of the ledger itself: what was emptied, and where it went on after a loss.

use crate::audit::{AuditReport, EmptiedBy, Emptier, Resumption};

/// A line for each way in which leaves were emptied, and one for each time that the ledger went on after a loss.
pub(super) fn told_entries(report: &AuditReport) -> Vec<String> {
    let emptied = report.emptied.iter().map(emptied);
    let resumed = report.resumptions.iter().map(resumed);
    let why = "of each, the ledger says that it was emptied: not whether anybody asked for it";
    let why = (!report.emptied.is_empty()).then(|| why.to_owned());
    emptied.chain(why).chain(resumed).collect()
}

fn emptied(one: &EmptiedBy) -> String {
    let times = one.times;
    let (what, several) = match one.by {
        Emptier::Erasure => ("erasure", "erasures"),
        Emptier::Purge => ("purge", "purges"),
        Emptier::Adoption => ("adoption", "adoptions"),
        Emptier::Waiting => ("entry while they waited", "entries while they waited"),
    };
    let what = if times == 1 { what } else { several };
    let events: Vec<String> = one
        .events
        .iter()
        .map(|(event_type, count)| format!("{count} {}", event_type.as_str()))
        .collect();
    format!("emptied by {times} {what}: {}", events.join(", "))
}

fn resumed(Resumption { index, epoch, known }: &Resumption) -> String {
    let so = format!("went on as {epoch} after a loss, from the first {index} leaves");
    match known {
        Some(known) if known.size > *index => {
            let (size, origin) = (known.size, &known.origin);
            format!(
                "{so}: by its owner's word the newest head known then was over {size} leaves of {origin}, so those of index \
                 {index} to {} were lost",
                size - 1
            )
        }
        Some(known) => {
            let (size, origin) = (known.size, &known.origin);
            format!(
                "{so}: by its owner's word the newest head known then was over {size} leaves of {origin}"
            )
        }
        None => format!("{so}: it names no head that was known then, so not what was lost"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::audit::sample_ledger_tests::{ADA, BOB, Ledger};
    use crate::audit::sample_tests::checkpoint;
    use crate::bundle::CHECKPOINT;
    use crate::event_type::EventType;
    use crate::note::{Checkpoint, KeyName, SigningKey, encode_hash};
    use crate::record::RecordType;

    #[test]
    fn what_was_emptied_is_told_by_its_kind() {
        let mut ledger = Ledger::history_without_bob();
        assert_eq!(
            told_entries(&ledger.bundle().audit())[0],
            "emptied by 1 erasure: 1 requested, 1 given, 1 withdrawn"
        );
        ledger.empty(&[1, 3, 6]);
        ledger.record(RecordType::Purged, json!({ "emptied": [[1, 1], [3, 3]] }));
        ledger.record(RecordType::Purged, json!({ "waiting": [ledger.leaf_hash(6)] }));
        let report = ledger.bundle().audit();
        assert!(report.is_sound(), "{:?}", report.findings);
        let told = told_entries(&report);
        assert_eq!(told[1], "emptied by 1 purge: 1 requested, 1 given");
        assert_eq!(told[2], "emptied by 1 entry while they waited: 1 renewed");
        assert_eq!(told.len(), 4);
        assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    }

    #[test]
    fn a_withdrawal_that_is_emptied_alone_stands_out() {
        let mut ledger = Ledger::history();
        ledger.event(EventType::Withdrawn, ADA, json!({}));
        ledger.empty(&[8]);
        ledger.record(RecordType::Purged, json!({ "emptied": [[8, 8]] }));
        let report = ledger.bundle().audit();
        assert!(report.is_sound(), "{:?}", report.findings);
        assert!(report.warnings[0].starts_with("index 9 has a withdrawal emptied"), "{report:?}");
        assert_eq!(told_entries(&report)[0], "emptied by 1 purge: 1 withdrawn");
    }

    #[test]
    fn a_loss_is_told() {
        const NOW: &str = "example.org/ledger/r2";
        for (known, words) in [
            (json!(null), "it names no head that was known then, so not what was lost"),
            (
                json!(11),
                "over 11 leaves of example.org/ledger, so those of index 8 to 10 were lost",
            ),
            (json!(8), "over 8 leaves of example.org/ledger"),
        ] {
            let mut ledger = Ledger::history();
            let root = encode_hash(&checkpoint(&ledger.leaves).root);
            let head = |size| json!({ "origin": "example.org/ledger", "root": root, "size": size });
            let known = known.as_u64().map(head);
            let said = json!({ "epoch": NOW, "from": head(8), "known": known });
            ledger.record(RecordType::Resumed, said);
            ledger.event(EventType::Requested, BOB + 1, json!({}));
            let bundle = ledger.bundle();
            let head = Checkpoint { origin: NOW.into(), ..checkpoint(&ledger.leaves) };
            bundle.write(
                CHECKPOINT,
                head.sign(&[SigningKey::new(KeyName::parse(NOW).unwrap(), [1; 32])]),
            );
            let report = bundle.audit();
            assert!(report.is_sound(), "{:?}", report.findings);
            let told = told_entries(&report);
            assert!(
                told[0].starts_with("went on as example.org/ledger/r2 after a loss"),
                "{told:?}"
            );
            assert!(told[0].ends_with(words), "{words}: {told:?}");
        }
    }
}
