//! What kind of file this is, by its first bytes, never by its name.

use std::str::FromStr;

/// A kind of file that can be offered as a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaType {
    /// The media type sent with it.
    pub name: &'static str,
    /// How people call it.
    pub format: &'static str,
    /// The ending of its name.
    pub ending: &'static str,
}

/// How many first bytes [`MediaType::of_report`] and [`MediaType::of_cover`] want to see.
pub const HEAD_LENGTH: usize = 1024;

const PDF: MediaType = MediaType { name: "application/pdf", format: "PDF", ending: "pdf" };
const EPUB: MediaType = MediaType { name: "application/epub+zip", format: "EPUB", ending: "epub" };
const ZIP: MediaType = MediaType { name: "application/zip", format: "ZIP", ending: "zip" };
const PNG: MediaType = MediaType { name: "image/png", format: "PNG", ending: "png" };
const WEBP: MediaType = MediaType { name: "image/webp", format: "WebP", ending: "webp" };

impl MediaType {
    /// A photograph, or a page that was drawn.
    pub const JPEG: Self = Self { name: "image/jpeg", format: "JPEG", ending: "jpg" };

    /// The kind of a report file: PDF, EPUB or ZIP (which office documents are too). A PDF may have some bytes in front of
    /// its header, such as a byte order mark or a line of whatever made it: readers look for it in the first 1,024
    /// bytes (ISO 32000-1, Annex H.3, note 13), unless these begin as another kind.
    #[must_use]
    pub fn of_report(head: &[u8]) -> Option<Self> {
        match head {
            _ if head.starts_with(b"PK\x03\x04")
                && head.get(30..58) == Some(b"mimetypeapplication/epub+zip") =>
            {
                Some(EPUB)
            }
            _ if head.starts_with(b"PK\x03\x04") => Some(ZIP),
            _ if Self::of_cover(head).is_some() => None,
            _ if has_pdf_header(head) => Some(PDF),
            _ => None,
        }
    }

    /// The kind of a cover picture: PNG, JPEG or WebP.
    #[must_use]
    pub fn of_cover(head: &[u8]) -> Option<Self> {
        match head {
            _ if head.starts_with(b"\x89PNG\r\n\x1a\n") => Some(PNG),
            _ if head.starts_with(b"\xff\xd8\xff") => Some(MediaType::JPEG),
            _ if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") => Some(WEBP),
            _ => None,
        }
    }
}

/// No file of such a kind is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no kind of file that is offered")]
pub struct UnknownMediaType;

/// The kind that carries this media type.
impl FromStr for MediaType {
    type Err = UnknownMediaType;
    fn from_str(name: &str) -> Result<Self, UnknownMediaType> {
        let mut all = [PDF, EPUB, ZIP, PNG, MediaType::JPEG, WEBP].into_iter();
        all.find(|kind| kind.name == name).ok_or(UnknownMediaType)
    }
}

impl AsRef<str> for MediaType {
    fn as_ref(&self) -> &str {
        self.name
    }
}

/// Whether the header of a PDF stands in these bytes: at their begin, or further on with its version.
fn has_pdf_header(head: &[u8]) -> bool {
    let head = &head[..head.len().min(HEAD_LENGTH)];
    let is_header = |bytes: &[u8]| bytes.starts_with(b"%PDF-") && bytes[5].is_ascii_digit();
    head.starts_with(b"%PDF-") || head.windows(6).any(is_header)
}

#[cfg(test)]
mod tests {
    use super::{HEAD_LENGTH, MediaType};

    #[test]
    fn goes_by_first_bytes() {
        assert_eq!(MediaType::of_report(b"%PDF-1.7\n").unwrap().format, "PDF");
        assert_eq!(MediaType::of_report(b"PK\x03\x04rest").unwrap().format, "ZIP");
        for wrong in [&b""[..], b"<html>", b"MZ", b"%PD", b"\x89PNG\r\n\x1a\n"] {
            assert_eq!(MediaType::of_report(wrong), None);
        }
        assert_eq!(MediaType::of_report(b"GIF89a, and how to write %PDF- in one"), None);
        assert_eq!(MediaType::of_cover(b"\x89PNG\r\n\x1a\n").unwrap().ending, "png");
        assert_eq!(MediaType::of_cover(b"<svg onload=alert(1)>"), None);
    }
    #[test]
    fn a_pdf_may_begin_with_other_bytes() {
        for before in
            [&b"\xef\xbb\xbf"[..], b"\r\n", b"\0", b"HTTP/1.1 200 OK\r\n\r\n", &[b' '; 1018]]
        {
            let file = [before, b"%PDF-1.7\n%"].concat();
            assert_eq!(
                MediaType::of_report(&file).map(|kind| kind.format),
                Some("PDF"),
                "{before:?}"
            );
        }
        let late = [&[b' '; HEAD_LENGTH - 5][..], b"%PDF-1.7\n"].concat();
        assert_eq!(MediaType::of_report(&late), None);
        // What begins as another kind is that kind, whatever stands in it.
        let inside = [b"PK\x03\x04".as_slice(), &[0; 30], b"a.pdf%PDF-1.7\n"].concat();
        assert_eq!(MediaType::of_report(&inside).unwrap().format, "ZIP");
        for picture in [b"\x89PNG\r\n\x1a\n%PDF-1.7".as_slice(), b"\xff\xd8\xff%PDF-1.7"] {
            assert_eq!(MediaType::of_report(picture), None);
        }
    }
}
