//! What each screen of the console is given.

mod account;
mod audit;
mod desk;
mod policies;
mod reports;
mod sign_in;
mod staff;
mod tokens;

use serde_json::{Value, json};

use crate::templates::samples::console::desk::{admin, viewer};

/// The samples of each part of the console.
const PARTS: [fn(&str) -> Vec<Value>; 6] = [
    account::of,
    audit::of,
    policies::of,
    reports::of,
    sign_in::of,
    staff::of,
    tokens::of,
];

/// The contexts of a screen. Each gets what all screens share: `assets`, and where it says nothing of one, a
/// `desk`: an admin's, and a viewer's.
pub(super) fn of(screen: &str) -> Vec<Value> {
    let samples = PARTS.iter().flat_map(|part| part(screen));
    let assets = json!({
        "css": "/assets/console.css", "htmx": "/assets/htmx.js", "script": "/assets/console.js",
    });
    let mut whole = Vec::new();
    for mut sample in samples {
        sample["assets"] = assets.clone();
        if sample.get("desk").is_some() {
            whole.push(sample);
            continue;
        }
        for desk in [admin(), viewer()] {
            sample["desk"] = desk;
            whole.push(sample.clone());
        }
    }
    whole
}
