//! `/console/suppressions/bring`: a pasted list of addresses that another tool knew not to mail.

use std::sync::Arc;

use assent_ledger::digest::sha256;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::brought_suppression::BROUGHT;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::staff::right::Right;
use crate::domain::text::Line;
use crate::flows::contacts::bring_list::{BringError, BringList, begin_list};
use crate::flows::contacts::bring_suppressions::{
    Bringing, BroughtFile, BroughtTally, all_purposes, record_bringing,
};
use crate::store::catalog::purposes;
use crate::templates::page::Page;
use crate::web::address::with_fields;
use crate::web::choice::SelectOption;
use crate::web::console::contacts::suppressions::words::title;
use crate::web::console::desk::{Asked, Form, StaffSession};
use crate::web::console::form::{Faults, fault, needed, once};
use crate::web::console::route::Route;
use crate::web::http::fields::Fields;
use crate::web::{App, Error};

pub(super) const PATH: &str = "/console/suppressions/bring";

/// How many rows are named one by one from which nothing follows.
const NAMED: usize = 100;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get(PATH, Right::Suppress, ask), Route::post(PATH, Right::Suppress, press)]
}

async fn ask(
    State(app): State<Arc<App>>,
    desk: StaffSession,
    Asked(fields): Asked,
) -> Result<Response, Error> {
    answer(&app, &desk, &fields, Told::default(), vec![]).await
}

/// What became of a list.
#[derive(Default)]
struct Told {
    tally: BroughtTally,
    /// Rows from which nothing follows.
    refused: Vec<RefusedRow>,
}

/// The page, with what became of a list and what is wrong with it.
async fn answer(
    app: &App,
    desk: &StaffSession,
    fields: &Fields,
    told: Told,
    errors: Faults,
) -> Result<Response, Error> {
    let named = purposes::list_named(&mut app.db.read().await?).await?;
    let purposes = named.iter();
    let BroughtTally { suppressed, already, refused: all_refused } = told.tally;
    let page = BringSuppressionsPage {
        purposes: purposes
            .map(|(code, name)| SelectOption::new(code.as_str(), code.named(name.as_deref())))
            .collect(),
        reasons: reasons(),
        rows: fields.text("rows"),
        reason: fields.one("reason"),
        purpose: fields.one("purpose"),
        source: fields.one("source"),
        suppressed,
        already,
        all_refused,
        more: all_refused.saturating_sub(told.refused.len() as u64),
        refused: told.refused,
        errors,
    };
    if page.errors.is_empty() { desk.show(app, &page) } else { desk.refuse(app, &page) }
}

fn reasons() -> Vec<SelectOption<'static>> {
    BROUGHT.iter().map(|reason| SelectOption::new(reason.as_str(), title(*reason))).collect()
}

/// `console/bring_suppressions.html`.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct BringSuppressionsPage<'a> {
    purposes: Vec<SelectOption<'a>>,
    reasons: Vec<SelectOption<'static>>,
    /// What was typed.
    rows: &'a str,
    reason: &'a str,
    purpose: &'a str,
    source: &'a str,
    /// What became of it, with the first rows that were refused, and how many more were.
    suppressed: u64,
    already: u64,
    all_refused: u64,
    refused: Vec<RefusedRow>,
    more: u64,
    errors: Faults,
}

/// A row from which nothing follows, and why.
#[derive(Clone, Debug, Serialize)]
struct RefusedRow {
    line: u64,
    why: String,
}

impl Page for BringSuppressionsPage<'_> {
    const TEMPLATE: &'static str = "console/bring_suppressions.html";

    fn samples() -> Vec<Self> {
        let blank = BringSuppressionsPage {
            purposes: vec![SelectOption::new("newsletter:weekly", "Weekly briefing")],
            reasons: reasons(),
            rows: "",
            reason: "",
            purpose: "",
            source: "",
            suppressed: 0,
            already: 0,
            all_refused: 0,
            refused: vec![],
            more: 0,
            errors: vec![],
        };
        let why = "`email` is not one plain address".to_owned();
        let wrong = |field| fault(field, "this is not understood");
        let refused = BringSuppressionsPage {
            rows: "ada@example.org",
            reason: "bounced",
            purpose: "newsletter:weekly",
            source: "Mailchimp",
            suppressed: 2,
            already: 1,
            all_refused: 3,
            refused: vec![RefusedRow { line: 3, why }],
            more: 2,
            errors: ["rows", "reason", "purpose", "source"].map(wrong).into(),
            ..blank.clone()
        };
        vec![blank, refused]
    }
}

