//! `/console/newsletters`: newsletters and the operator's own purposes, who agreed to each, the words beside
//! their boxes, and the forms that offer them.

mod offering;
mod purposes;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use crate::domain::catalog::notice::newsletter_words;
use crate::domain::catalog::purpose::Purpose;
use crate::domain::slug::Slug;
use crate::domain::staff::right::Right;
use crate::flows::catalog::add_newsletter::{NewNewsletter, add_newsletter};
use crate::flows::catalog::edit_newsletter::edit_newsletter;
use crate::flows::catalog::offer_newsletter::{Moved, offer_newsletter, withdraw_newsletter};
use crate::store::catalog::newsletters;
use crate::store::catalog::newsletters::{Newsletter, NewsletterWords};
use crate::store::catalog::purposes::OwnPurpose;
use crate::store::{self, Tx};
use crate::web::address::key;
use crate::web::console::catalog::newsletters::offering::{
    Offers, count, keep, overtaken, settle, word,
};
use crate::web::console::desk::{Asked, Desk, Form, fault, show as answer};
use crate::web::console::form::{Faults, FieldError, line, needed, once, short_name};
use crate::web::console::route::Route;
use crate::web::http::fields::Fields;
use crate::web::{App, Error};

pub(in crate::web::console) fn routes() -> Vec<Route> {
    let mut routes = vec![
        Route::get("/console/newsletters", Right::See, list),
        Route::get("/console/newsletters/new", Right::Offer, ask),
        Route::post("/console/newsletters/new", Right::Offer, add),
        Route::get("/console/newsletters/{slug}/edit", Right::Offer, show),
        Route::post("/console/newsletters/{slug}/edit", Right::Offer, edit),
        Route::post("/console/newsletters/{slug}/reports", Right::Offer, offer),
        Route::post("/console/newsletters/{slug}/offer", Right::Offer, offer_again),
        Route::post("/console/newsletters/{slug}/withdraw", Right::Offer, withdraw),
    ];
    routes.extend(purposes::routes());
    routes
}

const PAGE: &str = "console/newsletter.html";

/// Where a newsletter's pages are.
fn path(slug: &Slug) -> String {
    format!("/console/newsletters/{slug}")
}

async fn list(State(app): State<Arc<App>>, desk: Desk) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    let all = newsletters::list(&mut tx).await?;
    let own = store::catalog::purposes::list(&mut tx).await?;
    let offers = Offers::find(&mut tx).await?;
    drop(tx);
    let counted = app.figures.purposes.get(()).await;
    let row = |purpose: &Purpose, name: &str, about: &str, path: String, offered: Option<bool>| {
        let on: Vec<&str> =
            offers.reports_of(purpose).map(|report| report.title.as_str()).collect();
        json!({"name": name, "code": purpose, "about": about, "path": format!("{path}/edit"),
               "offered": offered, "counts": count(counted.as_deref(), purpose), "reports": on})
    };
    let newsletters: Vec<Value> = all
        .iter()
        .map(|newsletter| {
            let Newsletter { slug, name, description, .. } = newsletter;
            let offered = Some(newsletter.is_offered());
            row(&Purpose::newsletter(slug), name, description, path(slug), offered)
        })
        .collect();
    let purposes: Vec<Value> = own
        .iter()
        .map(|OwnPurpose { code, name, words }| row(code, name, words, purposes::path(code), None))
        .collect();
    let counted_at = counted.map(|counted| counted.at);
    let context =
        json!({"newsletters": newsletters, "purposes": purposes, "counted_at": counted_at});
    desk.page(&app, "console/newsletters.html", context)
}

async fn ask(State(app): State<Arc<App>>, desk: Desk) -> Result<Response, Error> {
    let values = json!({"slug": "", "name": "", "description": "", "offer": false});
    desk.page(&app, PAGE, blank(&values, &[]))
}

/// The page while there is no such newsletter yet.
fn blank(values: &Value, errors: &[FieldError]) -> Value {
    json!({"newsletter": null, "values": values, "seen": null, "counts": null,
           "counted_at": null, "words": null, "reports": [], "errors": errors, "word": null})
}

