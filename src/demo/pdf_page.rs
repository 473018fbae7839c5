//! One A4 page of the sample report: text wrapped by Helvetica's own widths, boxes and dots,
//! every piece tagged so that a screen reader knows what it is.

use pdf_writer::types::StructRole;
use pdf_writer::{Content, Name, Str};

/// Width and height of A4, in points.
pub const A4: (f32, f32) = (595.0, 842.0);
/// Left edge of the text.
pub const LEFT: f32 = 72.0;
/// Width of the text.
pub const MEASURE: f32 = 451.0;

/// A colour as red, green and blue, 0 to 1.
pub type Colour = (f32, f32, f32);
pub const PLUM: Colour = (0.290, 0.165, 0.369);
pub const INK: Colour = (0.129, 0.122, 0.149);
pub const GREY: Colour = (0.365, 0.345, 0.400);
pub const MIST: Colour = (0.902, 0.875, 0.914);
pub const LILAC: Colour = (0.718, 0.612, 0.780);
pub const PAPER: Colour = (0.969, 0.957, 0.941);
pub const WHITE: Colour = (1.0, 1.0, 1.0);

/// One of the three built-in typefaces the report is set in.
#[derive(Clone, Copy)]
pub enum Face {
    Sans,
    Bold,
    Serif,
}

impl Face {
    /// The name under which a page's resources hold the typeface.
    pub const fn resource(self) -> Name<'static> {
        match self {
            Self::Sans => Name(b"Sans"),
            Self::Bold => Name(b"Bold"),
            Self::Serif => Name(b"Serif"),
        }
    }
}

/// How a line of text is set.
#[derive(Clone, Copy)]
pub struct Type(pub Face, pub f32, pub Colour);

/// What one tagged piece of a page is.
pub struct Mark {
    pub role: StructRole,
    /// Words that stand for a picture.
    pub alt: Option<String>,
}

/// A page being drawn. Heights are measured downwards from the top edge.
pub struct Sheet {
    pub content: Content,
    pub marks: Vec<Mark>,
    next_mark: i32,
    /// Where the next block starts.
    pub y: f32,
}

impl Sheet {
    pub fn new() -> Self {
        Self { content: Content::new(), marks: Vec::new(), next_mark: 0, y: 96.0 }
    }

    /// Draws what a reader should hear, as one element of the given role.
    pub fn tagged(&mut self, role: StructRole, alt: Option<&str>, draw: impl FnOnce(&mut Self)) {
        let mut mark = self.content.begin_marked_content_with_properties(role.to_name());
        mark.properties().identify(self.next_mark);
        drop(mark);
        self.next_mark += 1;
        self.marks.push(Mark { role, alt: alt.map(str::to_owned) });
        draw(self);
        self.content.end_marked_content();
    }

    /// Draws decoration that a screen reader passes over.
    pub fn artifact(&mut self, draw: impl FnOnce(&mut Self)) {
        self.content.begin_marked_content(Name(b"Artifact"));
        draw(self);
        self.content.end_marked_content();
    }

    /// Fills a rectangle whose top left corner is given.
    pub fn fill(&mut self, colour: Colour, (x, y): (f32, f32), (width, height): (f32, f32)) {
        self.content.set_fill_rgb(colour.0, colour.1, colour.2);
        self.content.rect(x, A4.1 - y - height, width, height);
        self.content.fill_nonzero();
    }

    /// Fills a circle of radius `r` around a centre.
    pub fn dot(&mut self, colour: Colour, (x, down): (f32, f32), r: f32) {
        let (y, bend) = (A4.1 - down, r * 0.5523);
        let c = &mut self.content;
        c.set_fill_rgb(colour.0, colour.1, colour.2);
        c.move_to(x + r, y);
        c.cubic_to(x + r, y + bend, x + bend, y + r, x, y + r);
        c.cubic_to(x - bend, y + r, x - r, y + bend, x - r, y);
        c.cubic_to(x - r, y - bend, x - bend, y - r, x, y - r);
        c.cubic_to(x + bend, y - r, x + r, y - bend, x + r, y);
        c.fill_nonzero();
    }

    /// Sets one line of text on the baseline at `y`.
    pub fn line(&mut self, Type(face, size, colour): Type, (x, y): (f32, f32), text: &str) {
        let c = &mut self.content;
        c.set_fill_rgb(colour.0, colour.1, colour.2);
        c.begin_text().set_font(face.resource(), size);
        c.next_line(x, A4.1 - y).show(Str(&encode(text))).end_text();
    }

    /// Sets wrapped Helvetica from `y` on and returns the baseline after the last line.
    pub fn block(&mut self, kind: Type, (x, mut y): (f32, f32), width: f32, text: &str) -> f32 {
        for line in wrap(text, kind.1, width) {
            self.line(kind, (x, y), &line);
            y += kind.1 * 1.5;
        }
        y
    }

