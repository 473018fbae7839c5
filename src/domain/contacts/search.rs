//! Finding people by the beginnings of words: how an address, a name, an organisation and a job title are split up, and
//! how what somebody types into a search box is.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The words one person is found by, in lower case and in their order, none but a domain the beginning of
/// another: who is found by a beginning is found by the longer word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchWords(BTreeSet<String>);

/// How many words of a name, an organisation and a job title count, of each.
const WORDS_OF_EACH: usize = 16;

impl SearchWords {
    /// The whole address, the parts of what stands before the @, the domain and the domains above it that
    /// have a dot, and the words of the texts that describe somebody: name, organisation, job title. A domain with
    /// other letters than ASCII is found by those as well (RFC 5890).
    #[must_use]
    pub fn new(email: &str, texts: [Option<&str>; 3]) -> Self {
        let (mut words, mut domains) = (BTreeSet::new(), BTreeSet::new());
        for email in spellings(email) {
            let email = trimmed(&email);
            if let Some((local, domain)) = email.split_once('@') {
                words.extend(pieces(local).map(str::to_owned));
                let mut above = Some(domain);
                while let Some(domain) = above.filter(|domain| domain.contains('.')) {
                    domains.insert(domain.to_owned());
                    above = domain.split_once('.').map(|(_, above)| above);
                }
            }
            words.insert(email);
        }
        for text in texts.into_iter().flatten() {
            for word in chunks(&folded(text)).take(WORDS_OF_EACH) {
                words.extend(pieces(&word).skip(1).map(str::to_owned));
                words.insert(word);
            }
        }
        words.extend(domains.iter().cloned());
        let mut next = words.iter().skip(1);
        let mut kept = BTreeSet::new();
        for word in &words {
            let begins = next.next().is_some_and(|longer| longer.starts_with(word.as_str()));
            // A domain is also looked for whole.
            if !begins || domains.contains(word) {
                kept.insert(word.clone());
            }
        }
        Self(kept)
    }

    /// The words as they were kept by [`Self::kept`].
    #[must_use]
    pub fn read(kept: &str) -> Self {
        Self(kept.split_whitespace().map(str::to_owned).collect())
    }

    /// The words in one text, each between two spaces.
    #[must_use]
    pub fn kept(&self) -> String {
        let mut text = String::from(" ");
        for word in &self.0 {
            text.push_str(word);
            text.push(' ');
        }
        text
    }

    /// Those that `other` has not, in their order.
    pub fn without<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a str> {
        self.0.difference(&other.0).map(String::as_str)
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// One thing that whoever is looked for must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// A word that begins like this.
    Beginning(String),
    /// An address at this domain or one below it; typed as `@leeds.gov.uk`.
    Domain(String),
}

/// More was typed than is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Search for at most {} words of at most {} characters in all", MOST_SOUGHT, LONGEST)]
pub struct TooMuch;

const MOST_SOUGHT: usize = 8;
const LONGEST: usize = 300;

/// Names are spelt with any of these, whichever the keyboard has: `O'Neill`, `O’Neill`.
const APOSTROPHES: [char; 7] =
    ['\'', '\u{2018}', '\u{2019}', '\u{2032}', '\u{b4}', '`', '\u{ff07}'];

impl Sought {
    /// What a search box says; nothing when there is no letter or digit in it.
    ///
    /// # Errors
    /// When it is longer than anybody's address, name and organisation.
    pub fn parse(typed: &str) -> Result<Vec<Self>, TooMuch> {
        if typed.chars().count() > LONGEST {
            return Err(TooMuch);
        }
        let all: Vec<Self> = folded(typed)
            .split_whitespace()
            .flat_map(|chunk| {
                let domain = chunk.strip_prefix('@').map(trimmed).filter(|word| word.contains('.'));
                match domain {
                    Some(domain) => vec![Self::Domain(domain)],
                    None => beginnings(&trimmed(chunk)),
                }
            })
            .collect();
        if all.len() > MOST_SOUGHT { Err(TooMuch) } else { Ok(all) }
    }

    /// What a text of [`SearchWords::kept`] holds if, and only if, the person has it.
    #[must_use]
    pub fn within_kept(&self) -> String {
        match self {
            Self::Beginning(word) => format!(" {word}"),
            Self::Domain(domain) => format!(" {domain} "),
        }
    }
}

/// The beginnings that a word is found by. Words are kept with the apostrophe they were typed with, and what
/// follows it once more by itself: so one is sought by what stands before and after it, and which one it is
/// does not count. An address is sought as it is.
fn beginnings(word: &str) -> Vec<Sought> {
    let (first, rest) = match word.split_once(APOSTROPHES) {
        Some((first, rest)) if !word.contains('@') => (first, rest),
        _ => (word, ""),
    };
    let all = pieces(rest).chain([first]).filter(|one| !one.is_empty());
    all.map(|one| Sought::Beginning(one.to_owned())).collect()
}

/// An address as it is kept, folded, and as it reads where its domain has other letters than ASCII.
fn spellings(email: &str) -> Vec<String> {
    let mut all = vec![folded(email)];
    if let Some((local, domain)) = email.rsplit_once('@')
        && domain.split('.').any(|label| label.starts_with("xn--"))
    {
        let (domain, _) = idna::domain_to_unicode(domain);
        all.push(folded(&format!("{local}@{domain}")));
    }
    all
}

/// A text without what tells one spelling of a word from another: composed or not, with accents or without, full width
/// or half, in capitals or not (Unicode, UAX 15 and chapter 3.13). Of what is kept and of what is sought alike.
fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    folded_by_letter(text)
}

