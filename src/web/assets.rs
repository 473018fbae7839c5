//! Stylesheets and scripts, built in. What pages of ours name is cached for good, under names that change with its content;
//! what pages of other sites name keeps its name, and so does what works on bot checks.

use std::sync::{Arc, LazyLock};

use assent_ledger::digest::sha256_hex;
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use super::headers::{RESOURCE_POLICY, SHOWN_ANYWHERE};
use super::{App, Error};
use crate::web::http::ready::Ready;
use crate::web::http::validators::Validators;

// The publisher's colours and type stand in a file of their own, in front of both stylesheets.
static SITE_CSS: LazyLock<Asset> = LazyLock::new(|| {
    let text =
        concat!(include_str!("../../assets/brand.css"), include_str!("../../assets/site.css"));
    Asset::css("site", text)
});
static CONSOLE_CSS: LazyLock<Asset> = LazyLock::new(|| {
    let text =
        concat!(include_str!("../../assets/brand.css"), include_str!("../../assets/console.css"));
    Asset::css("console", text)
});
static CONSOLE_SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::script("console", include_str!("../../assets/console.js")));
static HTMX: LazyLock<Asset> =
    LazyLock::new(|| Asset::script("htmx", include_str!("../../assets/htmx/htmx.min.js")));

static FRAMED_SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::script("framed", include_str!("../../assets/framed.js")));

/// What makes frames on pages of other sites as tall as the forms in them.
static FRAME: LazyLock<Ready> = LazyLock::new(|| for_others(include_str!("../../assets/frame.js")));

/// What draws forms on pages of other sites. Those name it for years, so its address stays.
static EMBED: LazyLock<Ready> = LazyLock::new(|| for_others(include_str!("../../assets/embed.js")));

fn for_others(script: &'static str) -> Ready {
    Ready::script_for_others(script).with([
        (RESOURCE_POLICY, SHOWN_ANYWHERE),
        // So that a page may say which bytes it means (Subresource Integrity), and load it as a module.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ])
}

/// What works on bot checks, for our own pages and for the script on pages of other sites.
static ALTCHA: LazyLock<Ready> =
    LazyLock::new(|| for_others(include_str!("../../assets/altcha.js")));
static FORM_CHECK: LazyLock<Ready> =
    LazyLock::new(|| Ready::script_for_others(include_str!("../../assets/form-check.js")));

/// A file that comes with the program.
struct Asset {
    path: String,
    ready: Ready,
}

impl Asset {
    fn css(name: &str, text: &'static str) -> Self {
        Self::new((name, "css"), "text/css; charset=utf-8", text)
    }

    fn script(name: &str, text: &'static str) -> Self {
        Self::new((name, "js"), "text/javascript; charset=utf-8", text)
    }

    fn new((name, ending): (&str, &str), kind: &'static str, text: &'static str) -> Self {
        let path = format!("/assets/{name}.{}.{ending}", &sha256_hex(text.as_bytes())[..12]);
        Self { path, ready: Ready::for_good(Validators::of_text(text), kind, text) }
    }
}

/// The path of the reader pages' stylesheet.
#[must_use]
pub fn stylesheet() -> &'static str {
    &SITE_CSS.path
}

/// The path of the script of the form in a frame.
pub(super) fn framed_script() -> &'static str {
    &FRAMED_SCRIPT.path
}

/// What every page of the console loads, as templates see it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ConsoleAssets {
    /// The path of the stylesheet.
    pub css: &'static str,
    /// The path of htmx.
    pub htmx: &'static str,
    /// The path of the console's own script.
    pub script: &'static str,
}

/// The paths of what the console's pages load.
#[must_use]
pub fn console_assets() -> ConsoleAssets {
    ConsoleAssets { css: &CONSOLE_CSS.path, htmx: &HTMX.path, script: &CONSOLE_SCRIPT.path }
}

/// Where the scripts for other sites stand.
const EMBED_PATH: &str = "/embed.js";
const FRAME_PATH: &str = "/frame.js";

async fn embed(request: HeaderMap) -> Result<Response, Error> {
    EMBED.answer(&request).await
}

async fn frame(request: HeaderMap) -> Result<Response, Error> {
    FRAME.answer(&request).await
}

async fn altcha(request: HeaderMap) -> Result<Response, Error> {
    ALTCHA.answer(&request).await
}

async fn form_check(request: HeaderMap) -> Result<Response, Error> {
    FORM_CHECK.answer(&request).await
}

pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/assets/{name}", get(show))
        .route(EMBED_PATH, get(embed))
        .route(FRAME_PATH, get(frame))
        .route("/altcha.js", get(altcha))
        .route("/form-check.js", get(form_check))
}

async fn show(Path(name): Path<String>, request: HeaderMap) -> Result<Response, Error> {
    let all = [&SITE_CSS, &CONSOLE_CSS, &CONSOLE_SCRIPT, &FRAMED_SCRIPT, &HTMX];
    let asked = |asset: &&&LazyLock<Asset>| asset.path.strip_prefix("/assets/") == Some(&name);
    let asset = all.iter().find(asked).ok_or(Error::NotFound)?;
    asset.ready.answer(&request).await
}
