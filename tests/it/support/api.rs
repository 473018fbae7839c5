//! What programs read and change with a token of the console.

use assent::domain::staff::member::Role;
use serde_json::{Value, json};

use crate::support::app::{Answer, TestApp};
use crate::support::desk::token;

/// A program with a token that holds these scopes.
pub struct Program<'a> {
    pub app: &'a TestApp,
    pub bearer: String,
}

impl<'a> Program<'a> {
    pub async fn with(app: &'a TestApp, scopes: &[&str]) -> Self {
        let desk = app.sign_in(Role::Admin).await;
        let scopes = scopes.join("&scopes=");
        let token = token(&desk, &format!("name=Newsletter+tool&scopes={scopes}")).await;
        Self { app, bearer: format!("Bearer {token}") }
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.app.request(method, path).header("authorization", &self.bearer)
    }

    pub async fn send(&self, method: &str, path: &str) -> Answer {
        self.app.send(self.request(method, path)).await
    }

    /// A document that must be there.
    pub async fn read(&self, path: &str) -> Value {
        let answer = self.send("GET", path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(answer.header("content-type"), "application/json");
        serde_json::from_slice(&answer.body).expect("JSON")
    }
}

/// Status, and field and code of each thing that was wrong.
pub fn problem(answer: &Answer) -> (u16, Vec<(String, String)>) {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.text());
    let document: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(document["status"], json!(answer.status));
    let errors = document["errors"].as_array().expect("errors");
    assert!(errors.iter().all(|error| !error["message"].as_str().expect("words").is_empty()));
    let text = |value: &Value| value.as_str().expect("a word").to_owned();
    (answer.status, errors.iter().map(|e| (text(&e["field"]), text(&e["code"]))).collect())
}

/// What is refused for one thing.
pub fn refusal(answer: &Answer) -> (u16, String, String) {
    let (status, errors) = problem(answer);
    assert_eq!(errors.len(), 1, "{errors:?}");
    let (field, code) = errors[0].clone();
    (status, field, code)
}

pub fn refused(status: u16, field: &str, code: &str) -> (u16, String, String) {
    (status, field.to_owned(), code.to_owned())
}
