//! `/console/subscribers/{id}/erase`: everything held of one person goes (GDPR Art. 17).

use axum::extract::Path;
use axum::response::Response;
use serde::Serialize;

use crate::domain::contacts::email_address::EmailAddress;
use crate::domain::signup::submitted_form::Method;
use crate::domain::staff::right::Right;
use crate::flows::contacts::erase::{Erasing, erase_subscriber};
use crate::store::contacts::subject_access;
use crate::templates::page::Page;
use crate::web::console::contacts::subscribers::person::find;
use crate::web::console::form::{fault, is_sure};
use crate::web::console::request_fields::Form;
use crate::web::console::route::Route;
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::FieldError;
use crate::web::{App, Error};

/// How it is named in evidence.
const SOURCE: &str = "console";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/console/subscribers/{id}/erase", Right::Erase, ask),
        Route::post("/console/subscribers/{id}/erase", Right::Erase, press),
    ]
}

async fn ask(session: StaffSession, Path(id): Path<String>) -> Result<Response, Error> {
    session.show(&page(&session.app, &id, vec![]).await?)
}

/// What goes, in numbers.
async fn page(app: &App, id: &str, errors: Vec<FieldError>) -> Result<ErasePage, Error> {
    let mut tx = app.db.read().await?;
    let person = find(&mut tx, id).await?;
    let bodies = subject_access::list_events(&mut tx, &person).await?;
    let counts = HeldCounts {
        events: bodies.iter().filter(|event| event.body.is_some()).count(),
        forms: subject_access::list_signups(&mut tx, &person.address_key).await?.len(),
        mails: subject_access::list_mails(&mut tx, &person).await?.len(),
        downloads: subject_access::list_starts(&mut tx, person.subscriber_id).await?.len(),
    };
    let path = format!("/console/subscribers/{}", person.subscriber_id);
    Ok(ErasePage { person: NamedPerson { path, email: person.email }, counts, errors })
}

async fn press(
    session: StaffSession,
    Path(id): Path<String>,
    Form(fields): Form,
) -> Result<Response, Error> {
    let app = &session.app;
    if !is_sure(&fields) {
        let error = fault("sure", "Tick the box to say that all of it is to be deleted");
        return session.refuse(&page(app, &id, vec![error]).await?);
    }
    let (at, actor) = (app.moment(), session.actor());
    let how = Erasing { at: &at, method: Method::Staff, source: SOURCE, actor: Some(&actor) };
    let erased = app.db.run(|tx| {
        Box::pin(async {
            let subscriber_id = find(tx, &id).await?.subscriber_id;
            Ok::<_, Error>(erase_subscriber(tx, &app.settings, subscriber_id, how).await?)
        })
    });
    erased.await?;
    session.show(&ErasedPage {})
}

/// `console/erase.html`.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct ErasePage {
    person: NamedPerson,
    counts: HeldCounts,
    errors: Vec<FieldError>,
}

/// Who it is about.
#[derive(Clone, Debug, Serialize)]
struct NamedPerson {
    path: String,
    email: EmailAddress,
}

/// How much is held of them.
#[derive(Clone, Copy, Debug, Serialize)]
struct HeldCounts {
    events: usize,
    forms: usize,
    mails: usize,
    downloads: usize,
}

impl Page for ErasePage {
    const TEMPLATE: &'static str = "console/erase.html";

    fn samples() -> Vec<Self> {
        let path = "/console/subscribers/ID".to_owned();
        let asked = Self {
            person: NamedPerson { path, email: EmailAddress::sample() },
            counts: HeldCounts { events: 3, forms: 1, mails: 2, downloads: 1 },
            errors: vec![],
        };
        let errors = vec![fault("sure", "Tick the box to say that all of it is to be deleted")];
        vec![Self { errors, ..asked.clone() }, asked]
    }
}

/// `console/erased.html`.
#[derive(Clone, Copy, Debug, Serialize)]
pub(in crate::web::console) struct ErasedPage {}

impl Page for ErasedPage {
    const TEMPLATE: &'static str = "console/erased.html";

    fn samples() -> Vec<Self> {
        vec![Self {}]
    }
}
