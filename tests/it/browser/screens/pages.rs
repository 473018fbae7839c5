//! Every page in the table of routes, as links lead to it, and what the browser says of it.

use std::collections::BTreeSet;

use assent::domain::staff::member::Role;
use assent::web::console::table;
use serde_json::Value;

use super::forms::{list, new_password, offers, requests, token, two_factor};
use super::hostile_words::{
    DRAFT, NAME, NEWS, ORGANISATION, TITLE, happened, store_hostile_words, watch,
};
use super::{EMAIL, RULES, make_the_first_account, sign_out, types_password};
use crate::browser::reader::{Reader, Screen};
use crate::support::app::{Database, TestApp};
use crate::support::browser::Script;
use crate::support::desk::TestDesk;

/// A report's page as its readers would see it.
const PREVIEW: &str = "/console/reports/{slug}/preview";

/// What some screens must show of it, by their route.
const SHOWN: [(&str, &str); 7] = [
    ("/console", TITLE),
    ("/console/subscribers", ORGANISATION),
    ("/console/subscribers/{id}", NAME),
    ("/console/requests", NAME),
    ("/console/requests/{id}", ORGANISATION),
    ("/console/reports", TITLE),
    ("/console/newsletters", NEWS),
];

/// Files, which are asked for by what they shall hold.
const FILES: [&str; 4] = [
    "/console/exports/consented",
    "/console/exports/{id}/file",
    "/console/exports/{id}/withdrawn",
    // It leads on to the verifier, which has stories of its own.
    "/console/receipts/{id}/check",
];

/// Screens that ask about something, which the link to them names after a `?`.
const ASKED_ABOUT: [&str; 2] = ["/console/suppressions/lift", "/console/mail/retry"];

/// States of screens that no link leads to: a name, and the path.
const STATES: [(&str, &str); 4] = [
    ("exports-counted", "/console/exports?purpose=privacy-policy"),
    ("exports-counted-none", "/console/exports?purpose=partner-offers"),
    ("dashboard-of-a-word", "/console?word=nonsense"),
    ("subscribers-none", "/console/subscribers?q=nobody-of-this-name"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_screen_is_sound_on_a_small_light_window() {
    every_screen(320, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn every_screen_is_sound_on_a_small_dark_window() {
    every_screen(320, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn every_screen_is_sound_on_a_large_light_window() {
    every_screen(1280, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "told by tests/release"]
async fn every_screen_is_sound_on_a_large_dark_window() {
    every_screen(1280, true).await;
}

async fn every_screen(width: u32, dark: bool) {
    let app = TestApp::start_empty(Database::Sqlite, &[]).await;
    store_hostile_words(&app).await;
    let screen = Screen { width, dark };
    let mut reader = Reader::visits(&app.base, RULES, Script::On, screen).await;
    watch(&reader).await;
    make_the_first_account(&app, &mut reader).await;
    sign_out(&mut reader, width).await;
    sign_in(&mut reader).await;
    let desk = app.sign_in_as(EMAIL, Role::Admin).await;
    // An export, whose page then has what to show.
    assert_eq!(
        desk.get("/console/exports/consented?purpose=privacy-policy&format=csv").await.status,
        200
    );
    open_every_screen(&desk, &mut reader).await;
    offers(&mut reader).await;
    list(&mut reader).await;
    requests(&mut reader).await;
    token(&mut reader).await;
    reader.open("/console/nowhere").await;
    reader.sees("Page not found").await;
    reader.looks_at("error").await;
    for (name, path) in STATES {
        assert!(is_route(path), "{path} is no page any more");
        reader.open(path).await;
        reader.looks_at(name).await;
    }
    two_factor(&app, &mut reader, width).await;
    new_password(&app, &mut reader).await;
    reader.faults.extend(happened(&reader).await);
    let faults = reader.faults.join("\n");
    assert!(faults.is_empty(), "{faults}");
}

fn is_route(path: &str) -> bool {
    let path = path.split('?').next();
    table().iter().any(|(_, route, ..)| Some(*route) == path)
}

async fn sign_in(reader: &mut Reader) {
    reader.looks_at("sign-in").await;
    reader.press("Sign in").await;
    reader.is_refused().await;
    reader.looks_at("sign-in-errors").await;
    types_password(reader).await;
    reader.press("Sign in").await;
    reader.sees("Today").await;
}

/// Opens every page in the table of routes: those with a parameter by the first link that leads there from a
/// page already seen. Files to take away are no pages.
async fn open_every_screen(desk: &TestDesk<'_>, reader: &mut Reader) {
    let pages =
        table().into_iter().filter(|(method, path, ..)| method == "GET" && !FILES.contains(path));
    let routes: Vec<&str> = pages.map(|route| route.1).collect();
    let mut left = routes.clone();
    // Only the page of a draft leads there.
    let mut links = BTreeSet::from([format!("/console/reports/{DRAFT}/delete")]);
    while let Some((at, path)) = left
        .iter()
        .enumerate()
        .find_map(|(at, route)| path_of(route, &links, &routes).map(|path| (at, path)))
    {
        let route = left.remove(at);
        let answer = desk.get(&path).await;
        if !answer.header("content-type").starts_with("text/html") {
            continue;
        }
        assert_eq!(answer.status, 200, "{path}");
        reader.open(&path).await;
        // What readers would see is called as they would see it.
        reader.rules.title = if route == PREVIEW { "Sample Press" } else { RULES.title };
        reader.looks_at(&name_of(route)).await;
        reader.rules.title = RULES.title;
        let shown = reader.text("main").await.unwrap_or_default();
        for (_, what) in SHOWN.iter().filter(|(of, _)| *of == route) {
            if !shown.contains(what) {
                reader.faults.push(format!("{route} does not show {what}"));
            }
        }
        links.extend(links_of(reader).await);
    }
    reader.faults.extend(left.iter().map(|route| format!("no link leads to {route}")));
}

fn path_of(route: &str, links: &BTreeSet<String>, routes: &[&str]) -> Option<String> {
    if ASKED_ABOUT.contains(&route) {
        return links.iter().find(|link| link.starts_with(&format!("{route}?"))).cloned();
    }
    if !route.contains('{') {
        return Some(route.to_owned());
    }
    let parts: Vec<&str> = route.split('/').collect();
    let fits = |link: &&String| {
        let given: Vec<&str> = link.split('?').next().unwrap_or_default().split('/').collect();
        let alike = |(part, given): (&&str, &&str)| part == given || part.starts_with('{');
        given.len() == parts.len()
            && parts.iter().zip(&given).all(alike)
            && !routes.contains(&link.as_str())
    };
    links.iter().find(fits).cloned()
}

/// `/console/subscribers/{id}` as `subscribers-id`.
fn name_of(route: &str) -> String {
    let name = route.trim_start_matches("/console").trim_start_matches('/').replace('/', "-");
    let name: String = name.chars().filter(|c| !matches!(c, '{' | '}')).collect();
    if name.is_empty() { "dashboard".to_owned() } else { name }
}

async fn links_of(reader: &Reader) -> Vec<String> {
    let read = "return [...document.querySelectorAll('a[href^=\"/console\"]')].map(a => a.pathname + a.search)
        .concat([...document.querySelectorAll('img')].map(img => new URL(img.src).pathname));";
    let links = reader.browser.execute(read, Vec::new()).await.unwrap();
    let links = links.as_array().unwrap().iter().filter_map(Value::as_str);
    links.map(ToOwned::to_owned).collect()
}
