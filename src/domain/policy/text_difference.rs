//! How one text differs from another, in passages that a person can read.

use std::time::{Duration, Instant};

use similar::algorithms::{Capture, Compact, Replace, myers};
use similar::{DiffOp, DiffTag, DiffableStr, group_diff_ops};

/// What became of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It stands in both.
    Same,
    /// It stands in the older text alone.
    Removed,
    /// It stands in the newer text alone.
    Added,
}

/// A piece of text and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Piece {
    /// What became of it.
    pub fate: Fate,
    /// The text.
    pub text: String,
}

/// Lines that stand together, of which some changed.
pub type Passage = Vec<Piece>;

/// How many lines are shown around a change.
const AROUND: usize = 1;
/// Changed lines longer than this together are shown whole, before and after.
const WORD_BY_WORD: usize = 32 * 1024;

/// The passages in which `newer` differs from `older`: line by line, and word by word within lines that
/// changed. Lines of which less than half is kept are shown whole, before and after. None when they hold the same
/// lines; how lines end does not count. After `within` it goes on more coarsely.
#[must_use]
pub fn difference(older: &str, newer: &str, within: Duration) -> Vec<Passage> {
    let deadline = Instant::now() + within;
    let lines = |text: &str| match text.replace("\r\n", "\n").trim_end() {
        "" => String::new(),
        text => format!("{text}\n"),
    };
    let (older, newer) = (lines(older), lines(newer));
    let (older, newer) = (older.tokenize_lines(), newer.tokenize_lines());
    let groups = group_diff_ops(changes(&older, &newer, deadline), AROUND);
    groups.into_iter().map(|ops| passage(&older, &newer, ops, deadline)).collect()
}

/// By Myers alone, for `TextDiff` brings along every algorithm there is, a twentieth of what the program compiles.
fn changes(older: &[&str], newer: &[&str], deadline: Instant) -> Vec<DiffOp> {
    let mut changes = Compact::new(Replace::new(Capture::new()), older, newer);
    let (all_older, all_newer) = (0..older.len(), 0..newer.len());
    let Ok(()) =
        myers::diff_deadline(&mut changes, older, all_older, newer, all_newer, Some(deadline));
    changes.into_inner().into_inner().into_ops()
}

fn passage(older: &[&str], newer: &[&str], ops: Vec<DiffOp>, deadline: Instant) -> Passage {
    let mut pieces = Passage::new();
    for op in ops {
        let (removed, added) = (older[op.old_range()].concat(), newer[op.new_range()].concat());
        if op.tag() == DiffTag::Equal {
            add(&mut pieces, Fate::Same, &removed);
        } else if removed.is_empty()
            || added.is_empty()
            || removed.len() + added.len() > WORD_BY_WORD
        {
            add(&mut pieces, Fate::Removed, &removed);
            add(&mut pieces, Fate::Added, &added);
        } else {
            word_by_word(&mut pieces, &removed, &added, deadline);
        }
    }
    pieces
}

fn word_by_word(pieces: &mut Passage, removed: &str, added: &str, deadline: Instant) {
    let (older, newer) = (removed.tokenize_words(), added.tokenize_words());
    let ops = changes(&older, &newer, deadline);
    let kept: usize = ops
        .iter()
        .filter(|op| op.tag() == DiffTag::Equal)
        .map(|op| words(&older[op.old_range()].concat()))
        .sum();
    if 4 * kept < words(removed) + words(added) {
        add(pieces, Fate::Removed, removed);
        add(pieces, Fate::Added, added);
        return;
    }
    for op in ops {
        let (removed, added) = (older[op.old_range()].concat(), newer[op.new_range()].concat());
        if op.tag() == DiffTag::Equal {
            add(pieces, Fate::Same, &removed);
        } else {
            add(pieces, Fate::Removed, &removed);
            add(pieces, Fate::Added, &added);
        }
    }
}

/// How many words a text has.
fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

fn add(pieces: &mut Passage, fate: Fate, text: &str) {
    if text.is_empty() {
        return;
    }
    match pieces.last_mut() {
        Some(last) if last.fate == fate => last.text.push_str(text),
        _ => pieces.push(Piece { fate, text: text.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHIN: Duration = Duration::from_secs(5);

    fn marked(older: &str, newer: &str) -> Vec<String> {
        let passages = difference(older, newer, WITHIN);
        let piece = |piece: &Piece| match piece.fate {
            Fate::Same => piece.text.clone(),
            Fate::Removed => format!("[-{}-]", piece.text),
            Fate::Added => format!("[+{}+]", piece.text),
        };
        passages.iter().map(|passage| passage.iter().map(piece).collect()).collect()
    }

    #[test]
    fn says_what_changed_and_where() {
        let older = "# Privacy\n\nWe keep your address for a year.\n\none\ntwo\nthree\nLast";
        let newer = "# Privacy\r\n\r\nWe keep your address for two years.\r\n\r\none\r\ntwo\r\nthree\r\nLast\r\nAnd more";
        assert_eq!(
            marked(older, newer),
            [
                "\nWe keep your address for [-a-][+two+] [-year.-][+years.+]\n\n",
                "Last\n[+And more\n+]",
            ]
        );
        assert!(marked(older, &older.replace('\n', "\r\n")).is_empty());
        assert_eq!(marked("", "All new"), ["[+All new\n+]"]);
    }

    #[test]
    fn what_was_written_anew_is_shown_whole() {
        assert_eq!(
            marked("What you type: your name and address.\n", "We even keep less than before.\n"),
            ["[-What you type: your name and address.\n-][+We even keep less than before.\n+]"]
        );
        // What grows keeps all that it was.
        assert_eq!(
            marked("We keep your address.\n", "We keep your address. For a year.\n"),
            ["We keep your address.[+ For a year.+]\n"]
        );
    }

    #[test]
    fn both_texts_can_be_told_from_it() {
        let older = "a b c\n\nd e f\ng h\n";
        let newer = "a x c\nd e f\n\ng\nh\n";
        for (fate, text) in [(Fate::Removed, older), (Fate::Added, newer)] {
            let passages = difference(older, newer, WITHIN);
            let kept = passages.iter().flatten().filter(|p| p.fate == Fate::Same || p.fate == fate);
            assert_eq!(kept.map(|p| p.text.as_str()).collect::<String>(), text);
        }
    }

    #[test]
    fn comes_to_an_end_with_large_texts() {
        let words = |offset: u32| -> String {
            let word = |n: u32| format!("w{} ", n.wrapping_mul(2_654_435_761) >> offset);
            (0..40_000).map(word).collect::<Vec<_>>().concat()
        };
        let started = Instant::now();
        let lines = |text: String| text.replace(" w1", "\nw1");
        assert!(
            !difference(&lines(words(3)), &lines(words(5)), Duration::from_millis(200)).is_empty()
        );
        assert!(started.elapsed() < Duration::from_secs(20));
    }
}
