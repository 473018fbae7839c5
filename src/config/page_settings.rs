//! What the operator set about the look of readers' pages.

use std::path::PathBuf;

use super::ConfigError;
use super::read::{parse, path, said, yes_or_no};
use super::sources::Values;
use crate::brand::BrandColour;

/// What readers' pages look like.
#[derive(Clone, Debug)]
pub struct PageSettings {
    /// Their colour.
    pub colour: Option<BrandColour>,
    /// A picture in place of the site's name at their top.
    pub logo: Option<PathBuf>,
    /// A picture that browsers show beside the title of a page.
    pub icon: Option<PathBuf>,
    /// Whether the first page of a report is drawn as its cover.
    pub draw_covers: bool,
}

impl PageSettings {
    /// Checks what was written.
    ///
    /// # Errors
    /// Names the first setting that does not fit, and what it should look like.
    pub(super) fn check(values: &Values) -> Result<Self, ConfigError> {
        Ok(Self {
            colour: parse(values, "brand.colour", "", |text| match text {
                "" => Ok(None),
                text => text.parse().map(Some).map_err(|error| said(&error)),
            })?,
            logo: path(values, "brand.logo"),
            icon: path(values, "brand.icon"),
            draw_covers: parse(values, "draw_covers", "true", yes_or_no)?,
        })
    }
}
