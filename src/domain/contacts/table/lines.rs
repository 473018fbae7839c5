//! The lines of a text as people's programs save it: UTF-8 or UTF-16, each line ended by LF, CRLF or CR.

use std::io::{self, ErrorKind, Read};

use crate::domain::contacts::table::error::TableError;

/// The longest line, and the longest row, in bytes of UTF-8: cells of one line each are far below.
pub(super) const LONGEST: usize = 64 * 1024;
const BUFFER: usize = 8 * 1024;

/// One line without its end.
#[derive(Debug)]
pub(super) struct Line {
    /// Its number in the file.
    pub number: u64,
    /// Its bytes: UTF-8, unless the file is in some other encoding.
    pub text: Vec<u8>,
    /// Whether it is longer than [`LONGEST`]; its bytes are let go then.
    pub too_long: bool,
}

impl Line {
    pub(super) fn is_blank(&self) -> bool {
        !self.too_long && is_blank(&self.text)
    }
}

/// Whether there is nothing to be seen in it.
pub(super) fn is_blank(text: &[u8]) -> bool {
    let unseen = |c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}');
    text.is_empty() || str::from_utf8(text).is_ok_and(|text| text.chars().all(unseen))
}

#[derive(Debug)]
enum Encoding {
    /// UTF-8, or whatever else is in bytes.
    Bytes,
    /// UTF-16, and what of a character did not come yet.
    Units { big_endian: bool, half: Option<u8>, high: Option<u16> },
}

/// Reads lines in little memory, however long the text or one of them is.
pub(super) struct Lines<R> {
    source: R,
    encoding: Encoding,
    /// What was read and decoded, from `at` on.
    text: Vec<u8>,
    at: usize,
    /// Whether a CR alone ends a line.
    by_returns: bool,
    after_return: bool,
    number: u64,
    read: u64,
}

impl<R: Read> Lines<R> {
    /// Finds out in what encoding the text is, and how its lines end.
    pub(super) fn begin(source: R) -> Result<Self, TableError> {
        let mut lines = Self {
            source,
            encoding: Encoding::Bytes,
            text: Vec::new(),
            at: 0,
            by_returns: false,
            after_return: false,
            number: 0,
            read: 0,
        };
        while lines.text.len() < 4 && lines.more()? {}
        let head = std::mem::take(&mut lines.text);
        let (big_endian, mark) = match head[..] {
            [b'P', b'K', 3, 4, ..] => return Err(TableError::Packed),
            [0xef, 0xbb, 0xbf, ..] => (None, 3),
            [0xff, 0xfe, ..] => (Some(false), 2),
            [0xfe, 0xff, ..] => (Some(true), 2),
            // Without a mark: what stands in a header has no other characters of two such bytes.
            [0, second, ..] if second != 0 => (Some(true), 0),
            [first, 0, ..] if first != 0 => (Some(false), 0),
            _ => (None, 0),
        };
        if let Some(big_endian) = big_endian {
            lines.encoding = Encoding::Units { big_endian, half: None, high: None };
        }
        lines.decode(&head[mark..]);
        while !lines.shows_an_end() && lines.more()? {}
        let first = lines.text.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let is_return =
            |at: usize| lines.text[at] == b'\r' && lines.text.get(at + 1) != Some(&b'\n');
        lines.by_returns = first.is_some_and(is_return);
        Ok(lines)
    }

    /// How many bytes were read.
    pub(super) fn read(&self) -> u64 {
        self.read
    }

    pub(super) fn into_source(self) -> R {
        self.source
    }

    /// Whether enough was read to tell how the first line ends.
    fn shows_an_end(&self) -> bool {
        let end = self.text.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        self.text.len() > LONGEST || end.is_some_and(|at| at + 1 < self.text.len())
    }

