//! A client for servers of the stories, all of which speak plain HTTP.

use reqwest::redirect::Policy;
use reqwest::{Client, Response};

/// Follows no redirect. It knows no authority: to read those of the machine takes longer than most requests.
pub fn client() -> Client {
    assent::tls::use_ring();
    Client::builder().redirect(Policy::none()).tls_certs_only([]).build().expect("a client")
}

/// One request by a client of its own.
///
/// # Errors
/// When nobody answers.
pub async fn get(url: &str) -> reqwest::Result<Response> {
    client().get(url).send().await
}
