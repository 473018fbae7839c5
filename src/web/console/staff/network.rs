//! Where a request comes from, as tries are counted.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;

use crate::web::client_ip::client_ip;
use crate::web::state::limits::ip_prefix;
use crate::web::{App, Error};

/// The address of the network, or the whole network that one subscriber of IPv6 is given.
pub(in crate::web::console) struct Network(pub IpAddr);

impl FromRequestParts<Arc<App>> for Network {
    type Rejection = Error;

    async fn from_request_parts(head: &mut Parts, app: &Arc<App>) -> Result<Self, Error> {
        let peer = head.extensions.get::<ConnectInfo<SocketAddr>>().ok_or(Error::Internal)?;
        let ip = client_ip(peer.0.ip(), &head.headers, &app.trusted_proxies);
        Ok(Self(ip_prefix(ip)))
    }
}
