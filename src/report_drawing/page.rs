//! One page becomes two pictures.

use std::io;
use std::path::Path;

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::page::Page;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, overlay, resize};
use image::{ImageError, Rgb, RgbImage};

/// The file in a folder that is drawn.
pub(super) const REPORT: &str = "report.pdf";
/// What is left beside it.
pub(super) const PAGES: &str = "pages";
pub(super) const COVER: &str = "cover.jpg";
pub(super) const CARD: &str = "card.jpg";

/// The most that the first page is drawn in: an A4 page fills it.
const DRAWN: (u32, u32) = (800, 1132);
/// What of a page cannot be seen is no cover.
const LEAST: u32 = 16;
/// Pages show a cover 136 pixels wide.
const COVER_BOX: (u32, u32) = (272, 400);
/// A page of ours and all that it loads are 20 kB, of which a cover may take this.
const COVER_BYTES: usize = 12_000;
/// From good to what still shows what it is.
const COVER_QUALITIES: [u8; 5] = [75, 60, 45, 30, 15];
/// What social networks ask for.
const CARD_SIZE: (u32, u32) = (1200, 630);
const CARD_BOX: (u32, u32) = (1080, 566);
const CARD_QUALITY: u8 = 75;
const CARD_GROUND: Rgb<u8> = Rgb([0xe4, 0xe1, 0xe7]);
const CARD_EDGE: Rgb<u8> = Rgb([0xc4, 0xbf, 0xca]);

/// Why there is no picture of a report.
#[derive(Debug, thiserror::Error)]
pub enum Undrawable {
    /// It is protected, broken, or none.
    #[error("it cannot be read as a PDF")]
    NoPdf,
    /// It has none.
    #[error("it has no page that could be drawn")]
    NoPage,
    /// A picture could not be made.
    #[error("a picture could not be made")]
    Picture(#[from] ImageError),
    /// Something could not be read or written.
    #[error("a file could not be read or written")]
    File(#[from] io::Error),
}

/// Counts the pages of the report in this folder, then draws the first.
pub(super) fn draw_in(folder: &Path) -> Result<(), Undrawable> {
    let pdf = Pdf::new(std::fs::read(folder.join(REPORT))?).map_err(|_| Undrawable::NoPdf)?;
    let pages = pdf.pages();
    std::fs::write(folder.join(PAGES), pages.len().to_string())?;
    let page = draw(pages.first().ok_or(Undrawable::NoPage)?)?;
    let cover = shrink(&page, COVER_BOX);
    std::fs::write(folder.join(COVER), small(&cover)?)?;
    std::fs::write(folder.join(CARD), jpeg(&card(&page), CARD_QUALITY)?)?;
    Ok(())
}

fn draw(page: &Page<'_>) -> Result<RgbImage, Undrawable> {
    let (width, height) = page.render_dimensions();
    let scale = (pixels(DRAWN.0) / width).min(pixels(DRAWN.1) / height);
    // What is drawn into is told by these numbers, and the file may say anything.
    if !(scale.is_finite() && scale > 0.0 && width * scale >= 1.0 && height * scale >= 1.0) {
        return Err(Undrawable::NoPage);
    }
    let drawn = render(
        page,
        &RenderCache::new(),
        &InterpreterSettings::default(),
        &RenderSettings::default(),
        &PixmapSettings { x_scale: scale, y_scale: scale, bg_color: WHITE },
    );
    let (width, height) = (u32::from(drawn.width()), u32::from(drawn.height()));
    let rgb = drawn.data().iter().flat_map(|pixel| [pixel.r, pixel.g, pixel.b]).collect();
    RgbImage::from_raw(width, height, rgb)
        .filter(|_| width >= LEAST && height >= LEAST)
        .ok_or(Undrawable::NoPage)
}

fn pixels(number: u32) -> f32 {
    u16::try_from(number).map_or(f32::INFINITY, f32::from)
}

/// The picture in its proportions, as large as fits.
fn shrink(picture: &RgbImage, (most_wide, most_high): (u32, u32)) -> RgbImage {
    let (width, height) = picture.dimensions();
    // As wide as it may be, unless it is too high then.
    let (wide, high) = if height * most_wide <= most_high * width {
        (most_wide, height * most_wide / width)
    } else {
        (width * most_high / height, most_high)
    };
    resize(picture, wide.max(1), high.max(1), FilterType::Lanczos3)
}

/// The page in the middle of a card, with an edge so that a white page is seen.
fn card(page: &RgbImage) -> RgbImage {
    let mut card = RgbImage::from_pixel(CARD_SIZE.0, CARD_SIZE.1, CARD_GROUND);
    let page = shrink(page, CARD_BOX);
    let (wide, high) = page.dimensions();
    let edge = RgbImage::from_pixel(wide + 2, high + 2, CARD_EDGE);
    for picture in [&edge, &page] {
        let (wide, high) = picture.dimensions();
        let (x, y) = ((CARD_SIZE.0 - wide) / 2, (CARD_SIZE.1 - high) / 2);
        overlay(&mut card, picture, x.into(), y.into());
    }
    card
}

/// The best that is no larger than a cover may be, or the smallest.
fn small(cover: &RgbImage) -> Result<Vec<u8>, ImageError> {
    let mut packed = Vec::new();
    for quality in COVER_QUALITIES {
        packed = jpeg(cover, quality)?;
        if packed.len() <= COVER_BYTES {
            break;
        }
    }
    Ok(packed)
}

fn jpeg(picture: &RgbImage, quality: u8) -> Result<Vec<u8>, ImageError> {
    let mut packed = Vec::new();
    JpegEncoder::new_with_quality(&mut packed, quality).encode_image(picture)?;
    Ok(packed)
}
