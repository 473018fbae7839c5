//! The bot check of a form that is handed in: work that its browser did, or, for pages that a browser without script may
//! show, a lower limit for its network.

use std::net::IpAddr;

use super::form_context::FormContext;
use crate::domain::signup::bot_check::WrongCheck;
use crate::domain::signup::submitted_form::form_name;
use crate::flows::signup::spend_check::spend_check;
use crate::web::http::fields::InvalidField;
use crate::web::{App, Error};

/// The field in which the work is sent.
pub(in crate::web) const FIELD: &str = "altcha";

/// Who sends a form without having worked for it.
#[derive(Clone, Copy)]
pub(in crate::web) enum Without {
    /// A browser that may have no script: it may send fewer forms, counted by its network.
    Script(IpAddr),
    /// A program, which can always do the work.
    Reason,
}

/// Lets a form pass that asks for no check, or comes with work that was done for it, which is used up by this. So it is
/// looked at last, of forms that can be taken.
///
/// # Errors
/// When its network has to wait, or the database does not take it.
pub(in crate::web) async fn pass(
    app: &App,
    context: &FormContext<'_>,
    (work, without): (&str, Without),
) -> Result<Result<(), InvalidField>, Error> {
    if !context.asks_check() {
        return Ok(Ok(()));
    }
    if work.is_empty() {
        return match without {
            Without::Script(ip) => app.network_limits.unchecked_signups.check(ip).map(Ok),
            Without::Reason => Ok(Err(fault(
                "required",
                "Work on a challenge of this form first, and send the result",
            ))),
        };
    }
    let at = app.moment();
    let form = form_name(context.report.map(|report| &report.slug));
    let solved = match app.links.secrets.check_keys().look(&form, at.now, work) {
        Ok(solved) => solved,
        Err(WrongCheck::Wrong) => {
            return Ok(Err(fault(
                "wrong",
                "Your browser did not do the small task that keeps programs away: send the form again",
            )));
        }
        Err(WrongCheck::Expired) => {
            return Ok(Err(fault("expired", "This took too long: send the form again")));
        }
    };
    let is_first = app.db.run(|tx| Box::pin(spend_check(tx, &at, &solved))).await?;
    if is_first {
        return Ok(Ok(()));
    }
    Ok(Err(fault("spent", "The small task of this form was used up: send the form again")))
}

fn fault(code: &'static str, words: &'static str) -> InvalidField {
    InvalidField::new(FIELD, code, words)
}
