//! `/console/suppressions/bring`: a pasted list of addresses that another tool knew not to mail.

use assent_ledger::digest::sha256;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

use crate::domain::catalog::purpose::Purpose;
use crate::domain::contacts::imported_suppression::BROUGHT;
use crate::domain::contacts::suppression::SuppressionReason;
use crate::domain::staff::right::Right;
use crate::domain::text::Line;
use crate::flows::contacts::import_list::{ListImport, ListImportError, begin_list};
use crate::flows::contacts::import_suppressions::{
    ImportedList, ListTally, SuppressionImport, all_purposes, record_list_import,
};
use crate::random::Moments;
use crate::store::catalog::purposes;
use crate::templates::page::Page;
use crate::web::address::with_fields;
use crate::web::choice::SelectOption;
use crate::web::console::contacts::suppressions::labels::title;
use crate::web::console::form::{Faults, fault, needed, once};
use crate::web::console::request_fields::{Asked, Form};
use crate::web::console::route::Route;
use crate::web::console::staff_session::StaffSession;
use crate::web::http::fields::Fields;
use crate::web::{App, Error};

pub(super) const PATH: &str = "/console/suppressions/bring";

/// How many rows are named one by one from which nothing follows.
const NAMED: usize = 100;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get(PATH, Right::Suppress, ask), Route::post(PATH, Right::Suppress, press)]
}

async fn ask(session: StaffSession, Asked(fields): Asked) -> Result<Response, Error> {
    answer(&session, &fields, Told::default(), vec![]).await
}

/// What became of a list.
#[derive(Default)]
struct Told {
    tally: ListTally,
    /// Rows from which nothing follows.
    refused: Vec<RefusedRow>,
}

/// The page, with what became of a list and what is wrong with it.
async fn answer(
    session: &StaffSession,
    fields: &Fields,
    told: Told,
    errors: Faults,
) -> Result<Response, Error> {
    let named = purposes::list_named(&mut session.app.db.read().await?).await?;
    let purposes = named.iter();
    let ListTally { suppressed, already, refused: all_refused } = told.tally;
    let page = ImportSuppressionsPage {
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
    session.show_with(&page, &page.errors)
}

fn reasons() -> Vec<SelectOption<'static>> {
    BROUGHT.iter().map(|reason| SelectOption::new(reason.as_str(), title(*reason))).collect()
}

/// `console/bring_suppressions.html`.
#[derive(Clone, Debug, Serialize)]
pub(in crate::web::console) struct ImportSuppressionsPage<'a> {
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

impl Page for ImportSuppressionsPage<'_> {
    const TEMPLATE: &'static str = "console/bring_suppressions.html";

    fn samples() -> Vec<Self> {
        let blank = ImportSuppressionsPage {
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
        let refused = ImportSuppressionsPage {
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

async fn press(session: StaffSession, Form(fields): Form) -> Result<Response, Error> {
    let app = &session.app;
    let wish = match read(app, &fields).await? {
        Ok(wish) => wish,
        Err(faults) => return answer(&session, &fields, Told::default(), faults).await,
    };
    let text = fields.text("rows").as_bytes();
    let (mut table, columns) = match begin_list(text, wish.reason.is_some()) {
        Ok(begun) => begun,
        Err(error) => {
            let faults = vec![fault("rows", error)];
            return answer(&session, &fields, Told::default(), faults).await;
        }
    };
    let import = SuppressionImport { source: &wish.source, purposes: &wish.purposes };
    let list = ListImport {
        db: &app.db,
        settings: &app.settings,
        moments: Moments::new(&app.clock, &app.random),
        import,
        reason: wish.reason,
        dry_run: false,
    };
    let mut told = Told::default();
    let Told { tally, refused } = &mut told;
    let name = |line, why| {
        if refused.len() < NAMED {
            refused.push(RefusedRow { line, why });
        }
        Ok(())
    };
    list.run((&mut table, &columns), name, tally).await?;
    if told.tally.rows() == 0 {
        let faults = vec![fault("rows", "There is no address below the header")];
        return answer(&session, &fields, told, faults).await;
    }
    let act = session.act();
    let done = ImportedList { sha256: &sha256(text), tally: told.tally };
    app.db.run(|tx| Box::pin(record_list_import(tx, &act, &import, done))).await?;
    if told.tally.refused > 0 {
        let faults = vec![fault("rows", "Some rows were not understood: they are named below")];
        return answer(&session, &fields, told, faults).await;
    }
    let ListTally { suppressed, already, .. } = told.tally;
    let counts = [("suppressed", suppressed.to_string()), ("already", already.to_string())];
    let mut asked = vec![("word", "brought")];
    asked.extend(counts.iter().map(|(name, count)| (*name, count.as_str())));
    Ok(Redirect::to(&with_fields("/console/suppressions", &asked)).into_response())
}

impl From<ListImportError> for Error {
    fn from(error: ListImportError) -> Self {
        match error {
            ListImportError::Flow(error) => error.into(),
            // A pasted text is read from memory.
            ListImportError::Read(_) => Self::Internal,
        }
    }
}
