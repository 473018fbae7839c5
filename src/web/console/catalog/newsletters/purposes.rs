//! `/console/newsletters/purposes`: purposes of the operator's own, in the operator's words.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use crate::domain::catalog::notice::{OwnWords, OwnWordsError};
use crate::domain::catalog::purpose::Purpose;
use crate::domain::staff::right::Right;
use crate::flows::catalog::add_purpose::{NewPurpose, add_purpose};
use crate::flows::catalog::edit_purpose::reword_purpose;
use crate::flows::catalog::purpose_error::PurposeError;
use crate::store::Tx;
use crate::store::catalog::purposes;
use crate::store::catalog::purposes::OwnPurpose;
use crate::web::console::catalog::newsletters::offering::{
    self, Offers, count, keep, overtaken, settle, word,
};
use crate::web::console::desk::{Asked, Desk, Form, fault, show as answer};
use crate::web::console::form::{Faults, FieldError, needed, once, short_name};
use crate::web::console::route::Route;
use crate::web::http::fields::Fields;
use crate::web::{App, Error};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/console/newsletters/purposes/new", Right::Offer, ask),
        Route::post("/console/newsletters/purposes/new", Right::Offer, add),
        Route::get("/console/newsletters/purposes/{code}/edit", Right::Offer, show),
        Route::post("/console/newsletters/purposes/{code}/edit", Right::Offer, edit),
        Route::post("/console/newsletters/purposes/{code}/reports", Right::Offer, offer),
    ]
}

const PAGE: &str = "console/purpose.html";

/// Where a purpose's pages are.
pub(super) fn path(code: &Purpose) -> String {
    format!("/console/newsletters/purposes/{code}")
}

async fn ask(State(app): State<Arc<App>>, desk: Desk) -> Result<Response, Error> {
    desk.page(&app, PAGE, blank(&Fields::default(), &[]))
}

/// The page while there is no such purpose yet.
fn blank(fields: &Fields, errors: &[FieldError]) -> Value {
    let values = json!({"code": fields.one("code"), "name": fields.one("name"),
                        "words": fields.one("words")});
    json!({"purpose": null, "values": values, "seen": null, "counts": null,
           "counted_at": null, "reports": [], "errors": errors, "word": null})
}

fn words(fields: &Fields, errors: &mut Faults) -> Option<OwnWords> {
    once(fields, &["words"], errors);
    let read = if fields.is_faulty("words") {
        Err(OwnWordsError::Forbidden)
    } else {
        fields.one("words").parse()
    };
    read.map_err(|error| errors.push(fault("words", error))).ok()
}

async fn add(
    State(app): State<Arc<App>>,
    desk: Desk,
    Form(fields): Form,
) -> Result<Response, Error> {
    let mut errors = Faults::new();
    let name = needed(&fields, "name", "Enter its name", &mut errors);
    let words = words(&fields, &mut errors);
    let code = short_name(&fields, "code", fields.one("name").trim(), &mut errors);
    let code = code.and_then(|slug| slug.as_str().parse::<Purpose>().ok());
    let (Some(name), Some(words), Some(code), true) = (name, words, code, errors.is_empty()) else {
        return desk.refused(&app, PAGE, blank(&fields, &errors));
    };
    let mut tx = app.db.write().await?;
    let new = NewPurpose { code: code.clone(), name, words };
    match add_purpose(&mut tx, &app.moment(), &desk.actor(), new, &[]).await {
        Ok(()) => keep(&app, tx, &path(&code), "purpose").await,
        Err(PurposeError::Flow(error)) => Err(error.into()),
        Err(_) => {
            drop(tx);
            let message = format!("“{code}” is taken: choose another short name");
            let errors = vec![fault("code", message)];
            desk.refused(&app, PAGE, blank(&fields, &errors))
        }
    }
}

async fn find(tx: &mut Tx, code: &str) -> Result<OwnPurpose, Error> {
    let code = code.parse().map_err(|_| Error::NotFound)?;
    purposes::find(tx, &code).await?.ok_or(Error::NotFound)
}

async fn show(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(code): Path<String>,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let page = page(&app, &code, None, vec![], word(&asked)).await?;
    desk.page(&app, PAGE, page)
}

async fn page(
    app: &App,
    code: &str,
    typed: Option<&Fields>,
    errors: Vec<FieldError>,
    word: Option<&str>,
) -> Result<Value, Error> {
    let mut tx = app.db.read().await?;
    let own = find(&mut tx, code).await?;
    let offers = Offers::find(&mut tx).await?;
    drop(tx);
    let counted = app.figures.purposes.get(()).await;
    let (name, words) = typed.map_or((own.name.as_str(), own.words.as_str()), |fields| {
        (fields.one("name"), fields.one("words"))
    });
    Ok(json!({
        "purpose": {"code": own.code, "name": own.name, "path": path(&own.code)},
        "values": {"code": own.code, "name": name, "words": words},
        "seen": {"name": own.name, "words": own.words},
        "counts": count(counted.as_deref(), &own.code),
        "counted_at": counted.map(|counted| counted.at),
        "reports": offers.boxes(&own.code),
        "errors": errors,
        "word": word,
    }))
}

async fn edit(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(code): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let mut errors = Faults::new();
    let name = needed(&fields, "name", "Enter its name", &mut errors);
    let words = words(&fields, &mut errors);
    let (Some(name), Some(words), true) = (name, words, errors.is_empty()) else {
        let page = page(&app, &code, Some(&fields), errors, None).await?;
        return desk.refused(&app, PAGE, page);
    };
    let own = find(&mut app.db.read().await?, &code).await?;
    let seen = OwnPurpose {
        code: own.code.clone(),
        name: fields.one("seen_name").to_owned(),
        words: fields.one("seen_words").to_owned(),
    };
    let mut tx = app.db.write().await?;
    let new = (&name, &words);
    let reworded = reword_purpose(&mut tx, &app.moment(), &desk.actor(), &seen, new).await?;
    if let Some(saved) = settle(&app, tx, &path(&own.code), reworded).await? {
        return Ok(saved);
    }
    let page = page(&app, &code, Some(&fields), vec![overtaken()], None).await?;
    answer(&app, Some(&desk), PAGE, page, StatusCode::CONFLICT)
}

async fn offer(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(code): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let own = find(&mut app.db.read().await?, &code).await?;
    offering::offer(&app, &desk, &own.code, (&path(&own.code), &fields)).await
}
