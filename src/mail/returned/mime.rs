//! A message taken apart. Anybody may send anything here, so it is read flat: heads are parsed, and the parts told
//! apart to a fixed depth and number. What is returned inside a report is not looked into.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{HeaderName, Message, MessageParser, MimeHeaders};

/// No honest head is longer.
const LONGEST_HEAD: usize = 64 * 1024;
/// A report has three parts: for people, for programs, and what it is about; a picture or two beside the first.
const MOST_PARTS: usize = 16;
/// Parts within parts: what is for people lies three deep at Google's.
const DEEPEST: usize = 4;

/// Base64 that was cut short, or whose padding a gateway dropped, is still read.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A message, its parts told apart.
pub(super) struct Letter<'a> {
    /// Its head.
    pub(super) head: Message<'a>,
    /// Its parts that are not multipart themselves, in their order.
    pub(super) parts: Vec<Part<'a>>,
}

/// A part that has no parts.
pub(super) struct Part<'a> {
    /// Its media type, in lower case.
    kind: String,
    /// How it is encoded for the way, in lower case.
    encoding: String,
    /// As it came.
    body: &'a [u8],
}

impl<'a> Letter<'a> {
    /// `None` when there is no head.
    pub(super) fn parse(message: &'a [u8]) -> Option<Self> {
        let (head, body) = split(message);
        let head = parse(head)?;
        let mut parts = Vec::new();
        collect(Some(&head), body, DEEPEST, &mut parts);
        Some(Self { head, parts })
    }

    /// Whether it calls itself a report (RFC 6522).
    pub(super) fn is_report(&self) -> bool {
        kind_of(Some(&self.head)) == "multipart/report"
    }

    /// The parts of these media types.
    pub(super) fn of_kind<'p>(&'p self, kinds: &'p [&str]) -> impl Iterator<Item = &'p Part<'a>> {
        self.parts.iter().filter(|part| kinds.contains(&part.kind.as_str()))
    }
}

impl<'a> Part<'a> {
    /// What it holds; as it came where it is encoded wrongly.
    pub(super) fn decoded(&self) -> Cow<'a, [u8]> {
        let decoded = match self.encoding.as_str() {
            "base64" => from_base64(self.body),
            "quoted-printable" => quoted_printable_decode(self.body),
            _ => None,
        };
        decoded.map_or(Cow::Borrowed(self.body), Cow::Owned)
    }

    /// The text it holds.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.decoded()).into_owned()
    }

    /// Whether it is HTML.
    pub(super) fn is_html(&self) -> bool {
        self.kind == "text/html"
    }
}

fn collect<'a>(
    head: Option<&Message<'a>>,
    body: &'a [u8],
    depth: usize,
    found: &mut Vec<Part<'a>>,
) {
    let mut kind = kind_of(head);
    if kind.starts_with("multipart/") {
        let boundary = head.and_then(|head| head.content_type()?.attribute("boundary"));
        let parts = boundary.map(|boundary| parts(body, boundary)).unwrap_or_default();
        for part in &parts {
            if depth > 0 && found.len() < MOST_PARTS {
                let (head, body) = split(part);
                collect(parse(head).as_ref(), body, depth - 1, found);
            }
        }
        if !parts.is_empty() {
            return;
        }
        // Its boundaries were lost on the way: what is left is text.
        "text/plain".clone_into(&mut kind);
    }
    let encoding = head.and_then(|head| field(head, "Content-Transfer-Encoding"));
    let encoding = encoding.unwrap_or_default().trim().to_ascii_lowercase();
    found.push(Part { kind, encoding, body });
}

/// The media type that a head names, in lower case; without one it is plain text (RFC 2045 §5.2).
fn kind_of(head: Option<&Message<'_>>) -> String {
    let named = head.and_then(|head| {
        let kind = head.content_type()?;
        Some(format!("{}/{}", kind.ctype(), kind.subtype()?).to_ascii_lowercase())
    });
    named.unwrap_or_else(|| "text/plain".to_owned())
}

fn from_base64(body: &[u8]) -> Option<Vec<u8>> {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let mut letters: Vec<u8> = body.iter().copied().filter(is_letter).collect();
    if letters.len() % 4 == 1 {
        letters.pop();
    }
    LENIENT.decode(letters).ok()
}

/// Head and body, parted by the first empty line.
pub(super) fn split(message: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if line == b"\n" || line == b"\r\n" {
            break;
        }
    }
    message.split_at(at)
}

/// The fields of a head; `None` when there are none.
pub(super) fn parse(head: &[u8]) -> Option<Message<'_>> {
    let parser = MessageParser::new().header_content_type(HeaderName::ContentType);
    parser.parse_headers(head.get(..LONGEST_HEAD).unwrap_or(head))
}

/// The parts between the boundary lines (RFC 2046 §5.1.1); the last one may be cut short.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let (next, last) = (format!("--{boundary}"), format!("--{boundary}--"));
    let (mut parts, mut begin, mut at) = (Vec::new(), None, 0);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let marker = line.trim_ascii_end();
        let ends = marker == last.as_bytes();
        if ends || marker == next.as_bytes() {
            parts.extend(begin.map(|begin| &body[begin..at]));
            begin = Some(at + line.len()).filter(|_| !ends);
            if ends || parts.len() == MOST_PARTS {
                return parts;
            }
        }
        at += line.len();
    }
    parts.extend(begin.map(|begin| &body[begin..]));
    parts
}

/// What stands in the fields of this name.
pub(super) fn fields<'m>(
    head: &'m Message<'_>,
    name: &'m str,
) -> impl Iterator<Item = &'m str> + use<'m> {
    let named = head.headers().iter().filter(move |field| field.name().eq_ignore_ascii_case(name));
    named.filter_map(|field| field.value().as_text())
}

/// What stands in the first field of this name.
pub(super) fn field<'m>(head: &'m Message<'_>, name: &'m str) -> Option<&'m str> {
    fields(head, name).next()
}

/// The first word of a field, in lower case; a comment may follow it.
pub(super) fn word(head: &Message<'_>, name: &str) -> String {
    let text = field(head, name).unwrap_or_default();
    let word = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next();
    word.unwrap_or_default().to_ascii_lowercase()
}

/// Whatever may be an address in these fields.
pub(super) fn mailboxes(head: &Message<'_>, name: &str) -> Vec<String> {
    const BETWEEN: [char; 14] =
        [' ', '\t', '\r', '\n', ',', ';', '<', '>', '"', '=', '(', ')', '[', ']'];
    let words = fields(head, name).flat_map(|text| text.split(BETWEEN));
    words.filter(|word| word.contains('@')).map(ToOwned::to_owned).collect()
}
