//! `/console/newsletters`: newsletters and the operator's own purposes, who agreed to each, the words beside
//! their boxes, and the forms that offer them.

pub(in crate::web::console) mod list;
mod offering;
pub(in crate::web::console) mod page;
pub(in crate::web::console) mod purposes;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::slug::Slug;
use crate::domain::staff::right::Right;
use crate::flows::catalog::add_newsletter::add_newsletter;
use crate::flows::catalog::edit_newsletter::{NewsletterEdit, edit_newsletter};
use crate::flows::catalog::offer_newsletter::{Moved, offer_newsletter, withdraw_newsletter};
use crate::store;
use crate::store::catalog::newsletters::NewNewsletter;
use crate::store::catalog::newsletters::NewsletterWords;
use crate::web::Error;
use crate::web::address::key;
use crate::web::console::catalog::newsletters::offering::{back, overtaken, saved, word};
use crate::web::console::catalog::newsletters::page::{NewsletterPage, Values, path};
use crate::web::console::form::{Faults, fault, line, needed, once, short_name};
use crate::web::console::request_fields::{Asked, Form};
use crate::web::console::route::Route;
use crate::web::console::staff_session::StaffSession;

pub(in crate::web::console) fn routes() -> Vec<Route> {
    let mut routes = vec![
        Route::get("/console/newsletters", Right::See, list::show),
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

async fn ask(session: StaffSession) -> Result<Response, Error> {
    session.show(&NewsletterPage::blank(Values::default(), vec![]))
}

async fn add(session: StaffSession, Form(fields): Form) -> Result<Response, Error> {
    let mut errors = Faults::new();
    let name = needed(&fields, "name", "Enter its name", &mut errors);
    let description = line(&fields, "description", &mut errors);
    let slug = short_name(&fields, "slug", fields.one("name").trim(), &mut errors);
    once(&fields, &["offer"], &mut errors);
    let offered = fields.one("offer") == "yes";
    if let (Some(name), Some(slug), true) = (&name, &slug, errors.is_empty()) {
        let (act, description) = (session.act(), description.as_ref());
        let new = NewNewsletter { slug, name, description, offered };
        if session.app.db.run(|tx| Box::pin(add_newsletter(tx, &act, new))).await?.is_some() {
            return Ok(back(&path(slug), if offered { "newsletter" } else { "archived" }));
        }
        let words = format!("There is a newsletter “{slug}” already: choose another short name");
        errors.push(fault("slug", words));
    }
    let slug = slug.map_or(fields.one("slug").to_owned(), |slug| slug.to_string());
    session.refuse(&NewsletterPage::blank(Values::typed(slug, &fields, offered), errors))
}

async fn show(
    session: StaffSession,
    Path(slug_text): Path<String>,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let mut page = NewsletterPage::find(&session.app, &key(&slug_text)?).await?;
    page.word = word(&asked);
    session.show(&page)
}

async fn edit(
    session: StaffSession,
    Path(slug_text): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let app = &session.app;
    let slug = key(&slug_text)?;
    let mut errors = Faults::new();
    let name = needed(&fields, "name", "Enter its name", &mut errors);
    let description = line(&fields, "description", &mut errors);
    let (Some(name), true) = (name, errors.is_empty()) else {
        let page = NewsletterPage::find(app, &slug).await?.again(&fields, errors);
        return session.refuse(&page);
    };
    let seen = NewsletterWords {
        name: fields.one("seen_name"),
        description: fields.one("seen_description"),
    };
    let act = session.act();
    let edit = NewsletterEdit { seen, name: &name, description: description.as_ref() };
    let reworded = app.db.run(|tx| Box::pin(edit_newsletter(tx, &act, &slug, edit))).await?;
    if let Some(saved) = saved(&path(&slug), reworded)? {
        return Ok(saved);
    }
    let page = NewsletterPage::find(app, &slug).await?.again(&fields, vec![overtaken()]);
    session.answer(&page, StatusCode::CONFLICT)
}

async fn offer(
    session: StaffSession,
    Path(slug): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let slug = key(&slug)?;
    let purpose = Purpose::newsletter(&slug);
    if !store::catalog::purposes::exists(&mut session.app.db.read().await?, &purpose).await? {
        return Err(Error::NotFound);
    }
    offering::offer(&session, &purpose, (&path(&slug), &fields)).await
}

async fn offer_again(session: StaffSession, Path(slug): Path<String>) -> Result<Response, Error> {
    let slug = key(&slug)?;
    let act = session.act();
    let moved = session.app.db.run(|tx| Box::pin(offer_newsletter(tx, &act, &slug))).await?;
    moved_to(&slug, moved, "again")
}

async fn withdraw(session: StaffSession, Path(slug): Path<String>) -> Result<Response, Error> {
    let slug = key(&slug)?;
    let act = session.act();
    let moved = session.app.db.run(|tx| Box::pin(withdraw_newsletter(tx, &act, &slug))).await?;
    moved_to(&slug, moved, "withdrawn")
}

/// Leads back to the newsletter with this word.
fn moved_to(slug: &Slug, moved: Moved, word: &str) -> Result<Response, Error> {
    match moved {
        Moved::Done | Moved::Already => Ok(back(&path(slug), word)),
        Moved::Unknown => Err(Error::NotFound),
    }
}
