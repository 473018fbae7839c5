//! The form in a frame on a page elsewhere: which page that is, and what the frame loads.

use axum::http::{HeaderMap, header};
use serde::Serialize;
use url::Url;
use url::form_urlencoded::Serializer;

use super::FRAMED_BELOW;
use super::form_context::NEWSLETTERS;
use crate::domain::slug::Slug;
use crate::web::assets::framed_script;
use crate::web::http::fields::Fields;
use crate::web::{App, origin};

/// The field in which a page in the frame says which page is around it.
const FIELD: &str = "framed_by";

/// A frame, as its pages see it.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web) struct Frame {
    /// Below which its steps stand.
    pub path: String,
    /// Where it begins anew, around it the same page.
    start: String,
    /// The same form on a page of its own.
    pub form_path: String,
    /// The origin of the page around it, which alone is told how tall it is. None where its browser does not say, or where
    /// nobody is to be told.
    pub host: Option<String>,
    script: &'static str,
    /// The name of the field for that.
    field: &'static str,
}

impl Frame {
    /// The frame with the form of this report, or that of newsletters alone.
    pub(in crate::web) fn new(report: Option<&Slug>, host: Option<String>) -> Self {
        let form_path = match report {
            Some(slug) => format!("/reports/{slug}"),
            None => format!("/{NEWSLETTERS}"),
        };
        let path = format!("{FRAMED_BELOW}{}", report.map_or(NEWSLETTERS, Slug::as_str));
        let start = match &host {
            Some(host) => {
                let query = Serializer::new(String::new()).append_pair(FIELD, host).finish();
                format!("{path}?{query}")
            }
            None => path.clone(),
        };
        Self { path, start, form_path, host, script: framed_script(), field: FIELD }
    }

    /// The same around no page that is known.
    pub(in crate::web) fn without_host(&self) -> Self {
        Self { host: None, start: self.path.clone(), ..self.clone() }
    }

    /// The same, where it begins anew at another address.
    pub(in crate::web) fn starting_at(self, address: impl FnOnce(&str) -> String) -> Self {
        Self { start: address(&self.start), ..self }
    }

    /// One on a page of the operator's, and one on a page that is not told.
    pub(in crate::web) fn samples() -> [Self; 2] {
        let slug = "digital-councils".parse::<Slug>().ok();
        let told = Self::new(slug.as_ref(), Some("https://www.example.org".to_owned()));
        let untold = told.without_host();
        [told, untold]
    }
}

/// The origin of the page that frames what is asked for, if it is one of `embed_origins`: its browser says it, or a page of
/// ours in that frame, which leads here.
pub(in crate::web) fn framing_host(app: &App, headers: &HeaderMap, query: &str) -> Option<String> {
    let stated = Fields::parse(query.as_bytes());
    if !stated.one(FIELD).is_empty() {
        return stated_host(app, &stated);
    }
    let page = headers.get(header::REFERER)?.to_str().ok()?;
    origin::known(app, &Url::parse(page).ok()?.origin().ascii_serialization())
}

/// The same, as a page in the frame says it when it is sent.
pub(in crate::web) fn stated_host(app: &App, fields: &Fields) -> Option<String> {
    if fields.is_repeated(FIELD) { None } else { origin::known(app, fields.one(FIELD)) }
}
