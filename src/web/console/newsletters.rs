//! `/console/newsletters`: newsletters and the operator's own purposes, who agreed to each, the words beside
//! their boxes, and the forms that offer them.

mod purposes;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};

use super::address::key;
use super::desk::{Asked, Desk, Form, fault, show as answer};
use super::form::{Faults, line, needed, short_name};
use super::route::Route;
use crate::domain::consent::EventType;
use crate::domain::edit::Reworded;
use crate::domain::notice::newsletter_words;
use crate::domain::purpose::Purpose;
use crate::domain::right::Right;
use crate::domain::slug::Slug;
use crate::flows::add_newsletter::add_newsletter;
use crate::flows::edit_newsletter::edit_newsletter;
use crate::flows::offer_purpose::offer_on_reports;
use crate::store::newsletters::{Newsletter, NewsletterWords};
use crate::store::purposes::OwnPurpose;
use crate::store::reports::Report;
use crate::store::{self, Tx, consents, newsletters, reports};
use crate::web::fields::Fields;
use crate::web::{App, Error};

pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![
        Route::get("/console/newsletters", Right::See, list),
        Route::get("/console/newsletters/new", Right::Offer, ask),
        Route::post("/console/newsletters/new", Right::Offer, add),
        Route::get("/console/newsletters/{slug}/edit", Right::Offer, show),
        Route::post("/console/newsletters/{slug}/edit", Right::Offer, edit),
        Route::post("/console/newsletters/{slug}/reports", Right::Offer, offer),
    ];
    routes.extend(purposes::routes());
    routes
}

const PAGE: &str = "console/newsletter.html";

/// What became of the last action, by the word in the address.
const WORDS: [(&str, &str); 4] = [
    ("newsletter", "The newsletter is added. Choose the reports whose forms offer it."),
    ("purpose", "The purpose is added. Choose the reports whose forms offer it."),
    ("saved", "The changes are saved. Forms show the new words from now on."),
    ("offered", "Saved: forms offer it as you chose."),
];

fn word(asked: &Fields) -> Option<&'static str> {
    WORDS.iter().find(|(word, _)| *word == asked.one("word")).map(|(_, words)| *words)
}

async fn list(State(app): State<Arc<App>>, desk: Desk) -> Result<Response, Error> {
    let mut tx = app.db.read().await?;
    let all = newsletters::list(&mut tx).await?;
    let own = store::purposes::list(&mut tx).await?;
    let counts = consents::count_states(&mut tx).await?;
    let offers = Offers::find(&mut tx).await?;
    drop(tx);
    let row = |purpose: &Purpose, name: &str, about: &str, path: String| {
        let on: Vec<&str> =
            offers.reports_of(purpose).map(|report| report.title.as_str()).collect();
        json!({"name": name, "code": purpose, "about": about, "path": path,
               "counts": count(&counts, purpose), "reports": on})
    };
    let newsletters: Vec<Value> = all
        .iter()
        .map(|Newsletter { slug, name, description, .. }| {
            let path = format!("/console/newsletters/{slug}/edit");
            row(&Purpose::newsletter(slug), name, description, path)
        })
        .collect();
    let purposes: Vec<Value> = own
        .iter()
        .map(|OwnPurpose { code, name, words }| row(code, name, words, purposes::path(code)))
        .collect();
    let context = json!({"newsletters": newsletters, "purposes": purposes});
    desk.page(&app, "console/newsletters.html", context)
}

/// How many people agree to a purpose now, and how many do not any more.
fn count(counts: &[(Purpose, EventType, i64)], purpose: &Purpose) -> Value {
    let (mut agreed, mut withdrawn) = (0, 0);
    for (_, state, people) in counts.iter().filter(|(of, ..)| of == purpose) {
        match state {
            state if state.in_force() => agreed += people,
            EventType::Withdrawn => withdrawn += people,
            _ => {}
        }
    }
    json!({"agreed": agreed, "withdrawn": withdrawn})
}

/// Which reports there are and what their forms offer.
struct Offers {
    reports: Vec<Report>,
    offers: Vec<(uuid::Uuid, Purpose)>,
}

impl Offers {
    async fn find(tx: &mut Tx) -> sqlx::Result<Self> {
        Ok(Self { reports: reports::list(tx).await?, offers: reports::list_offers(tx).await? })
    }

    fn reports_of(&self, purpose: &Purpose) -> impl Iterator<Item = &Report> {
        self.reports.iter().filter(move |report| {
            self.offers.iter().any(|(id, offered)| *id == report.report_id && offered == purpose)
        })
    }