/// The same of any text. Nearly all are in ASCII, where each letter has one other case and no accent.
fn folded_by_letter(text: &str) -> String {
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c));
    // Letter by letter: a beginning reads the same whatever follows it, unlike a Greek sigma in a word. By way of
    // capitals, for some letters are told apart only without (ß and ss, both sigmas); and of small letters before
    // that, for one capital has no capitals of its own: ẞ.
    let small = plain.flat_map(char::to_lowercase);
    small.flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// The words of a folded text as they stand between spaces, without marks around them.
fn chunks(text: &str) -> impl Iterator<Item = String> {
    text.split_whitespace().map(trimmed).filter(|word| !word.is_empty())
}

fn trimmed(chunk: &str) -> String {
    chunk.trim_matches(|c: char| !c.is_alphanumeric()).to_owned()
}

/// What stands between the marks within a word: `ada` and `hughes` of `ada.hughes`.
fn pieces(word: &str) -> impl Iterator<Item = &str> {
    word.split(|c: char| !c.is_alphanumeric()).filter(|piece| !piece.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(email: &str, name: &str, organisation: &str) -> Vec<String> {
        SearchWords::new(email, [Some(name), Some(organisation), None]).0.into_iter().collect()
    }

    #[test]
    fn splits_up_who_somebody_is() {
        assert_eq!(
            words("Ada.Hughes@hr.leeds.gov.uk", "Ada Hughes", "Leeds City Council (HR)"),
            [
                "ada.hughes@hr.leeds.gov.uk",
                "city",
                "council",
                "gov.uk",
                "hr.leeds.gov.uk",
                "hughes",
                "leeds.gov.uk"
            ]
        );
        assert_eq!(
            words("x@b.test", "Seán O'Neill-Smith", "日本 ÉCOLE"),
            ["b.test", "ecole", "neill", "o'neill-smith", "sean", "smith", "x@b.test", "日本"]
        );
        assert_eq!(words("+a@b.test", "-", " "), ["a@b.test", "b.test"]);
    }

    #[test]
    fn reads_what_is_sought() {
        let begins = |word: &str| Sought::Beginning(word.to_owned());
        assert_eq!(Sought::parse(" \u{3000}- @ . "), Ok(vec![]));
        assert_eq!(
            Sought::parse("(Ada)  O'Neill, @Leeds.gov.uk ada@b.test"),
            Ok(vec![
                begins("ada"),
                begins("neill"),
                begins("o"),
                Sought::Domain("leeds.gov.uk".to_owned()),
                begins("ada@b.test")
            ])
        );
        assert_eq!(Sought::parse("a b c d e f g h i"), Err(TooMuch));
        assert_eq!(Sought::parse(&"a".repeat(301)), Err(TooMuch));
    }

    #[test]
    fn a_hostile_name_makes_few_words() {
        let many = "a-b ".repeat(50);
        assert!(words("a@b.test", &many, &many).len() < 100);
    }

    fn finds(sought: &str, kept: &str) -> bool {
        Sought::parse(sought).unwrap().iter().all(|one| kept.contains(&one.within_kept()))
    }

    #[test]
    fn finds_by_address_domain_name_and_organisation() {
        let kept = SearchWords::new(
            "Ada.Hughes+r@hr.leeds.gov.uk",
            [Some("Ada King O'Hughes"), Some("St. Helens"), Some("Head of Housing")],
        )
        .kept();
        for found in [
            "ada.hughes+r@hr.leeds.gov.uk",
            "ADA.H",
            "hughes",
            "@leeds.gov.uk",
            "@gov.uk",
            "@leeds",
            "leeds",
            "hr.leeds",
            "king",
            "o'hugh",
            "o’hugh",
            "O‘Hughes",
            "st helens",
            "st. hel",
            "head housing",
            "ada @hr.leeds.gov.uk",
        ] {
            assert!(finds(found, &kept), "{found}");
        }
        let curly =
            SearchWords::new("x@b.test", [Some("Siobhán O’Neill-D’Arcy"), None, None]).kept();
        for found in
            ["O'Neill", "o’neill", "o'neill-d'arcy", "O’Neill-D'Ar", "d'arcy", "siobhán o'n"]
        {
            assert!(finds(found, &curly), "{found}");
        }
        assert!(
            !finds("o'hara", &curly)
                && !finds(
                    "d'neill",
                    &SearchWords::new("x@b.test", [Some("O'Neill"), None, None]).kept()
                )
        );
        let address = SearchWords::new("o'brien@b.test", [None; 3]).kept();
        assert!(finds("O'Brien@b.test", &address) && finds("o’brien", &address));
        for not in ["ughes", "@leeds.gov", "@eeds.gov.uk", "uk", "ada x", "@o'hughes.x"] {
            assert!(!finds(not, &kept), "{not}");
        }
    }

    #[test]
    fn a_word_is_found_however_it_is_spelt() {
        let kept = SearchWords::new(
            "zoe@xn--bcher-kva.example",
            [
                Some("Zo\u{eb} Stra\u{df}er-\u{130}nce"),
                Some("ΟΔΟΣ ＡＢＣ"),
                Some("Lektorin für Bücher"),
            ],
        )
        .kept();
        for found in [
            "Zoë",
            "Zoe\u{308}",
            "zoe",
            "ZOË",
            "straßer",
            "STRASSER",
            "ince",
            "οδος",
            "οδοσ",
            "abc",
            "ａｂｃ",
            "fur",
            "für",
            "@bücher.example",
            "@bu\u{308}cher.example",
            "@BÜCHER.example",
            "@xn--bcher-kva.example",
            "bücher.ex",
            "zoe@bücher.example",
            "zoë@bucher.exam",
            "xn--bcher",
            "lektorin bucher",
        ] {
            assert!(finds(found, &kept), "{found}: {kept}");
        }
        assert!(!finds("zoo", &kept) && !finds("@cher.example", &kept));
    }

    #[test]
    fn what_is_one_letter_in_capitals_and_two_without_is_found_by_both() {
        for (kept, sought) in [
            ("\u{1e9e}", "ss"),
            ("STRA\u{1e9e}E", "strasse"),
            ("STRA\u{1e9e}E", "Stra\u{df}e"),
            ("Stra\u{df}e", "STRA\u{1e9e}E"),
            ("Strasse", "STRA\u{1e9e}"),
            ("\u{3a3}\u{399}\u{3a3}", "\u{3c3}\u{3b9}\u{3c2}"),
            ("\u{3c3}\u{3b9}\u{3c2}", "\u{3c3}\u{3b9}\u{3c3}"),
            ("\u{149}aq", "\u{2bc}NA"),
            ("\u{1f0}", "J\u{30c}"),
            ("\u{130}lker", "ilker"),
            ("\u{131}lker", "ILKER"),
            ("o\u{fb03}ce", "OFFICE"),
            ("\u{fb05}ern", "stern"),
            ("\u{17f}ern", "SERN"),
            ("\u{587}", "\u{535}\u{552}"),
            ("\u{1c5}", "D\u{17d}"),
            ("\u{212a}elvin", "kelvin"),
            ("\u{2168}", "ix"),
        ] {
            let words = SearchWords::new("x@b.test", [None, Some(kept), None]);
            assert!(finds(sought, &words.kept()), "{sought} of {kept}: {}", words.kept());
        }
    }

    #[test]
    fn every_letter_is_the_same_in_capitals_and_without() {
        let folds = |letters: &mut dyn Iterator<Item = char>| folded(&letters.collect::<String>());
        for letter in ('\0'..=char::MAX).filter(|c| c.is_alphanumeric()) {
            let once = folded(&letter.to_string());
            assert_eq!(folded(&once), once, "{letter}");
            // An iota below is an accent where it is small, and a letter of its own among capitals.
            if letter.nfd().all(|c| c != '\u{345}') {
                assert_eq!(folds(&mut letter.to_uppercase()), once, "{letter}");
                assert_eq!(folds(&mut letter.to_lowercase()), once, "{letter}");
            }
        }
    }

    proptest! {
        #[test]
        fn ascii_is_folded_as_any_text_is(text in "\\PC{0,20}|[\\x00-\\x7f]{0,30}") {
            prop_assert_eq!(folded(&text), folded_by_letter(&text));
        }

        #[test]
        fn whoever_has_a_word_is_found_by_every_beginning_of_it(
            local in "[a-zA-Z0-9.+_-]{1,8}", name in "\\PC{0,30}", organisation in "\\PC{0,30}"
        ) {
            let email = format!("x{local}@a.b.test");
            let words = SearchWords::new(&email, [Some(&name), Some(&organisation), None]);
            prop_assert_eq!(&SearchWords::read(&words.kept()), &words);
            for word in chunks(&folded(&name)).chain(chunks(&folded(&organisation))).chain([folded(&email)]) {
                for end in word.char_indices().map(|(at, c)| at + c.len_utf8()) {
                    let Ok(sought) = Sought::parse(&word[..end]) else { continue };
                    for one in sought {
                        prop_assert!(words.kept().contains(&one.within_kept()), "{:?}", one);
                    }
                }
            }
        }
    }
}
