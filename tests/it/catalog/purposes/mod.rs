//! Purposes of the operator's own: a further box, which nobody has to tick.

mod boxes;
mod commands;
mod wording;

use assent::domain::slug::Slug;
use assent::domain::text::Line;
use assent::flows::catalog::add_purpose::{NewPurpose, add_purpose};
use assent::flows::catalog::edit_purpose::{PurposeEdit, edit_purpose};
use assent::flows::catalog::purpose_error::PurposeError;
use assent_ledger::digest::sha256_hex;

use crate::support::app::{Database, PATH, SLUG, TestApp};
use crate::support::poll;

const CODE: &str = "partner-offers";
const TICKED: &str = "&purpose=partner-offers";
const NAME: &str = "Partners’ offers";
const WORDS: &str = "Sample Press may give my email address to its partners for offers. I can withdraw this any day.";
const NEW_WORDS: &str =
    "Sample Press may send me its partners’ offers, once a month. I can withdraw this at any time.";

fn own(code: &str, name: &str, words: &str) -> NewPurpose {
    NewPurpose {
        code: code.parse().unwrap(),
        name: Line::parse(name).unwrap().unwrap(),
        words: words.parse().unwrap(),
    }
}

async fn add(app: &TestApp, new: &NewPurpose, reports: &[&str]) -> Result<(), PurposeError> {
    let reports: Vec<Slug> = reports.iter().map(|slug| slug.parse().unwrap()).collect();
    let mut tx = app.write().await;
    add_purpose(&mut tx, &app.act(), new, &reports).await?;
    tx.commit().await.unwrap();
    Ok(())
}

async fn reword(app: &TestApp, words: &str) {
    let edit = PurposeEdit { name: None, words: Some(words.parse().unwrap()) };
    let mut tx = app.write().await;
    let code = CODE.parse().unwrap();
    edit_purpose(&mut tx, &app.act(), &code, &edit).await.unwrap();
    tx.commit().await.unwrap();
}

/// The page at `path` once it holds `words`.
async fn page_with(app: &TestApp, path: &str, words: &str) -> String {
    poll::until(&format!("{words} at {path}"), || async {
        Some(app.get(path).await.text()).filter(|page| page.contains(words))
    })
    .await
}

/// The sample program with one purpose of its own on the sample report's form.
async fn offering(database: Database) -> TestApp {
    let app = TestApp::start(database).await;
    add(&app, &own(CODE, NAME, WORDS), &[SLUG]).await.unwrap();
    page_with(&app, PATH, WORDS).await;
    app
}

/// The hidden field that tells which words stood beside the box.
fn notice(words: &str) -> String {
    format!("&notice={}", sha256_hex(words.as_bytes()))
}
