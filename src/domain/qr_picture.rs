//! Pictures of squares that cameras read (QR codes).

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

/// A picture of squares that a camera reads.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Picture {
    /// How many squares its sides have, the quiet edge of four counted.
    pub size: usize,
    /// The dark squares, as the path of an SVG.
    pub path: String,
}

impl Picture {
    /// The picture of a text; `None` when it is too long for one.
    #[must_use]
    pub fn for_text(text: &str) -> Option<Self> {
        const EDGE: usize = 4;
        let picture = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let width = picture.width();
        let mut path = String::new();
        for (at, color) in picture.to_colors().iter().enumerate() {
            if *color == Color::Dark {
                let (x, y) = (at % width + EDGE, at / width + EDGE);
                // Writing to a text cannot fail.
                let _ = write!(path, "M{x} {y}h1v1h-1z");
            }
        }
        Some(Self { size: width + 2 * EDGE, path })
    }

    /// The same as a file of its own, black on white.
    #[must_use]
    pub fn svg(&self) -> String {
        let Self { size, path } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size} {size}\" shape-rendering=\"crispEdges\">\
             <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><path d=\"{path}\"/></svg>"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_its_corners() {
        let picture = Picture::for_text("otpauth://totp/x").unwrap();
        assert!(picture.path.starts_with("M4 4h1v1h-1zM5 4h1v1h-1z"), "the finder at the top left");
        assert!(picture.size >= 29);
        assert!(Picture::for_text(&"x".repeat(10_000)).is_none());
    }
}
