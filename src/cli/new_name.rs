//! What witnesses know of a ledger that goes on under another name, in words for the operator.

use assent_ledger::note::SignedNote;

use crate::app::Core;

/// Says that witnesses know nothing under the new name yet, and which head of before is to be kept: `last` is the last that
/// one of them signed. Nothing where no witness is set and none signed.
pub(super) fn tell_of_witnesses(core: &Core, name: &str, last: Option<&str>) {
    if let Some(said) = said(core.flow_settings.witnesses.len(), name, last) {
        println!("{said}");
    }
}

fn said(witnesses: usize, name: &str, last: Option<&str>) -> Option<String> {
    if witnesses == 0 {
        return None;
    }
    let begins = format!(
        "Witnesses know the ledger by its name. Give their operators the new one, {name}, and its key (`assent ledger \
         key`): what they sign under it says nothing of what was before."
    );
    let Some((note, head)) = last.and_then(|note| Some((note, SignedNote::parse(note).ok()?)))
    else {
        return Some(format!("{begins}\nNo head that one of them signed before is here."));
    };
    let head = head.checkpoint();
    Some(format!(
        "{begins}\nThe last head that they signed under the name before, and that is here, is over {} entries of {}. Keep \
         it, and hand it on with each bundle, for `assent ledger audit --checkpoint`:\n\n{}",
        head.size,
        head.origin,
        note.trim_end()
    ))
}

#[cfg(test)]
mod tests {
    use assent_ledger::note::{Checkpoint, KeyName, SigningKey};

    use super::*;

    #[test]
    fn the_head_of_before_is_said_where_there_is_one() {
        let key = SigningKey::new(KeyName::parse("a.example/ledger").unwrap(), [1; 32]);
        let head = Checkpoint { origin: "a.example/ledger".into(), size: 7, root: [9; 32] };
        let note = head.sign(&[key]);
        let said = |witnesses, last| said(witnesses, "a.example/ledger/r2", last);
        assert_eq!(said(0, Some(&*note)), None);
        let with = said(1, Some(&*note)).unwrap();
        assert!(
            with.contains("over 7 entries of a.example/ledger.") && with.ends_with(note.trim_end())
        );
        assert!(
            said(1, None).unwrap().ends_with("No head that one of them signed before is here.")
        );
    }
}