    /// A chapter's heading: large, with a short rule above.
    pub fn heading(&mut self, text: &str) {
        let y = self.y;
        self.artifact(|s| s.fill(PLUM, (LEFT, y - 24.0), (44.0, 4.0)));
        self.tagged(StructRole::H1, None, |s| {
            s.line(Type(Face::Serif, 30.0, INK), (LEFT, y + 16.0), text);
        });
        self.y += 62.0;
    }

    /// A heading within a chapter.
    pub fn subheading(&mut self, text: &str) {
        let y = self.y + 14.0;
        self.tagged(StructRole::H2, None, |s| {
            s.line(Type(Face::Bold, 13.0, PLUM), (LEFT, y), text);
        });
        self.y += 36.0;
    }

    /// The opening paragraph of a chapter, a little larger.
    pub fn lead(&mut self, text: &str) {
        self.wrapped(Type(Face::Sans, 14.0, PLUM), text);
        self.y += 6.0;
    }

    /// A paragraph.
    pub fn body(&mut self, text: &str) {
        self.wrapped(Type(Face::Sans, 11.0, INK), text);
    }

    fn wrapped(&mut self, kind: Type, text: &str) {
        let y = self.y;
        self.tagged(StructRole::P, None, |s| {
            s.y = s.block(kind, (LEFT, y), MEASURE, text);
        });
        self.y += 8.0;
    }

    /// The running foot: title on the left, page number on the right.
    pub fn foot(&mut self, title: &str, number: usize) {
        let kind = Type(Face::Sans, 9.0, GREY);
        let number = number.to_string();
        let right = LEFT + MEASURE - width(&number, 9.0);
        self.artifact(|s| {
            s.fill(MIST, (LEFT, 778.0), (MEASURE, 0.75));
            s.line(kind, (LEFT, 796.0), title);
            s.line(kind, (right, 796.0), &number);
        });
    }
}

/// Breaks a text into lines no wider than `measure` when set in Helvetica.
pub fn wrap(text: &str, size: f32, measure: f32) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if line.is_empty() || width(&longer, size) <= measure {
            line = longer;
        } else {
            lines.push(std::mem::replace(&mut line, word.to_owned()));
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// How wide a text is in Helvetica of the given size.
pub fn width(text: &str, size: f32) -> f32 {
    text.chars().map(|c| f32::from(advance(c))).sum::<f32>() * size / 1000.0
}

/// Helvetica's advance width of a character, in thousandths of its size.
fn advance(c: char) -> u16 {
    match c {
        '\u{2018}' | '\u{2019}' | 'i' | 'j' | 'l' => 222,
        '\'' => 191,
        '|' => 260,
        ' ' | '!' | ',' | '.' | '/' | ':' | ';' | 'I' | '[' | '\\' | ']' | 'f' | 't' => 278,
        '(' | ')' | '-' | '`' | 'r' | '\u{201C}' | '\u{201D}' => 333,
        '{' | '}' => 334,
        '\u{2022}' => 350,
        '"' => 355,
        '*' => 389,
        '^' => 469,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' | 'J' => 500,
        '+' | '<' | '=' | '>' | '~' => 584,
        'F' | 'T' | 'Z' => 611,
        '&' | 'A' | 'B' | 'E' | 'K' | 'P' | 'S' | 'V' | 'X' | 'Y' => 667,
        'C' | 'D' | 'H' | 'N' | 'R' | 'U' | 'w' => 722,
        'G' | 'O' | 'Q' => 778,
        'M' | 'm' => 833,
        '%' => 889,
        'W' => 944,
        '\u{2014}' | '\u{2026}' => 1000,
        '@' => 1015,
        _ => 556,
    }
}

/// The text in Windows-1252, the encoding the built-in typefaces are used with.
fn encode(text: &str) -> Vec<u8> {
    text.chars().map(code).collect()
}

fn code(c: char) -> u8 {
    match c {
        '\u{2026}' => 0x85,
        '\u{2018}' => 0x91,
        '\u{2019}' => 0x92,
        '\u{201C}' => 0x93,
        '\u{201D}' => 0x94,
        '\u{2022}' => 0x95,
        '\u{2013}' => 0x96,
        '\u{2014}' => 0x97,
        '\u{80}'..='\u{9F}' => b'?',
        _ => u8::try_from(u32::from(c)).unwrap_or(b'?'),
    }
}

#[cfg(test)]
mod tests {
    use super::{encode, width, wrap};

    #[test]
    fn wraps_within_the_measure_and_loses_no_word() {
        let text = "Seventy-five councils said where they stand, and who stands behind the work.";
        let lines = wrap(text, 11.0, 120.0);
        assert!(lines.len() > 2);
        assert!(lines.iter().all(|line| width(line, 11.0) <= 120.0));
        assert_eq!(lines.join(" "), text);
    }

    #[test]
    fn writes_windows_1252() {
        assert_eq!(encode("£5 – it’s 日"), b"\xA35 \x96 it\x92s ?");
    }
}
