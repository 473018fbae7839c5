//! `/console/newsletters/purposes`: purposes of the operator's own, in the operator's words.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::domain::catalog::notice::{OwnWords, OwnWordsError};
use crate::domain::catalog::purpose::Purpose;
use crate::domain::staff::right::Right;
use crate::domain::timestamp::Timestamp;
use crate::flows::catalog::add_purpose::{NewPurpose, add_purpose};
use crate::flows::catalog::edit_purpose::{PurposeWords, reword_purpose};
use crate::flows::catalog::purpose_error::PurposeError;
use crate::store::Tx;
use crate::store::catalog::purposes;
use crate::store::catalog::purposes::OwnPurpose;
use crate::templates::page::Page;
use crate::web::console::catalog::newsletters::offering::{
    self, Count, Offers, ReportBox, back, count, overtaken, saved, word,
};
use crate::web::console::form::{Faults, fault, needed, once, short_name};
use crate::web::console::request_fields::{Asked, Form};
use crate::web::console::route::Route;
use crate::web::console::staff_session::StaffSession;
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

/// Where a purpose's pages are.
pub(super) fn path(code: &str) -> String {
    format!("/console/newsletters/purposes/{code}")
}

async fn ask(session: StaffSession) -> Result<Response, Error> {
    session.show(&PurposePage::blank(&Fields::default(), vec![]))
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

async fn add(session: StaffSession, Form(fields): Form) -> Result<Response, Error> {
    let mut errors = Faults::new();
    let name = needed(&fields, "name", "Enter its name", &mut errors);
    let words = words(&fields, &mut errors);
    let code = short_name(&fields, "code", fields.one("name").trim(), &mut errors);
    let code = code.and_then(|slug| slug.as_str().parse::<Purpose>().ok());
    let (Some(name), Some(words), Some(code), true) = (name, words, code, errors.is_empty()) else {
        return session.refuse(&PurposePage::blank(&fields, errors));
    };
    let act = session.act();
    let new = NewPurpose { code: code.clone(), name, words };
    match session.app.db.run(|tx| Box::pin(add_purpose(tx, &act, &new, &[]))).await {
        Ok(()) => Ok(back(&path(code.as_str()), "purpose")),
        Err(PurposeError::Flow(error)) => Err(error.into()),
        Err(_) => {
            let message = format!("“{code}” is taken: choose another short name");
            let errors = vec![fault("code", message)];
            session.refuse(&PurposePage::blank(&fields, errors))
        }
    }
}

async fn find(tx: &mut Tx, code: &str) -> Result<OwnPurpose, Error> {
    let code = code.parse().map_err(|_| Error::NotFound)?;
    purposes::find(tx, &code).await?.ok_or(Error::NotFound)
}

async fn show(
    session: StaffSession,
    Path(code): Path<String>,
    Asked(asked): Asked,
) -> Result<Response, Error> {
    let page = PurposePage::find(&session.app, &code).await?;
    session.show(&PurposePage { word: word(&asked), ..page })
}

async fn edit(
    session: StaffSession,
    Path(code): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let app = &session.app;
    let mut errors = Faults::new();
    let name = needed(&fields, "name", "Enter its name", &mut errors);
    let words = words(&fields, &mut errors);
    let (Some(name), Some(words), true) = (name, words, errors.is_empty()) else {
        let page = PurposePage::find(app, &code).await?.again(&fields, errors);
        return session.refuse(&page);
    };
    let own = find(&mut app.db.read().await?, &code).await?;
    let seen = OwnPurpose {
        code: own.code.clone(),
        name: fields.one("seen_name").to_owned(),
        words: fields.one("seen_words").to_owned(),
    };
    let act = session.act();
    let new = PurposeWords { name: &name, words: &words };
    let reworded = app.db.run(|tx| Box::pin(reword_purpose(tx, &act, &seen, new))).await?;
    if let Some(saved) = saved(&path(own.code.as_str()), reworded)? {
        return Ok(saved);
    }
    let page = PurposePage::find(app, &code).await?.again(&fields, vec![overtaken()]);
    session.answer(&page, StatusCode::CONFLICT)
}

async fn offer(
    session: StaffSession,
    Path(code): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let own = find(&mut session.app.db.read().await?, &code).await?;
    offering::offer(&session, &own.code, (&path(own.code.as_str()), &fields)).await
}

/// `console/purpose.html`.
#[derive(Serialize)]
pub(in crate::web::console) struct PurposePage {
    /// None while it is not added yet.
    purpose: Option<Known>,
    values: Values,
    seen: Option<Seen>,
    counts: Option<Count>,
    counted_at: Option<Timestamp>,
    reports: Vec<ReportBox>,
    errors: Faults,
    word: Option<&'static str>,
}

/// A purpose as it is.
#[derive(Serialize)]
struct Known {
    code: String,
    name: String,
    path: String,
}

/// What the fields hold.
#[derive(Serialize)]
struct Values {
    code: String,
    name: String,
    words: String,
}

/// What it was when the form was shown.
#[derive(Serialize)]
struct Seen {
    name: String,
    words: String,
}

impl PurposePage {
    /// The page while there is no such purpose yet.
    fn blank(typed: &Fields, errors: Faults) -> Self {
        Self {
            purpose: None,
            values: Values::typed(typed.one("code").to_owned(), typed),
            seen: None,
            counts: None,
            counted_at: None,
            reports: vec![],
            errors,
            word: None,
        }
    }

    /// The page of a purpose.
    async fn find(app: &App, code: &str) -> Result<Self, Error> {
        let mut tx = app.db.read().await?;
        let own = find(&mut tx, code).await?;
        let offers = Offers::find(&mut tx).await?;
        drop(tx);
        let counted = app.figures.purposes.get(()).await;
        Ok(Self {
            counts: Some(count(counted.as_deref(), &own.code)),
            counted_at: counted.map(|counted| counted.at),
            reports: offers.boxes(&own.code),
            ..Self::uncounted(own.code.as_str(), own.name, own.words)
        })
    }

    /// The page of a purpose while nobody is counted.
    fn uncounted(code: &str, name: String, words: String) -> Self {
        let code = code.to_owned();
        Self {
            values: Values { code: code.clone(), name: name.clone(), words: words.clone() },
            purpose: Some(Known { path: path(&code), code, name: name.clone() }),
            seen: Some(Seen { name, words }),
            counts: Some(Count::default()),
            ..Self::blank(&Fields::default(), vec![])
        }
    }

    /// The page again, with what was typed and what is wrong with it.
    fn again(self, typed: &Fields, errors: Faults) -> Self {
        Self { values: Values::typed(self.values.code, typed), errors, ..self }
    }
}

impl Values {
    fn typed(code: String, typed: &Fields) -> Self {
        Self { code, name: typed.one("name").to_owned(), words: typed.one("words").to_owned() }
    }
}

impl Page for PurposePage {
    const TEMPLATE: &'static str = "console/purpose.html";

    fn samples() -> Vec<Self> {
        let own = || {
            let words = "Partners may email me. I can withdraw at any time.".to_owned();
            Self::uncounted("partner-offers", "Offers of partners".to_owned(), words)
        };
        let whole = Self {
            counts: Some(Count::sample(4118)),
            counted_at: Some(Timestamp::SAMPLE),
            reports: ReportBox::samples(),
            word: Some("The changes are saved."),
            ..own()
        };
        let refused = Self { counts: Some(Count::sample(1)), ..own() };
        let errors = vec![fault("words", "Write the words beside the box")];
        let refused = refused.again(&Fields::default(), errors);
        vec![Self::blank(&Fields::default(), vec![]), whole, refused, own()]
    }
}
