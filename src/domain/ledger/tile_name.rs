//! How a tile of the ledger's tree is asked for (C2SP tlog-tiles, "Merkle Tree").

use std::fmt;

use assent_ledger::tree::{TILE_HEIGHT, TILE_WIDTH};

/// The highest level that a name can say.
const HIGHEST: u8 = 63;

/// A tile, or the first so many hashes of one: `0/x001/x234/067`, `0/x001/x234/067.p/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileName {
    /// Its level: a hash there is the root of 256^level leaves.
    pub level: u8,
    /// Its place in the level.
    pub index: u64,
    /// How many of its hashes: 256 are all of them.
    pub width: u16,
}

impl TileName {
    /// Reads a name in its one spelling; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (level, rest) = text.split_once('/')?;
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => {
                (index, width.parse().ok().filter(|width| (1..TILE_WIDTH).contains(width))?)
            }
            None => (rest, TILE_WIDTH),
        };
        let digits: String = index.chars().filter(char::is_ascii_digit).collect();
        let name = Self { level: level.parse().ok()?, index: digits.parse().ok()?, width };
        (name.level <= HIGHEST && name.to_string() == text).then_some(name)
    }

    /// Whether a tree of so many leaves has all of it.
    #[must_use]
    pub fn is_within(&self, size: u64) -> bool {
        let hashes = size.checked_shr(self.height()).unwrap_or(0);
        let before = self.index.checked_mul(u64::from(TILE_WIDTH));
        let end = before.and_then(|before| before.checked_add(u64::from(self.width)));
        end.is_some_and(|end| end <= hashes)
    }

    /// How many levels of the tree lie below its hashes.
    fn height(self) -> u32 {
        u32::from(self.level) * u32::from(TILE_HEIGHT)
    }
}

impl fmt::Display for TileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut elements = vec![format!("{:03}", self.index % 1000)];
        let mut above = self.index / 1000;
        while above > 0 {
            elements.push(format!("x{:03}", above % 1000));
            above /= 1000;
        }
        elements.reverse();
        write!(f, "{}/{}", self.level, elements.join("/"))?;
        if self.width < TILE_WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_read_as_the_standard_spells_them() {
        for (text, level, index, width) in [
            ("0/000", 0, 0, 256),
            ("0/x001/x234/067", 0, 1_234_067, 256),
            ("1/x001/000", 1, 1000, 256),
            ("63/999.p/1", 63, 999, 1),
            ("2/x018/x446/x744/x073/x709/x551/615.p/255", 2, u64::MAX, 255),
        ] {
            assert_eq!(TileName::parse(text), Some(TileName { level, index, width }), "{text}");
        }
    }

    #[test]
    fn another_spelling_is_no_name() {
        for text in [
            "",
            "0",
            "0/",
            "/000",
            "0/0",
            "0/00",
            "0/0000",
            "0/+00",
            "0/x000",
            "0/x000/000",
            "0/x000/001",
            "0/001/000",
            "0/x01/000",
            "0/x0001/000",
            "0/X001/000",
            "0/x001x/000",
            "0/x001//000",
            "0/x001/x000",
            "0/000/",
            "//000",
            "00/000",
            "01/000",
            "+0/000",
            "-1/000",
            "64/000",
            "256/000",
            "0/-01",
            "0/00a",
            "0/\u{660}\u{660}\u{660}",
            "0/000.p",
            "0/000.p/",
            "0/000.p/0",
            "0/000.p/01",
            "0/000.p/+1",
            "0/000.p/256",
            "0/000.p/65537",
            "0/000.p/1.p/1",
            "0/000.P/1",
            "0/000.p/1/",
            "0/x018/x446/x744/x073/x709/x551/616",
            "0/x999/x999/x999/x999/x999/x999/x999/x999/999",
            "entries/000",
            "data/000",
            "names/000",
        ] {
            assert_eq!(TileName::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_tree_has_what_its_leaves_complete() {
        // The example of the standard: 273 full tiles and one of 112, one full and one of 17, one of 1.
        for (text, is_within) in [
            ("0/272", true),
            ("0/273.p/112", true),
            ("0/273.p/111", true),
            ("0/273.p/113", false),
            ("0/273", false),
            ("0/274.p/1", false),
            ("1/000", true),
            ("1/001.p/17", true),
            ("1/001.p/18", false),
            ("2/000.p/1", true),
            ("2/000.p/2", false),
            ("3/000.p/1", false),
            ("8/000.p/1", false),
            ("63/000.p/1", false),
            ("0/x018/x446/x744/x073/x709/x551/615", false),
        ] {
            assert_eq!(TileName::parse(text).unwrap().is_within(70_000), is_within, "{text}");
        }
        assert!(!TileName::parse("0/000.p/1").unwrap().is_within(0), "no tile is empty");
        assert!(TileName::parse("1/000.p/1").unwrap().is_within(256));
        assert!(!TileName::parse("1/000.p/1").unwrap().is_within(255));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(level in 0..=HIGHEST, index: u64, width in 1..=TILE_WIDTH) {
            let name = TileName { level, index, width };
            prop_assert_eq!(TileName::parse(&name.to_string()), Some(name));
        }

        #[test]
        fn reading_never_panics(text: String, near in "[0-9]{1,3}(/x?[0-9]{3}){0,9}(\\.p/[0-9]{1,4})?") {
            let _ = TileName::parse(&text);
            let _ = TileName::parse(&near).map(|name| name.is_within(u64::MAX));
        }
    }
}
