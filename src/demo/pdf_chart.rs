//! The sample report's charts, drawn as plain shapes with the numbers beside them.

use pdf_writer::types::StructRole;

use super::pdf_page::{
    A4, Colour, Face, GREY, INK, LEFT, LILAC, MEASURE, MIST, PLUM, Sheet, Type, WHITE, width,
};

/// Horizontal bars, one for each group, on a scale of 0 to 100%.
pub fn bars(sheet: &mut Sheet, alt: &str, rows: &[(&str, u8)]) {
    let top = sheet.y;
    sheet.tagged(StructRole::Figure, Some(alt), |s| {
        let mut y = top;
        for &(label, percent) in rows {
            let share = MEASURE * f32::from(percent) / 100.0;
            s.line(Type(Face::Sans, 11.0, INK), (LEFT, y), label);
            s.fill(MIST, (LEFT, y + 8.0), (MEASURE, 26.0));
            s.fill(PLUM, (LEFT, y + 8.0), (share, 26.0));
            let value = Type(Face::Bold, 15.0, INK);
            s.line(value, (LEFT + share + 8.0, y + 26.5), &format!("{percent}%"));
            y += 62.0;
        }
        let scale = Type(Face::Sans, 9.0, GREY);
        s.line(scale, (LEFT, y - 10.0), "0%");
        let end = LEFT + MEASURE - width("100%", 9.0);
        s.line(scale, (end, y - 10.0), "100%");
        s.y = y + 30.0;
    });
}

/// One bar cut into shares of a hundred, each with its number and a key below.
pub fn shares(sheet: &mut Sheet, alt: &str, parts: &[(&str, u8)]) {
    let top = sheet.y;
    let colours = [(PLUM, WHITE), (LILAC, INK), (MIST, INK)];
    sheet.tagged(StructRole::Figure, Some(alt), |s| {
        let (mut x, mut key) = (LEFT, top + 82.0);
        for (&(label, percent), (colour, ink)) in parts.iter().zip(colours) {
            let share = MEASURE * f32::from(percent) / 100.0;
            s.fill(colour, (x, top), (share - 2.0, 54.0));
            let value = Type(Face::Bold, 18.0, ink);
            s.line(value, (x + 12.0, top + 33.0), &format!("{percent}%"));
            s.fill(colour, (LEFT, key - 9.0), (11.0, 11.0));
            s.line(Type(Face::Sans, 11.0, INK), (LEFT + 20.0, key), label);
            x += share;
            key += 20.0;
        }
        s.y = key + 16.0;
    });
}

/// A square of a hundred dots, `filled` of them in the accent colour, with its number beside it.
pub fn hundred(sheet: &mut Sheet, alt: &str, filled: u8, words: &str) {
    let top = sheet.y;
    sheet.tagged(StructRole::Figure, Some(alt), |s| {
        grid(s, (LEFT + 6.0, top + 6.0), 14.6, (100, 10), |n| if n < filled { PLUM } else { MIST });
        let value = Type(Face::Serif, 64.0, PLUM);
        s.line(value, (LEFT + 178.0, top + 64.0), &format!("{filled}%"));
        let beside = Type(Face::Sans, 12.0, INK);
        s.block(beside, (LEFT + 180.0, top + 92.0), 250.0, words);
        s.y = top + 176.0;
    });
}

/// The cover's picture: one dot for every council that took part.
pub fn councils(sheet: &mut Sheet, count: u8) {
    sheet.artifact(|s| {
        grid(s, (LEFT + 10.4, A4.1 - 276.0), 30.7, (count, 15), |_| LILAC);
    });
}

/// Dots row by row: how many in all and in a row, and the colour of the nth.
fn grid(
    sheet: &mut Sheet,
    (left, top): (f32, f32),
    step: f32,
    (count, columns): (u8, u8),
    colour: impl Fn(u8) -> Colour,
) {
    for n in 0..count {
        let (column, row) = (f32::from(n % columns), f32::from(n / columns));
        let centre = (left + column * step, top + row * step);
        sheet.dot(colour(n), centre, step * 0.34);
    }
}