    /// The next line; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        let mut line = Line { number: self.number + 1, text: Vec::new(), too_long: false };
        let mut begun = false;
        loop {
            if self.at == self.text.len() {
                if self.more()? {
                    continue;
                }
                if !begun {
                    return Ok(None);
                }
                break;
            }
            if std::mem::take(&mut self.after_return) && self.text[self.at] == b'\n' {
                self.at += 1;
                continue;
            }
            begun = true;
            let rest = &self.text[self.at..];
            let ends = |byte: &u8| *byte == b'\n' || (self.by_returns && *byte == b'\r');
            let end = rest.iter().position(ends);
            let part = &rest[..end.unwrap_or(rest.len())];
            if line.too_long || line.text.len() + part.len() > LONGEST {
                line.too_long = true;
                line.text = Vec::new();
            } else {
                line.text.extend_from_slice(part);
            }
            if let Some(end) = end {
                self.after_return = rest[end] == b'\r';
                self.at += end + 1;
                break;
            }
            self.at = self.text.len();
        }
        if !self.by_returns && line.text.last() == Some(&b'\r') {
            line.text.pop();
        }
        self.number = line.number;
        Ok(Some(line))
    }

    /// Reads on; `false` at the end. It may be that nothing whole came.
    fn more(&mut self) -> io::Result<bool> {
        self.text.drain(..self.at);
        self.at = 0;
        let mut raw = [0; BUFFER];
        let read = loop {
            match self.source.read(&mut raw) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        if read == 0 {
            return Ok(self.close());
        }
        self.read += read as u64;
        self.decode(&raw[..read]);
        Ok(true)
    }

    fn decode(&mut self, raw: &[u8]) {
        let Encoding::Units { big_endian, half, high } = &mut self.encoding else {
            self.text.extend_from_slice(raw);
            return;
        };
        for byte in raw {
            let Some(first) = half.take() else {
                *half = Some(*byte);
                continue;
            };
            let pair = [first, *byte];
            let unit =
                if *big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
            let waiting = high.take();
            if (0xd800..0xdc00).contains(&unit) {
                *high = Some(unit);
                if waiting.is_some() {
                    push(&mut self.text, char::REPLACEMENT_CHARACTER);
                }
            } else {
                for decoded in char::decode_utf16(waiting.into_iter().chain([unit])) {
                    push(&mut self.text, decoded.unwrap_or(char::REPLACEMENT_CHARACTER));
                }
            }
        }
    }

    /// At the end of the source: whether a character was cut short there.
    fn close(&mut self) -> bool {
        let Encoding::Units { half, high, .. } = &mut self.encoding else { return false };
        let was_cut = half.take().is_some() | high.take().is_some();
        if was_cut {
            push(&mut self.text, char::REPLACEMENT_CHARACTER);
        }
        was_cut
    }
}

fn push(text: &mut Vec<u8>, c: char) {
    text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Slowly<'a>(&'a [u8]);

    impl Read for Slowly<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            (buffer[0], self.0) = (*first, rest);
            Ok(1)
        }
    }

    fn lines(bytes: &[u8]) -> Vec<String> {
        let all = |mut lines: Lines<Box<dyn Read + '_>>| {
            let mut all = Vec::new();
            while let Some(line) = lines.next().unwrap() {
                assert_eq!(line.number, all.len() as u64 + 1);
                all.push(String::from_utf8_lossy(&line.text).into_owned());
            }
            all
        };
        let at_once = all(Lines::begin(Box::new(bytes) as Box<dyn Read>).unwrap());
        let slowly = all(Lines::begin(Box::new(Slowly(bytes)) as Box<dyn Read>).unwrap());
        assert_eq!(at_once, slowly);
        at_once
    }

    fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn lines_end_as_the_first_one_does() {
        for text in ["a\nb\n\nc", "a\r\nb\r\n\r\nc\r\n", "a\rb\r\rc\r", "a\rb\r\n\rc"] {
            assert_eq!(lines(text.as_bytes()), ["a", "b", "", "c"], "{text:?}");
        }
        // A CR within a line that ends otherwise stays for whoever reads the cell.
        assert_eq!(lines(b"a\nb\rc\n"), ["a", "b\rc"]);
        assert_eq!(lines(b""), [""; 0]);
        assert_eq!(lines(b"\r"), [""]);
        assert_eq!(lines("\u{feff}ä".as_bytes()), ["ä"]);
    }

    #[test]
    fn utf_16_is_read_with_its_mark_and_without() {
        let text = "Zoë\r\n李\u{1f469}\r\n";
        for marked in [format!("\u{feff}{text}"), text.to_owned()] {
            assert_eq!(lines(&utf16(&marked, u16::to_le_bytes)), ["Zoë", "李\u{1f469}"]);
            assert_eq!(lines(&utf16(&marked, u16::to_be_bytes)), ["Zoë", "李\u{1f469}"]);
        }
        // What is cut or halved is seen, and swallows nothing.
        let mut cut = utf16("a\nb", u16::to_le_bytes);
        cut.push(0x41);
        assert_eq!(lines(&cut), ["a", "b\u{fffd}"]);
        let halves: Vec<u8> = [0x61, 0xd83d, 0xd83d, 0xdc69, 0xdc69, 0xd83d]
            .into_iter()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(lines(&halves), ["a\u{fffd}\u{1f469}\u{fffd}\u{fffd}"]);
    }

    #[test]
    fn a_line_that_is_too_long_is_let_go_and_the_next_is_read() {
        let text = format!("a\n{}\nb\n", "x".repeat(LONGEST + 1));
        let mut lines = Lines::begin(text.as_bytes()).unwrap();
        assert_eq!(lines.next().unwrap().unwrap().text, b"a");
        let long = lines.next().unwrap().unwrap();
        assert!(long.too_long && long.text.is_empty() && !long.is_blank());
        assert_eq!(lines.next().unwrap().unwrap().text, b"b");
        assert!(lines.text.capacity() <= 4 * LONGEST);
    }

    #[test]
    fn an_archive_is_no_text() {
        assert!(matches!(Lines::begin(&b"PK\x03\x04workbook"[..]), Err(TableError::Packed)));
    }
}
