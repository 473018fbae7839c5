//! Where webhooks are looked at, and how they are called.

use axum::response::{IntoResponse, Redirect, Response};
use url::Url;
use uuid::Uuid;

use crate::store::staff::webhook_endpoints::Endpoint;

pub(super) const PATH: &str = "/console/webhooks";

/// Where one of them is looked at.
pub(super) fn path_of(webhook_endpoint_id: Uuid) -> String {
    format!("{PATH}/{webhook_endpoint_id}")
}

/// Leads back to one of them, with a word on what was done.
pub(super) fn back(webhook_endpoint_id: Uuid, word: &str) -> Response {
    Redirect::to(&format!("{}?word={word}", path_of(webhook_endpoint_id))).into_response()
}

/// The host of an address: the rest may be a secret that whoever looks over a shoulder need not see.
pub(super) fn host(url: &str) -> String {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(ToOwned::to_owned));
    host.unwrap_or_default()
}

pub(super) fn state(endpoint: &Endpoint) -> &'static str {
    match (endpoint.off_at, endpoint.failures) {
        (Some(_), _) => "off",
        (None, 1..) => "failing",
        _ => "on",
    }
}
