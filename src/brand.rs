//! The publisher's colour, logo and icon on readers' pages.

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::catalog::media_type::MediaType;
use crate::domain::colour::{Colour, NoColour};

/// What text needs (WCAG 2.2, 1.4.3).
const READABLE: f64 = 4.5;
/// What is behind text on readers' pages, as `assets/brand.css` has it.
const PAPER: Colour = Colour::rgb(0xfb, 0xf9, 0xf5);
const DARK_PAPER: Colour = Colour::rgb(0x17, 0x15, 0x1a);
const DARK_SURFACE: Colour = Colour::rgb(0x20, 0x1d, 0x25);

/// The logo comes with the stylesheet, so that pages ask for no more files.
const LOGO_MAX: usize = 8 * 1024;
/// The icon comes with every page.
const ICON_MAX: usize = 4 * 1024;
/// No icon, which browsers would ask for otherwise.
const NO_ICON: &str = "data:,";

/// A colour that text can be read in, on light paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrandColour(Colour);

/// A colour that is none for a brand.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BrandColourError {
    /// It is written as none.
    #[error(transparent)]
    NoColour(#[from] NoColour),
    /// Text in it is read by too few.
    #[error(
        "text in {0} has a contrast of {1:.1} to 1 on our pages and needs {READABLE} to 1 (WCAG 2.2, 1.4.3): \
         choose a darker one"
    )]
    Pale(Colour, f64),
}

impl FromStr for BrandColour {
    type Err = BrandColourError;
    fn from_str(text: &str) -> Result<Self, BrandColourError> {
        let colour: Colour = text.parse()?;
        let contrast = colour.contrast(PAPER).min(colour.contrast(tint(colour)));
        if contrast < READABLE {
            return Err(BrandColourError::Pale(colour, contrast));
        }
        Ok(Self(colour))
    }
}

/// Behind what is marked in the brand's colour.
fn tint(colour: Colour) -> Colour {
    colour.mixed(Colour::WHITE, 0.94)
}

/// The names of `assets/brand.css` that follow from a colour, in one scheme.
struct Scheme {
    brand: Colour,
    strong: Colour,
    ink: Colour,
    tint: Colour,
}

impl BrandColour {
    fn light(self) -> Scheme {
        let Self(brand) = self;
        let strong = brand.mixed(Colour::BLACK, 0.3);
        Scheme { brand, strong, ink: Colour::WHITE, tint: tint(brand) }
    }

    /// As light as text on dark paper needs, in the same hue.
    fn dark(self) -> Scheme {
        let Self(colour) = self;
        let tint = DARK_SURFACE.mixed(colour, 0.2);
        let is_read = |light: &Colour| {
            [DARK_PAPER, DARK_SURFACE, tint].iter().all(|on| light.contrast(*on) >= 7.0)
        };
        let lighter = (0..20).map(|step| colour.mixed(Colour::WHITE, f64::from(step) / 20.0));
        let brand = lighter.into_iter().find(is_read).unwrap_or(Colour::WHITE);
        let strong = brand.mixed(Colour::WHITE, 0.4);
        Scheme { brand, strong, ink: colour.mixed(Colour::BLACK, 0.8), tint }
    }
}

impl Scheme {
    fn css(&self) -> String {
        let Self { brand, strong, ink, tint } = self;
        format!(
            ":root{{--brand:{brand};--brand-strong:{strong};--brand-ink:{ink};--brand-tint:{tint};--link:{brand}}}"
        )
    }
}

/// What readers' pages show of the publisher's brand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brand {
    /// What stands behind the stylesheet.
    pub css: String,
    /// The icon, as a URL that holds it (RFC 2397).
    pub icon: String,
}

/// A picture that cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum BrandError {
    /// It cannot be read.
    #[error("{} cannot be read", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// It is of another kind.
    #[error("{} is no SVG, PNG, JPEG or WebP picture", .0.display())]
    NoPicture(PathBuf),
    /// It would make every page slow.
    #[error("{} has {bytes} bytes, and may have {most}: save a smaller one", .file.display())]
    TooLarge {
        /// Which.
        file: PathBuf,
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        most: usize,
    },
}

impl Default for Brand {
    fn default() -> Self {
        Self { css: String::new(), icon: NO_ICON.to_owned() }
    }
}

