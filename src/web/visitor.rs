//! Who asks, as far as a request tells.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::client_ip::client_ip;
use super::error::Error;
use super::state::app::App;
use crate::domain::request_id::RequestId;

/// Somebody who need not be signed in, and what their request is answered with.
pub(in crate::web) struct Visitor {
    pub app: Arc<App>,
    /// Where the request comes from.
    pub ip: IpAddr,
    /// What stood behind the question mark; empty where nothing did.
    pub query: String,
    pub headers: HeaderMap,
    pub request_id: RequestId,
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = Error;

    async fn from_request_parts(head: &mut Parts, app: &Arc<App>) -> Result<Self, Error> {
        let peer = head.extensions.get::<ConnectInfo<SocketAddr>>().ok_or(Error::Internal)?;
        Ok(Self {
            app: app.clone(),
            ip: client_ip(peer.0.ip(), &head.headers, &app.trusted_proxies),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers.clone(),
            request_id: RequestId::from_request_parts(head, app).await?,
        })
    }
}
