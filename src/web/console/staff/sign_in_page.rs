//! The page that asks for address and password.

use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::templates::page::Page;
use crate::web::Error;
use crate::web::console::form::Faults;
use crate::web::console::form::fault;
use crate::web::visitor::Visitor;

pub(super) fn page(visitor: &Visitor, email: &str, error: Option<&str>) -> Result<Response, Error> {
    let page = SignInPage::new(email, error);
    visitor.show_with(&page, &page.errors)
}

/// `console/sign_in.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct SignInPage<'a> {
    email: &'a str,
    errors: Faults,
}

impl<'a> SignInPage<'a> {
    fn new(email: &'a str, error: Option<&str>) -> Self {
        Self { email, errors: error.iter().map(|words| fault("email", words)).collect() }
    }
}

impl Page for SignInPage<'_> {
    const TEMPLATE: &'static str = "console/sign_in.html";

    fn samples() -> Vec<Self> {
        let errors = vec![fault("email", "Do this instead")];
        vec![Self { email: "", errors: vec![] }, Self { email: "ada@example.org", errors }]
    }
}

pub(super) fn too_many(visitor: &Visitor, typed: &str, wait: Duration) -> Result<Response, Error> {
    let page = SignInPage::new(typed, Some(&wait_words(wait)));
    later(visitor, &page, wait)
}

/// The answer to who must wait.
pub(super) fn later(
    visitor: &Visitor,
    page: &impl Page,
    wait: Duration,
) -> Result<Response, Error> {
    let page = visitor.answer(page, StatusCode::TOO_MANY_REQUESTS)?;
    Ok(([(header::RETRY_AFTER, seconds(wait).to_string())], page).into_response())
}

/// What is said to who tried too often.
pub(super) fn wait_words(wait: Duration) -> String {
    let seconds = seconds(wait);
    let unit = if seconds == 1 { "second" } else { "seconds" };
    format!("Too many tries failed. Wait {seconds} {unit}, then try again")
}

/// A wait in whole seconds.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + 1
}
