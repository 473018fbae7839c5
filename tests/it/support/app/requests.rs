//! Requests, and answers to them.

use std::time::Duration;

use super::TestApp;
use super::answer::Answer;
use crate::support::kept_pages;

impl TestApp {
    /// A request, a millisecond after the one before: keys made later then sort later.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.advance(Duration::from_millis(1));
        let url =
            if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        self.client.request(method.parse().expect("a method"), url)
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = Answer::read(request.send().await.expect("an answer")).await;
        kept_pages::keep(&answer);
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    /// Posts a body as a form.
    pub async fn post(&self, path: &str, body: &str) -> Answer {
        let form = ("content-type", "application/x-www-form-urlencoded");
        let request = self.request("POST", path).header(form.0, form.1).body(body.to_owned());
        self.send(request).await
    }
}
