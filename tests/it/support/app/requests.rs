//! Requests, and answers to them.

use std::time::Duration;

use reqwest::header::HeaderValue;

use super::TestApp;
use super::answer::Answer;
use crate::support::kept_pages;

/// How forms are sent.
const FORM: &str = "application/x-www-form-urlencoded";
/// By which browsers say from where a request comes.
const SITE: &str = "sec-fetch-site";

impl TestApp {
    /// A request, a millisecond after the one before: keys made later then sort later.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.advance(Duration::from_millis(1));
        let url =
            if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        self.client.request(method.parse().expect("a method"), url)
    }

    /// Sends it. A form that does not say from where comes from a page of ours, as browsers say.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let (client, request) = request.build_split();
        let mut request = request.expect("a request");
        let headers = request.headers_mut();
        let is_form = headers.get("content-type").is_some_and(|kind| *kind == FORM);
        if is_form && !headers.contains_key("origin") && !headers.contains_key(SITE) {
            headers.insert(SITE, HeaderValue::from_static("same-origin"));
        }
        self.send_as_it_is(reqwest::RequestBuilder::from_parts(client, request)).await
    }

    /// Sends it, and says nothing of from where.
    pub async fn send_as_it_is(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = Answer::read(request.send().await.expect("an answer")).await;
        kept_pages::keep(&answer);
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    /// Posts a body as a form.
    pub async fn post(&self, path: &str, body: &str) -> Answer {
        let request = self.request("POST", path).header("content-type", FORM).body(body.to_owned());
        self.send(request).await
    }
}
