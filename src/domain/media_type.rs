//! What kind of file this is, by its first bytes, never by its name.

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
pub const HEAD_LENGTH: usize = 64;

const PDF: MediaType = MediaType { name: "application/pdf", format: "PDF", ending: "pdf" };
const EPUB: MediaType = MediaType { name: "application/epub+zip", format: "EPUB", ending: "epub" };
const ZIP: MediaType = MediaType { name: "application/zip", format: "ZIP", ending: "zip" };
const PNG: MediaType = MediaType { name: "image/png", format: "PNG", ending: "png" };
const JPEG: MediaType = MediaType { name: "image/jpeg", format: "JPEG", ending: "jpg" };
const WEBP: MediaType = MediaType { name: "image/webp", format: "WebP", ending: "webp" };

impl MediaType {
    /// The kind of a report file: PDF, EPUB or ZIP (which office documents are too).
    #[must_use]
    pub fn of_report(head: &[u8]) -> Option<Self> {
        match head {
            _ if head.starts_with(b"%PDF-") => Some(PDF),
            _ if head.starts_with(b"PK\x03\x04")
                && head.get(30..58) == Some(b"mimetypeapplication/epub+zip") =>
            {
                Some(EPUB)
            }
            _ if head.starts_with(b"PK\x03\x04") => Some(ZIP),
            _ => None,
        }
    }

    /// The kind of a cover picture: PNG, JPEG or WebP.
    #[must_use]
    pub fn of_cover(head: &[u8]) -> Option<Self> {
        match head {
            _ if head.starts_with(b"\x89PNG\r\n\x1a\n") => Some(PNG),
            _ if head.starts_with(b"\xff\xd8\xff") => Some(JPEG),
            _ if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") => Some(WEBP),
            _ => None,
        }
    }

    /// The kind that carries this media type.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [PDF, EPUB, ZIP, PNG, JPEG, WEBP].into_iter().find(|kind| kind.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::MediaType;

    #[test]
    fn goes_by_first_bytes() {
        assert_eq!(MediaType::of_report(b"%PDF-1.7\n").unwrap().format, "PDF");
        assert_eq!(MediaType::of_report(b"PK\x03\x04rest").unwrap().format, "ZIP");
        for wrong in [&b""[..], b"<html>", b"MZ", b"%PD", b"\x89PNG\r\n\x1a\n"] {
            assert_eq!(MediaType::of_report(wrong), None);
        }
        assert_eq!(MediaType::of_cover(b"\x89PNG\r\n\x1a\n").unwrap().ending, "png");
        assert_eq!(MediaType::of_cover(b"<svg onload=alert(1)>"), None);
    }
}
