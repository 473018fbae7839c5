//! `assent openapi`: all calls for programs, as OpenAPI 3.1.

use super::outcome::Outcome;
use crate::config::Settings;
use crate::web::openapi_text;

/// Print what programs can ask for, as OpenAPI 3.1: the same as at /api/openapi.json
#[derive(clap::Args)]
pub(super) struct Openapi {}

impl Openapi {
    #[expect(clippy::unused_self, reason = "the shape of every command")]
    pub(super) fn run(self, settings: &Settings) -> Outcome {
        print!("{}", openapi_text(&settings.origin())?);
        Ok(())
    }
}