/// What is asked for, once it was understood.
struct Wish {
    source: Line,
    reason: Option<SuppressionReason>,
    purposes: Vec<Purpose>,
}

async fn read(app: &App, fields: &Fields) -> Result<Result<Wish, Faults>, Error> {
    let mut faults = Faults::new();
    once(fields, &["rows", "reason", "purpose"], &mut faults);
    if fields.text("rows").trim().is_empty() {
        faults.push(fault("rows", "Paste the addresses, one a line, or a table with its header"));
    }
    let reason = fields.one("reason").parse::<SuppressionReason>().ok();
    let reason = reason.filter(|reason| BROUGHT.contains(reason));
    if reason.is_none() && !fields.one("reason").is_empty() {
        faults.push(fault("reason", "Choose one of these reasons"));
    }
    let purposes = match fields.one("purpose") {
        "" => all_purposes(&app.db).await?,
        code => {
            let named = purposes::list_named(&mut app.db.read().await?).await?;
            let codes = named.into_iter().map(|(known, _)| known);
            codes.filter(|known| known.as_str() == code).collect()
        }
    };
    if purposes.is_empty() && !fields.one("purpose").is_empty() {
        faults.push(fault("purpose", "Choose one of these purposes"));
    }
    let source = needed(fields, "source", "Say where the list comes from", &mut faults);
    if fields.one("source").contains(['@', '\u{ff20}', '\u{fe6b}']) {
        let words = "Say where the list comes from without an address: these words stay for good";
        faults.push(fault("source", words));
    }
    let source = source.filter(|_| faults.is_empty());
    Ok(source.map(|source| Wish { source, reason, purposes }).ok_or(faults))
}

async fn press(
    State(app): State<Arc<App>>,
    desk: StaffSession,
    Form(fields): Form,
) -> Result<Response, Error> {
    let wish = match read(&app, &fields).await? {
        Ok(wish) => wish,
        Err(faults) => return answer(&app, &desk, &fields, Told::default(), faults).await,
    };
    let text = fields.text("rows").as_bytes();
    let (mut table, columns) = match begin_list(text, wish.reason.is_some()) {
        Ok(begun) => begun,
        Err(error) => {
            let faults = vec![fault("rows", error)];
            return answer(&app, &desk, &fields, Told::default(), faults).await;
        }
    };
    let bringing = Bringing { source: &wish.source, purposes: &wish.purposes };
    let (db, terms) = (&app.db, &app.terms);
    let list = BringList { db, terms, bringing, reason: wish.reason, dry_run: false };
    let mut told = Told::default();
    let Told { tally, refused } = &mut told;
    let name = |line, why| {
        if refused.len() < NAMED {
            refused.push(RefusedRow { line, why });
        }
        Ok(())
    };
    list.bring((&mut table, &columns), || app.moment(), name, tally).await?;
    if told.tally.rows() == 0 {
        let faults = vec![fault("rows", "There is no address below the header")];
        return answer(&app, &desk, &fields, told, faults).await;
    }
    let act = desk.act(app.moment());
    let done = BroughtFile { sha256: &sha256(text), tally: told.tally };
    app.db.run(|tx| Box::pin(record_bringing(tx, &act, &bringing, done))).await?;
    if told.tally.refused > 0 {
        let faults = vec![fault("rows", "Some rows were not understood: they are named below")];
        return answer(&app, &desk, &fields, told, faults).await;
    }
    let BroughtTally { suppressed, already, .. } = told.tally;
    let counts = [("suppressed", suppressed.to_string()), ("already", already.to_string())];
    let mut asked = vec![("word", "brought")];
    asked.extend(counts.iter().map(|(name, count)| (*name, count.as_str())));
    Ok(Redirect::to(&with_fields("/console/suppressions", &asked)).into_response())
}

impl From<BringError> for Error {
    fn from(error: BringError) -> Self {
        match error {
            BringError::Flow(error) => error.into(),
            // A pasted text is read from memory.
            BringError::Read(_) => Self::Internal,
        }
    }
}