impl Brand {
    /// Reads the pictures and works out the colours.
    ///
    /// # Errors
    /// When a picture cannot be read, is none, or is too large.
    pub fn load(
        colour: Option<BrandColour>,
        logo: Option<&Path>,
        icon: Option<&Path>,
    ) -> Result<Self, BrandError> {
        let mut brand = Self::default();
        if let Some(colour) = colour {
            let (light, dark) = (colour.light().css(), colour.dark().css());
            let _ = write!(brand.css, "{light}@media(prefers-color-scheme:dark){{{dark}}}");
        }
        if let Some(logo) = logo {
            let logo = picture(logo, LOGO_MAX)?;
            // Most logos are made for white paper.
            let _ = write!(
                brand.css,
                ".masthead .wordmark{{display:block;width:min(100%,14rem);height:3rem;font-size:0;\
                 background:url(\"{logo}\") left/contain no-repeat}}\
                 @media(prefers-color-scheme:dark){{.masthead .wordmark{{background-color:#fff;\
                 border:.25rem solid #fff;border-radius:var(--radius)}}}}"
            );
        }
        if let Some(icon) = icon {
            brand.icon = picture(icon, ICON_MAX)?;
        }
        Ok(brand)
    }
}

/// A picture as a URL that holds it (RFC 2397). It is shown as a picture, so that nothing in it runs.
fn picture(file: &Path, most: usize) -> Result<String, BrandError> {
    let bytes = std::fs::read(file).map_err(|error| BrandError::Read(file.to_owned(), error))?;
    let kind = kind(&bytes).ok_or_else(|| BrandError::NoPicture(file.to_owned()))?;
    if bytes.len() > most {
        return Err(BrandError::TooLarge { file: file.to_owned(), bytes: bytes.len(), most });
    }
    Ok(format!("data:{kind};base64,{}", STANDARD.encode(bytes)))
}

fn kind(bytes: &[u8]) -> Option<&'static str> {
    let is_svg = || {
        let text = std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}').trim_start();
        let begins = text.starts_with("<svg") || text.starts_with("<?xml") && text.contains("<svg");
        begins.then_some("image/svg+xml")
    };
    MediaType::of_cover(bytes).map(|kind| kind.name).or_else(is_svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_every_brand_can_be_read_in_both_schemes() {
        let parts = || (0..=255).step_by(15);
        let mut taken = 0;
        for (red, green) in parts().flat_map(|red| parts().map(move |green| (red, green))) {
            for blue in parts() {
                let Ok(colour) = Colour::rgb(red, green, blue).to_string().parse::<BrandColour>()
                else {
                    continue;
                };
                taken += 1;
                let (light, dark) = (colour.light(), colour.dark());
                let pairs = [
                    (light.brand, PAPER),
                    (light.strong, light.tint),
                    (light.brand, light.tint),
                    (light.ink, light.brand),
                    (light.ink, light.strong),
                    (dark.brand, DARK_PAPER),
                    (dark.brand, DARK_SURFACE),
                    (dark.brand, dark.tint),
                    (dark.strong, dark.tint),
                    (dark.ink, dark.brand),
                    (dark.ink, dark.strong),
                ];
                for (index, (text, ground)) in pairs.into_iter().enumerate() {
                    let contrast = text.contrast(ground);
                    assert!(contrast >= READABLE, "{colour:?}, pair {index}: {text} on {ground}");
                }
            }
        }
        assert!(taken > 1000, "{taken}");
    }

    #[test]
    fn a_pale_colour_is_refused_with_its_contrast() {
        let refused = "#ffd700".parse::<BrandColour>().unwrap_err().to_string();
        assert!(refused.starts_with("text in #ffd700 has a contrast of 1.3 to 1"), "{refused}");
        assert_eq!("gold".parse::<BrandColour>(), Err(BrandColourError::NoColour(NoColour)));
    }

    #[test]
    fn pictures_are_told_by_what_they_hold() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &[u8]| {
            let file = folder.path().join(name);
            std::fs::write(&file, content).unwrap();
            file
        };
        let svg =
            file("a.png", b"<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
        let brand = Brand::load(None, Some(&svg), Some(&svg)).unwrap();
        assert!(brand.css.contains("url(\"data:image/svg+xml;base64,"), "{}", brand.css);
        assert!(brand.icon.starts_with("data:image/svg+xml;base64,"));
        let page = file("b.svg", b"<!doctype html><p>No picture.");
        let told = Brand::load(None, Some(&page), None).unwrap_err().to_string();
        assert!(told.ends_with("b.svg is no SVG, PNG, JPEG or WebP picture"), "{told}");
        let large = file("c.svg", format!("<svg>{}</svg>", " ".repeat(ICON_MAX)).as_bytes());
        let told = Brand::load(None, None, Some(&large)).unwrap_err().to_string();
        assert!(told.ends_with("has 4107 bytes, and may have 4096: save a smaller one"), "{told}");
        let missing = folder.path().join("none.svg");
        let told = Brand::load(None, Some(&missing), None).unwrap_err().to_string();
        assert!(told.ends_with("none.svg cannot be read"), "{told}");
        assert_eq!(Brand::load(None, None, None).unwrap(), Brand::default());
    }
}
