//! `assent draw-report`: what the program starts for itself, to read a report apart from all else.

use std::path::PathBuf;

use clap::Args;

use super::outcome::Outcome;
use crate::report_drawing::draw_here;

/// Draw the report in this directory, within 10 seconds of a processor and 256 MiB
#[derive(Args)]
pub(super) struct DrawReport {
    /// Where `report.pdf` lies, and the pictures are written
    directory: PathBuf,
}

impl DrawReport {
    pub(super) fn run(&self) -> Outcome {
        Ok(draw_here(&self.directory)?)
    }
}