async fn add(
    State(app): State<Arc<App>>,
    desk: Desk,
    Form(fields): Form,
) -> Result<Response, Error> {
    let mut errors = Faults::new();
    let name = needed(&fields, "name", "Enter its name", &mut errors);
    let description = line(&fields, "description", &mut errors);
    let slug = short_name(&fields, "slug", fields.one("name").trim(), &mut errors);
    once(&fields, &["offer"], &mut errors);
    let offered = fields.one("offer") == "yes";
    if let (Some(name), Some(slug), true) = (&name, &slug, errors.is_empty()) {
        let mut tx = app.db.write().await?;
        let description = description.as_ref();
        let new = NewNewsletter { slug, name, description, offered };
        if add_newsletter(&mut tx, &app.moment(), &desk.actor(), new).await?.is_some() {
            let word = if offered { "newsletter" } else { "aside" };
            return keep(&app, tx, &path(slug), word).await;
        }
        let words = format!("There is a newsletter “{slug}” already: choose another short name");
        errors.push(fault("slug", words));
    }
    let values = json!({
        "slug": slug.map_or(fields.one("slug").to_owned(), |slug| slug.to_string()),
        "name": fields.one("name"), "description": fields.one("description"), "offer": offered,
    });
    desk.refused(&app, PAGE, blank(&values, &errors))
}

async fn show(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(slug_text): Path<String>,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let page = page(&app, &key(&slug_text)?, None, vec![], word(&asked)).await?;
    desk.page(&app, PAGE, page)
}

async fn page(
    app: &App,
    slug: &Slug,
    typed: Option<&Fields>,
    errors: Vec<FieldError>,
    word: Option<&str>,
) -> Result<Value, Error> {
    let mut tx = app.db.read().await?;
    let newsletter = newsletters::find(&mut tx, slug).await?.ok_or(Error::NotFound)?;
    let offered = newsletter.is_offered();
    let Newsletter { name, description, .. } = newsletter;
    let purpose = Purpose::newsletter(slug);
    let offers = Offers::find(&mut tx).await?;
    drop(tx);
    let counted = app.figures.purposes.get(()).await;
    let controller = &app.site.controller;
    let words =
        controller.is_complete().then(|| newsletter_words(&controller.name, &name, &description));
    let (typed_name, typed_description) = typed
        .map_or((name.as_str(), description.as_str()), |fields| {
            (fields.one("name"), fields.one("description"))
        });
    Ok(json!({
        "newsletter": {"slug": slug, "name": name, "path": path(slug), "offered": offered},
        "values": {"slug": slug, "name": typed_name, "description": typed_description,
                   "offer": offered},
        "seen": {"name": name, "description": description},
        "counts": count(counted.as_deref(), &purpose),
        "counted_at": counted.map(|counted| counted.at),
        "words": words,
        "reports": offers.boxes(&purpose),
        "errors": errors,
        "word": word,
    }))
}

async fn edit(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(slug_text): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let slug = key(&slug_text)?;
    let mut errors = Faults::new();
    let name = needed(&fields, "name", "Enter its name", &mut errors);
    let description = line(&fields, "description", &mut errors);
    let (Some(name), true) = (name, errors.is_empty()) else {
        let page = page(&app, &slug, Some(&fields), errors, None).await?;
        return desk.refused(&app, PAGE, page);
    };
    let seen = NewsletterWords {
        name: fields.one("seen_name"),
        description: fields.one("seen_description"),
    };
    let mut tx = app.db.write().await?;
    let new = (seen, &name, description.as_ref());
    let reworded = edit_newsletter(&mut tx, &app.moment(), &desk.actor(), &slug, new).await?;
    if let Some(saved) = settle(&app, tx, &path(&slug), reworded).await? {
        return Ok(saved);
    }
    let page = page(&app, &slug, Some(&fields), vec![overtaken()], None).await?;
    answer(&app, Some(&desk), PAGE, page, StatusCode::CONFLICT)
}

async fn offer(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(slug): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let slug = key(&slug)?;
    let purpose = Purpose::newsletter(&slug);
    if !store::catalog::purposes::exists(&mut app.db.read().await?, &purpose).await? {
        return Err(Error::NotFound);
    }
    offering::offer(&app, &desk, &purpose, (&path(&slug), &fields)).await
}

async fn offer_again(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(slug): Path<String>,
) -> Result<Response, Error> {
    let slug = key(&slug)?;
    let mut tx = app.db.write().await?;
    let moved = offer_newsletter(&mut tx, &app.moment(), &desk.actor(), &slug).await?;
    moved_to(&app, tx, &slug, (moved, "again")).await
}

async fn withdraw(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(slug): Path<String>,
) -> Result<Response, Error> {
    let slug = key(&slug)?;
    let mut tx = app.db.write().await?;
    let moved = withdraw_newsletter(&mut tx, &app.moment(), &desk.actor(), &slug).await?;
    moved_to(&app, tx, &slug, (moved, "withdrawn")).await
}

/// Keeps it, and leads back to the newsletter with this word.
async fn moved_to(
    app: &App,
    tx: Tx,
    slug: &Slug,
    (moved, word): (Moved, &str),
) -> Result<Response, Error> {
    match moved {
        Moved::Done | Moved::Already => keep(app, tx, &path(slug), word).await,
        Moved::Unknown => Err(Error::NotFound),
    }
}