    /// Every report as a box to tick.
    fn boxes(&self, purpose: &Purpose) -> Vec<Value> {
        let offering: Vec<&Slug> = self.reports_of(purpose).map(|report| &report.slug).collect();
        let shown = self.reports.iter().map(|report| {
            let offered = offering.contains(&&report.slug);
            json!({"value": report.slug, "title": report.title, "hint": null, "offered": offered})
        });
        shown.collect()
    }
}

/// The reports that a form showed, and those that were ticked there.
fn ticked(fields: &Fields) -> (Vec<Slug>, Vec<Slug>) {
    let all = |name| fields.all(name).iter().filter_map(|slug| slug.parse().ok()).collect();
    (all("shown"), all("report"))
}

async fn ask(State(app): State<Arc<App>>, desk: Desk) -> Result<Response, Error> {
    let values = json!({"slug": "", "name": "", "description": ""});
    desk.page(&app, PAGE, blank(&values, &[]))
}

/// The page while there is no such newsletter yet.
fn blank(values: &Value, errors: &[Value]) -> Value {
    json!({"newsletter": null, "values": values, "seen": null, "counts": null, "words": null,
           "reports": [], "errors": errors, "word": null})
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
    if let (Some(name), Some(slug), true) = (&name, &slug, errors.is_empty()) {
        let mut tx = app.db.write().await?;
        let (at, actor) = (app.moment(), desk.actor());
        if add_newsletter(&mut tx, &at, &actor, slug, name, description.as_ref()).await?.is_some() {
            tx.commit().await?;
            app.catalog.refresh().await;
            let to = format!("/console/newsletters/{slug}/edit?word=newsletter");
            return Ok(Redirect::to(&to).into_response());
        }
        let words = format!("There is a newsletter “{slug}” already: choose another short name");
        errors.push(fault("slug", words));
    }
    let values = json!({
        "slug": slug.map_or(fields.one("slug").to_owned(), |slug| slug.to_string()),
        "name": fields.one("name"), "description": fields.one("description"),
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
    errors: Vec<Value>,
    word: Option<&str>,
) -> Result<Value, Error> {
    let mut tx = app.db.read().await?;
    let all = newsletters::list(&mut tx).await?;
    let newsletter = all.into_iter().find(|known| known.slug == *slug).ok_or(Error::NotFound)?;
    let Newsletter { name, description, .. } = newsletter;
    let purpose = Purpose::newsletter(slug);
    let counts = count(&consents::count_states(&mut tx).await?, &purpose);
    let offers = Offers::find(&mut tx).await?;
    let controller = &app.site.controller;
    let words =
        controller.is_complete().then(|| newsletter_words(&controller.name, &name, &description));
    let (typed_name, typed_description) = typed
        .map_or((name.as_str(), description.as_str()), |fields| {
            (fields.one("name"), fields.one("description"))
        });
    Ok(json!({
        "newsletter": {"slug": slug, "name": name, "path": format!("/console/newsletters/{slug}")},
        "values": {"slug": slug, "name": typed_name, "description": typed_description},
        "seen": {"name": name, "description": description},
        "counts": counts,
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
    match edit_newsletter(&mut tx, &app.moment(), &desk.actor(), &slug, new).await? {
        Reworded::Unknown => Err(Error::NotFound),
        Reworded::Done => {
            tx.commit().await?;
            app.catalog.refresh().await;
            let to = format!("/console/newsletters/{slug}/edit?word=saved");
            Ok(Redirect::to(&to).into_response())
        }
        Reworded::Overtaken => {
            drop(tx);
            let page = page(&app, &slug, Some(&fields), vec![overtaken()], None).await?;
            answer(&app, Some(&desk), PAGE, page, StatusCode::CONFLICT)
        }
    }
}

/// What a page says whose words somebody else changed meanwhile; it shows theirs beside the form.
fn overtaken() -> Value {
    fault(
        "name",
        "Somebody else changed this while you did: look at what \
           stands there now, then save again to put yours in its place",
    )
}

async fn offer(
    State(app): State<Arc<App>>,
    desk: Desk,
    Path(slug_text): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let slug = key(&slug_text)?;
    let purpose = Purpose::newsletter(&slug);
    if !store::purposes::exists(&mut app.db.read().await?, &purpose).await? {
        return Err(Error::NotFound);
    }
    let (shown, ticked) = ticked(&fields);
    let (at, actor) = (app.moment(), desk.actor());
    let mut tx = app.db.write().await?;
    offer_on_reports(&mut tx, &at, &actor, &purpose, (&shown, &ticked)).await?;
    tx.commit().await?;
    app.catalog.refresh().await;
    Ok(Redirect::to(&format!("/console/newsletters/{slug}/edit?word=offered")).into_response())
}
